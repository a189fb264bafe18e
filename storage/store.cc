#include "storage/store.h"

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "storage/store_errors.h"
#include "storage/store_state.h"

namespace tracevec {

class PinnedValue::Impl {
 public:
  std::shared_ptr<rocksdb::Cache> cache;  // Before `value`: it outlives what it holds.
  rocksdb::PinnableSlice value;
  const std::uint64_t fork_generation = ForkGeneration();
};

PinnedValue::PinnedValue(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PinnedValue::~PinnedValue() {
  // In a forked child the cache's locks may be held by threads that are not there: leaked.
  if (impl_ != nullptr && impl_->fork_generation != ForkGeneration()) {
    static_cast<void>(impl_.release());
  }
}
PinnedValue::PinnedValue(PinnedValue&&) noexcept = default;
PinnedValue& PinnedValue::operator=(PinnedValue&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}
std::string_view PinnedValue::view() const { return impl_->value.ToStringView(); }

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Store::~Store() {
  if (impl_ == nullptr) return;
  // A forked child leaks what it inherited: it belongs to the parent.
  if (impl_->state->fork_generation != ForkGeneration()) {
    static_cast<void>(impl_.release());
    return;
  }
  Close().IgnoreError("whoever cares closes first; what was acknowledged is safe either way");
}

Status Store::Write(StoreBatch& batch, bool sync) {
  return WithoutExceptions([&]() -> Status {
    StoreState& state = *impl_->state;
    TRACEVEC_RETURN_IF_ERROR(state.RecoverFromError());
    TRACEVEC_ASSIGN_OR_RETURN(const auto call, state.Enter());
    if (state.read_only) return Status::ReadOnly(state.path + ": opened for reading only");
    TRACEVEC_RETURN_IF_ERROR(batch.impl().status);
    TRACEVEC_RETURN_IF_ERROR(state.CheckSpaceToWrite(batch.size_bytes()));
    rocksdb::WriteOptions options;
    options.sync = sync;
    const rocksdb::Status status = state.db->Write(options, &batch.impl().batch);
    if (!status.ok()) state.errors.hard.store(true, std::memory_order_release);
    return FromRocksdb(status, state.path);
  });
}

Result<std::optional<std::string>> Store::Get(Table table, std::string_view key) const {
  return WithoutExceptions([&]() -> Result<std::optional<std::string>> {
    const StoreState& state = *impl_->state;
    TRACEVEC_ASSIGN_OR_RETURN(const auto call, state.Enter());
    std::string value;
    const rocksdb::Status status = state.db->Get({}, state.table(table), key, &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    TRACEVEC_RETURN_IF_ERROR(FromRocksdb(status, state.path));
    return std::optional<std::string>(std::move(value));
  });
}

Result<std::optional<PinnedValue>> Store::GetPinned(Table table, std::string_view key) const {
  return WithoutExceptions([&]() -> Result<std::optional<PinnedValue>> {
    const StoreState& state = *impl_->state;
    TRACEVEC_ASSIGN_OR_RETURN(const auto call, state.Enter());
    auto pinned = std::make_unique<PinnedValue::Impl>();
    pinned->cache = state.block_cache;
    const rocksdb::Status status = state.db->Get({}, state.table(table), key, &pinned->value);
    if (status.IsNotFound()) return std::optional<PinnedValue>();
    TRACEVEC_RETURN_IF_ERROR(FromRocksdb(status, state.path));
    return std::optional<PinnedValue>(PinnedValue(std::move(pinned)));
  });
}

Result<std::vector<std::optional<std::string>>> Store::MultiGet(
    Table table, const std::vector<std::string>& keys) const {
  using Values = std::vector<std::optional<std::string>>;
  return WithoutExceptions([&]() -> Result<Values> {
    const StoreState& state = *impl_->state;
    TRACEVEC_ASSIGN_OR_RETURN(const auto call, state.Enter());
    const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
    std::vector<rocksdb::PinnableSlice> found(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    state.db->MultiGet({}, state.table(table), keys.size(), slices.data(), found.data(),
                       statuses.data());
    Values values(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].IsNotFound()) continue;
      TRACEVEC_RETURN_IF_ERROR(FromRocksdb(statuses[i], state.path));
      values[i] = found[i].ToString();
    }
    return values;
  });
}

Status Store::Sync() {
  return WithoutExceptions([&]() -> Status {
    StoreState& state = *impl_->state;
    TRACEVEC_RETURN_IF_ERROR(state.RecoverFromError());
    TRACEVEC_ASSIGN_OR_RETURN(const auto call, state.Enter());
    if (state.read_only) return Status::ReadOnly(state.path + ": opened for reading only");
    const rocksdb::Status status = state.db->SyncWAL();
    if (!status.ok()) state.errors.hard.store(true, std::memory_order_release);
    return FromRocksdb(status, state.path);
  });
}

Status Store::Compact() {
  return WithoutExceptions([&]() -> Status {
    StoreState& state = *impl_->state;
    TRACEVEC_RETURN_IF_ERROR(state.RecoverFromError());
    TRACEVEC_ASSIGN_OR_RETURN(const auto call, state.Enter());
    if (state.read_only) return Status::ReadOnly(state.path + ": opened for reading only");
    for (rocksdb::ColumnFamilyHandle* handle : state.handles) {
      TRACEVEC_RETURN_IF_ERROR(
          FromRocksdb(state.db->CompactRange({}, handle, nullptr, nullptr), state.path));
    }
    return Status::Ok();
  });
}

Status Store::Close() {
  return WithoutExceptions([&] { return impl_->state->Close(); });
}

ImageFiles& Store::image_files() const { return *impl_->state->image_files; }
Status Store::CheckUsable() const { return impl_->state->CheckUsable(); }
bool Store::read_only() const { return impl_->state->read_only; }
bool Store::was_created() const { return impl_->state->was_created; }
bool Store::recovered_unclean() const { return impl_->state->recovered_unclean; }

std::uint64_t Store::disk_bytes() const {
  const Result<std::uint64_t> bytes = WithoutExceptions([&]() -> Result<std::uint64_t> {
    const StoreState& state = *impl_->state;
    TRACEVEC_ASSIGN_OR_RETURN(const auto call, state.Enter());
    std::vector<rocksdb::FileAttributes> files;
    TRACEVEC_RETURN_IF_ERROR(FromRocksdb(
        state.file_system->GetChildrenFileAttributes(state.db->GetName(), {}, &files, nullptr),
        state.path));
    std::uint64_t total = state.image_files->disk_bytes();
    for (const rocksdb::FileAttributes& file : files) total += file.size_bytes;
    return total;
  });
  return bytes.ok() ? *bytes : 0;
}

}  // namespace tracevec
