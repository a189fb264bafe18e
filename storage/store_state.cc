#include "storage/store_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/return_if_error.h"
#include "storage/records.h"
#include "storage/store_errors.h"

namespace tracevec {

std::optional<std::string> PrefixSuccessor(std::string_view prefix) {
  std::string successor(prefix);
  while (!successor.empty() && successor.back() == '\xff') successor.pop_back();
  if (successor.empty()) return std::nullopt;
  ++successor.back();
  return successor;
}

StoreState::~StoreState() {
  WithoutExceptions([&] { return Close(); }).IgnoreError("Store's destructor has closed it");
}

Status StoreState::CheckUsable() const {
  if (fork_generation != ForkGeneration()) {
    return Status::Unavailable(fmt::format(
        "{}: opened in process {}; a forked child must open it itself", path, opened_by));
  }
  if (closed.load(std::memory_order_acquire)) {
    return Status::Closed(fmt::format("{}: the database was closed", path));
  }
  return Status::Ok();
}

Result<std::shared_lock<std::shared_mutex>> StoreState::Enter() const {
  TRACEVEC_RETURN_IF_ERROR(CheckUsable());
  std::shared_lock lock(gate);
  TRACEVEC_RETURN_IF_ERROR(CheckUsable());
  if (db == nullptr) return reopen_failure;
  return lock;
}

Status StoreState::Close() {
  if (fork_generation != ForkGeneration()) return CheckUsable();
  closed.store(true, std::memory_order_release);
  std::unique_lock lock(gate, std::defer_lock);
  while (true) {
    std::unique_lock cursors_lock(cursors_mutex);
    cursor_destroyed.wait(cursors_lock, [this] { return !OtherThreadsHaveCursors(); });
    cursors_lock.unlock();
    lock.lock();
    // A call that got in before `closed` was set may have made another one.
    cursors_lock.lock();
    if (!OtherThreadsHaveCursors()) break;
    lock.unlock();
  }
  return CloseUnderGate();
}

bool StoreState::OtherThreadsHaveCursors() const {
  return std::any_of(cursors.begin(), cursors.end(),
                     [](const StoreCursor::Impl* cursor) { return !cursor->of_this_thread(); });
}

Status StoreState::CloseUnderGate() {
  {
    const std::lock_guard lock(cursors_mutex);
    for (StoreCursor::Impl* cursor : cursors) cursor->DropIterator();
    cursors.clear();
  }
  Status status = std::exchange(reopen_failure, Status::Ok());
  if (status.ok() && db != nullptr && opened && !read_only) status = ShutDownCleanly();
  const Status closing = Abandon();
  lease.reset();
  return status.ok() ? closing : status;
}

Status StoreState::Abandon() {
  if (db == nullptr) return Status::Ok();
  for (rocksdb::ColumnFamilyHandle*& handle : handles) {
    if (handle != nullptr) db->DestroyColumnFamilyHandle(handle);
    handle = nullptr;
  }
  Status closing = FromRocksdb(db->Close(), path);
  db.reset();
  return closing;
}

Status StoreState::ShutDownCleanly() {
  // After an error RocksDB refuses the mark: then the next open replays the log.
  rocksdb::WriteOptions synced;
  synced.sync = true;
  // The synced mark makes all writes before it durable, so it is true from that moment; the flush
  // after it spares the next open the replay of the log, mark included.
  TRACEVEC_RETURN_IF_ERROR(FromRocksdb(
      db->Put(synced, table(Table::kRecords), keys::CleanShutdown(), EncodeCleanShutdown(true)),
      path));
  return FromRocksdb(db->Flush({}, {handles.begin(), handles.end()}), path);
}

}  // namespace tracevec
