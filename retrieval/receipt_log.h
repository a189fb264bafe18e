#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/ids.h"
#include "storage/keys.h"
#include "tracevec/kept_receipt.h"
#include "tracevec/status.h"

namespace tracevec {

class Engine;

/// The key of a kept receipt. Errors: InvalidArgument when it is no receipt's id.
Result<keys::ReceiptKey> ParseReceiptId(std::string_view id);
std::string ReceiptIdOf(const keys::ReceiptKey& key);

/// Keeps receipts: a search hands one over and goes on, a thread of the database writes those that
/// came together in one batch, without the writer's lock, and removes the oldest beyond the limits
/// of the policy. Written with the store's log, not synced: what a kill -9 loses are receipts of
/// the last kWriteEvery; a power loss takes what the log had not synced too. Where the store
/// refuses a batch, its receipts are dropped and counted. Safe for concurrent use.
///
/// Lock order: write_mutex_, Engine::writer_mutex(), mutex_.
class ReceiptLog {
 public:
  explicit ReceiptLog(Engine& engine);
  ~ReceiptLog();  ///< In a forked child, where the thread is not, nothing is joined.
  ReceiptLog(const ReceiptLog&) = delete;
  ReceiptLog& operator=(const ReceiptLog&) = delete;

  /// Reads the policy. Call it once, before the others.
  Status Open();
  ReceiptPolicy policy() const;
  /// Stores it, and removes what is beyond its limits. REQUIRES: Engine::writer_mutex() not held.
  Status SetPolicy(const ReceiptPolicy& policy);

  /// Why the receipt of a search with this level is kept, or "". Takes no lock.
  std::string_view WhyKept(ReceiptLevel level, const Receipt& receipt);
  bool redacts() const { return redacts_.load(std::memory_order_relaxed); }
  /// Takes a receipt over. Costs its encoding.
  void Add(const KeptReceipt& receipt);
  /// Brings what was added before into the store. REQUIRES: Engine::writer_mutex() not held.
  Status Write();
  /// Receipts of the collection that were made at an older commit lose their content when they are
  /// added: a search may end while what it found is being erased.
  void RedactBefore(const std::string& collection, CommitNumber commit);
  /// What a change of a stored record adds to the size of all.
  void NoteGrowth(std::uint64_t bytes);
  /// Writes what there is and ends the thread. REQUIRES: Engine::writer_mutex() not held.
  void Stop();

  std::uint64_t added() const { return added_.load(std::memory_order_relaxed); }
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    keys::ReceiptKey key;
    std::string record;
  };
  /// Of what is stored.
  struct Totals {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    std::uint64_t oldest_micros = 0;
  };
  struct Thread;

  void UsePolicy(const ReceiptPolicy& policy);
  void Run();
  Status WriteEntries(const std::vector<Entry>& entries);
  Status EnableFeature();
  bool TrimIsDue() const;
  Status Trim();

  Engine& engine_;
  const std::uint64_t fork_generation_;
  std::atomic<std::uint32_t> sample_one_in_{0};
  std::atomic<double> slow_micros_{0};
  std::atomic<bool> redacts_{false};
  std::atomic<std::uint64_t> asked_{0};  // Of searches that may be sampled.
  std::atomic<std::uint64_t> added_{0};
  std::atomic<std::uint64_t> dropped_{0};

  std::mutex write_mutex_;        // One writer of batches at a time.
  std::optional<Totals> totals_;  // Guarded by it; empty: not counted yet.
  std::uint64_t trimmed_micros_ = 0;
  std::atomic<bool> has_feature_{false};

  mutable std::mutex mutex_;  // Guards what follows.
  ReceiptPolicy policy_;
  std::vector<Entry> pending_;
  std::uint64_t pending_bytes_ = 0;
  std::map<std::string, CommitNumber, std::less<>> redact_before_;
  bool stopped_ = false;
  std::unique_ptr<Thread> thread_;
};

}  // namespace tracevec
