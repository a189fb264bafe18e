#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/return_if_error.h"
#include "storage/rocksdb_options.h"
#include "storage/store_directory.h"
#include "storage/store_errors.h"
#include "storage/store_state.h"

namespace tracevec {
namespace {

/// How much is written between two looks at the free space, which cost about a microsecond.
constexpr std::uint64_t kBytesBetweenSpaceChecks = 1 << 20;

}  // namespace

Status StoreState::OpenRocksdb(OpenAs role) {
  rocksdb::DBOptions db_options = MakeDbOptions(options);
  db_options.env = env.get();
  db_options.create_if_missing = role == OpenAs::kCreator;
  db_options.create_missing_column_families = role == OpenAs::kCreator;
  db_options.listeners.push_back(MakeErrorListener(errors));
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, MakeTableOptions(Table::kRecords, options, block_cache)},
      {kVectorsName, MakeTableOptions(Table::kVectors, options, block_cache)}};
  std::vector<rocksdb::ColumnFamilyHandle*> new_handles;
  rocksdb::DB* new_db = nullptr;
  const std::string store = StorePath(path);
  const rocksdb::Status status =
      role == OpenAs::kReader
          ? rocksdb::DB::OpenForReadOnly(db_options, store, families, &new_handles, &new_db)
          : rocksdb::DB::Open(db_options, store, families, &new_handles, &new_db);
  TRACEVEC_RETURN_IF_ERROR(FromRocksdbAtOpen(status, path));
  db.reset(new_db);
  std::copy(new_handles.begin(), new_handles.end(), handles.begin());
  // Batches name column families by number.
  const std::uint32_t vectors = table(Table::kVectors)->GetID();
  if (vectors == static_cast<std::uint32_t>(Table::kVectors)) return Status::Ok();
  return Status::Corruption(
      fmt::format("{}: column family {} has number {}", path, kVectorsName, vectors));
}

Status StoreState::CheckSpace(std::uint64_t bytes) const {
  std::uint64_t buffered = 0;
  if (db != nullptr) db->GetAggregatedIntProperty("rocksdb.cur-size-all-mem-tables", &buffered);
  std::uint64_t available = 0;
  const rocksdb::IOStatus status = file_system->GetFreeSpace(path, {}, &available, nullptr);
  if (!status.ok() || available >= buffered + bytes) return Status::Ok();
  return Status::ResourceExhausted(
      fmt::format("{}: writing takes {} bytes of disk, {} are free; free some disk space, then "
                  "retry",
                  path, buffered + bytes, available));
}

Status StoreState::CheckSpaceToWrite(std::uint64_t bytes) {
  const std::uint64_t unchecked = unchecked_bytes.fetch_add(bytes) + bytes;
  if (unchecked < kBytesBetweenSpaceChecks) return Status::Ok();
  TRACEVEC_RETURN_IF_ERROR(CheckSpace(bytes + kBytesBetweenSpaceChecks));
  unchecked_bytes.store(0);
  return Status::Ok();
}

Status StoreState::RecoverFromError() {
  if (!errors.soft.load(std::memory_order_acquire) &&
      !errors.hard.load(std::memory_order_acquire)) {
    return Status::Ok();
  }
  TRACEVEC_RETURN_IF_ERROR(CheckUsable());
  const std::unique_lock lock(gate);
  TRACEVEC_RETURN_IF_ERROR(CheckUsable());
  if (errors.hard.load()) return ReopenUnderGate();
  // Nothing but a compaction failed: Resume() has nothing to do then and only lets others begin.
  if (!errors.soft.exchange(false)) return Status::Ok();
  return FromRocksdb(db->Resume(), path);
}

Status StoreState::ReopenUnderGate() {
  {
    const std::lock_guard lock(cursors_mutex);
    if (!cursors.empty()) {
      return Status::ResourceExhausted(
          fmt::format("{}: writing stopped after an error and goes on once {} open scans have "
                      "ended; retry",
                      path, cursors.size()));
    }
  }
  TRACEVEC_RETURN_IF_ERROR(CheckSpace(kBytesBetweenSpaceChecks));
  if (reopen_failure.ok()) last_sequence = db->GetLatestSequenceNumber();
  Abandon().IgnoreError("the log has all that was acknowledged");
  errors.hard.store(false);  // Before opening: an error that comes then sets it again.
  reopen_failure = OpenRocksdb(OpenAs::kWriter);
  if (!reopen_failure.ok()) {
    errors.hard.store(true);
    OpenRocksdb(OpenAs::kReader).IgnoreError("then the next write tries again, and reads fail");
    return reopen_failure;
  }
  if (db->GetLatestSequenceNumber() == last_sequence) return Status::Ok();
  // The log holds a write whole whose sync failed. The caller was told that it is not there.
  Abandon().IgnoreError("it was not written to");
  errors.hard.store(true);
  reopen_failure = Status::IOError(
      fmt::format("{}: a write that was reported as failed has reached the disk; close the "
                  "database and open it again",
                  path));
  return reopen_failure;
}

}  // namespace tracevec
