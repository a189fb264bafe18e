#include "retrieval/receipt_log.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/content_hash.h"
#include "core/return_if_error.h"
#include "retrieval/clock.h"
#include "retrieval/engine.h"
#include "retrieval/guard.h"
#include "storage/features.h"
#include "storage/fork_guard.h"
#include "storage/records.h"

namespace tracevec {
namespace {

/// What a kill -9 loses at most. Batches of what 20 ms bring cost no less a receipt.
constexpr std::chrono::milliseconds kWriteEvery{100};
/// A batch of this size is written at once: beyond it a receipt gets no cheaper.
constexpr std::uint64_t kBytesOfBatch = std::uint64_t{1} << 20;
/// Beyond this the thread does not keep up: who adds a receipt writes them.
constexpr std::uint64_t kMostPendingBytes = std::uint64_t{8} << 20;
/// A pass over the stored ones brings them this far below the limits, so that it is rare.
constexpr std::uint64_t kSlackOf = 16;
constexpr std::uint64_t kTrimByAgeEveryMicros = 60'000'000;
constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

std::uint64_t MicrosNow() {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, Now().micros));
}

std::uint64_t LimitOf(std::uint64_t limit) { return limit == 0 ? kNoLimit : limit; }

std::uint64_t OldestAllowed(const ReceiptPolicy& policy) {
  constexpr std::uint64_t kMicros = 1'000'000;
  const std::uint64_t now = MicrosNow();
  if (policy.max_age_seconds == 0 || policy.max_age_seconds > now / kMicros) return 0;
  return now - policy.max_age_seconds * kMicros;
}

/// The first key after all that start with the prefix, which is one byte.
std::string After(std::string prefix) {
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

}  // namespace

struct ReceiptLog::Thread {
  std::condition_variable_any changed;  // Something is pending, or it stops.
  std::jthread thread;
};

Result<keys::ReceiptKey> ParseReceiptId(std::string_view id) {
  keys::ReceiptKey key;
  const auto parse = [&](std::string_view digits, std::uint64_t* value) {
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), *value, 16);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  if (id.size() == 32 && parse(id.substr(0, 16), &key.micros) &&
      parse(id.substr(16), &key.random) && ReceiptIdOf(key) == id) {
    return key;
  }
  return Status::InvalidArgument(
      fmt::format("receipt id '{}': expected 32 lower-case hex digits", id));
}

std::string ReceiptIdOf(const keys::ReceiptKey& key) {
  return ToHex(key.micros) + ToHex(key.random);
}

ReceiptLog::ReceiptLog(Engine& engine)
    : engine_(engine), fork_generation_(ForkGeneration()), thread_(std::make_unique<Thread>()) {}

ReceiptLog::~ReceiptLog() {
  if (fork_generation_ != ForkGeneration()) {
    static_cast<void>(thread_.release());
    return;
  }
  Stop();
}

Status ReceiptLog::Open() {
  TRACEVEC_ASSIGN_OR_RETURN(const auto stored,
                            engine_.store().Get(Table::kRecords, keys::ReceiptPolicy()));
  ReceiptPolicy policy;
  if (stored) {
    TRACEVEC_ASSIGN_OR_RETURN(policy, DecodeReceiptPolicy(*stored));
  }
  UsePolicy(policy);
  return Status::Ok();
}

ReceiptPolicy ReceiptLog::policy() const {
  const std::lock_guard lock(mutex_);
  return policy_;
}

void ReceiptLog::UsePolicy(const ReceiptPolicy& policy) {
  const std::lock_guard lock(mutex_);
  policy_ = policy;
  sample_one_in_.store(policy.sample_one_in);
  slow_micros_.store(policy.slow_ms * 1000);
  redacts_.store(policy.redact);
}

Status ReceiptLog::SetPolicy(const ReceiptPolicy& policy) {
  if (!(policy.slow_ms >= 0 && std::isfinite(policy.slow_ms))) {
    return Status::InvalidArgument(
        fmt::format("slow_ms: {}, expected 0 (none is) or more", policy.slow_ms));
  }
  const std::lock_guard write(write_mutex_);
  TRACEVEC_RETURN_IF_ERROR(EnableFeature());
  StoreBatch batch;
  batch.Put(Table::kRecords, keys::ReceiptPolicy(), EncodeReceiptPolicy(policy));
  TRACEVEC_RETURN_IF_ERROR(engine_.store().Write(batch, /*sync=*/true));
  UsePolicy(policy);
  return Trim();
}

std::string_view ReceiptLog::WhyKept(ReceiptLevel level, const Receipt& receipt) {
  if (level == ReceiptLevel::kOff || engine_.read_only()) return "";
  if (level == ReceiptLevel::kKeep) return "asked";
  const std::uint32_t one_in = sample_one_in_.load(std::memory_order_relaxed);
  if (one_in == 0) return "";
  if (receipt.outcome != "ok") return receipt.outcome;
  const double slow_micros = slow_micros_.load(std::memory_order_relaxed);
  if (slow_micros > 0 && receipt.total_micros >= slow_micros) return "slow";
  return asked_.fetch_add(1, std::memory_order_relaxed) % one_in == 0 ? "sampled" : "";
}

void ReceiptLog::Add(const KeptReceipt& receipt) {
  const Result<keys::ReceiptKey> key = ParseReceiptId(receipt.id);
  if (!key.ok()) return;
  std::string record = EncodeReceipt(receipt);
  std::unique_lock lock(mutex_);
  const auto erased = redact_before_.find(receipt.collection);
  if (erased != redact_before_.end() && receipt.commit < Raw(erased->second)) {
    KeptReceipt redacted = receipt;
    redacted.redacted = true;
    record = EncodeReceipt(redacted);
  }
  if (stopped_) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const bool was_empty = pending_.empty();
  const bool was_less = pending_bytes_ < kBytesOfBatch;
  pending_bytes_ += record.size();
  pending_.push_back({*key, std::move(record)});
  added_.fetch_add(1, std::memory_order_relaxed);
  if (!thread_->thread.joinable()) {
    Guard([&] {
      thread_->thread = std::jthread([this] { Run(); });
      return Status::Ok();
    }).IgnoreError("without a thread, who adds much writes, and so does who reads or closes");
  }
  const bool too_many = pending_bytes_ > kMostPendingBytes;
  const bool due = was_empty || (was_less && pending_bytes_ >= kBytesOfBatch);
  lock.unlock();
  if (due) thread_->changed.notify_one();
  if (too_many) Write().IgnoreError("what is dropped is counted");
}

void ReceiptLog::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    thread_->changed.wait(lock, [&] { return stopped_ || !pending_.empty(); });
    thread_->changed.wait_for(lock, kWriteEvery,
                              [&] { return stopped_ || pending_bytes_ >= kBytesOfBatch; });
    lock.unlock();
    Guard([&] { return Write(); }).IgnoreError("what is dropped is counted");
    lock.lock();
  }
}

Status ReceiptLog::Write() {
  const std::lock_guard write(write_mutex_);
  std::vector<Entry> entries;
  {
    const std::lock_guard lock(mutex_);
    entries.swap(pending_);
    pending_bytes_ = 0;
  }
  if (entries.empty()) return Status::Ok();
  Status written = Guard([&] { return WriteEntries(entries); });
  if (!written.ok()) {
    dropped_.fetch_add(entries.size(), std::memory_order_relaxed);
    return written;
  }
  return TrimIsDue() ? Trim() : Status::Ok();
}

/// REQUIRES: write_mutex_.
Status ReceiptLog::WriteEntries(const std::vector<Entry>& entries) {
  TRACEVEC_RETURN_IF_ERROR(EnableFeature());
  StoreBatch batch;
  std::uint64_t bytes = 0;
  for (const Entry& entry : entries) {
    batch.Put(Table::kRecords, keys::Receipt(entry.key), entry.record);
    bytes += entry.record.size();
  }
  TRACEVEC_RETURN_IF_ERROR(engine_.store().Write(batch, /*sync=*/false));
  if (!totals_) return Status::Ok();
  totals_->count += entries.size();
  totals_->bytes += bytes;
  if (totals_->oldest_micros == 0) totals_->oldest_micros = entries.front().key.micros;
  return Status::Ok();
}

Status ReceiptLog::EnableFeature() {
  if (has_feature_.load()) return Status::Ok();
  const std::lock_guard writer(engine_.writer_mutex());
  TRACEVEC_RETURN_IF_ERROR(engine_.EnableFeature(kReceiptsFeature));
  has_feature_.store(true);
  return Status::Ok();
}

/// REQUIRES: write_mutex_.
bool ReceiptLog::TrimIsDue() const {
  if (!totals_) return true;
  const ReceiptPolicy limits = policy();
  if (totals_->count > LimitOf(limits.max_count)) return true;
  if (totals_->bytes > LimitOf(limits.max_bytes)) return true;
  return totals_->count > 0 && totals_->oldest_micros < OldestAllowed(limits) &&
         MicrosNow() - trimmed_micros_ > kTrimByAgeEveryMicros;
}

/// Counts what is stored, newest first, and removes all from the first one that is beyond a limit.
/// Cost: a pass over the receipts, some 0.3 us each. REQUIRES: write_mutex_.
Status ReceiptLog::Trim() {
  const ReceiptPolicy limits = policy();
  const std::uint64_t oldest = OldestAllowed(limits);
  const bool over = totals_ && (totals_->count > LimitOf(limits.max_count) ||
                                totals_->bytes > LimitOf(limits.max_bytes));
  const auto most = [&](std::uint64_t limit) {
    return over ? LimitOf(limit) - LimitOf(limit) / kSlackOf : LimitOf(limit);
  };
  const std::uint64_t most_count = most(limits.max_count);
  const std::uint64_t most_bytes = most(limits.max_bytes);
  Totals kept;
  std::optional<keys::ReceiptKey> first_gone;
  StoreCursor notes = engine_.store().NewCursor(Table::kRecords, keys::AnnotationsPrefix());
  StoreCursor cursor = engine_.store().NewCursor(Table::kRecords, keys::ReceiptsPrefix());
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const keys::ReceiptKey key, keys::ParseReceipt(cursor.key()));
    std::uint64_t bytes = cursor.value().size();
    for (; notes.Valid() && notes.key().substr(1) <= cursor.key().substr(1); notes.Next()) {
      bytes += notes.value().size();
    }
    if (kept.count >= most_count || kept.bytes + bytes > most_bytes || key.micros < oldest) {
      first_gone = key;
      break;
    }
    ++kept.count;
    kept.bytes += bytes;
    kept.oldest_micros = key.micros;
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  if (first_gone) {
    StoreBatch batch;
    batch.DeleteRange(Table::kRecords, keys::Receipt(*first_gone), After(keys::ReceiptsPrefix()));
    batch.DeleteRange(Table::kRecords, keys::Annotation(*first_gone),
                      After(keys::AnnotationsPrefix()));
    TRACEVEC_RETURN_IF_ERROR(engine_.store().Write(batch, /*sync=*/false));
  }
  totals_ = kept;
  trimmed_micros_ = MicrosNow();
  return Status::Ok();
}

void ReceiptLog::RedactBefore(const std::string& collection, CommitNumber commit) {
  const std::lock_guard lock(mutex_);
  CommitNumber& before = redact_before_[collection];
  before = std::max(before, commit);
}

void ReceiptLog::NoteGrowth(std::uint64_t bytes) {
  const std::lock_guard write(write_mutex_);
  if (totals_) totals_->bytes += bytes;
}

void ReceiptLog::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  thread_->changed.notify_all();
  if (thread_->thread.joinable()) thread_->thread.join();
  if (!engine_.read_only()) Write().IgnoreError("what is dropped is counted");
}

}  // namespace tracevec
