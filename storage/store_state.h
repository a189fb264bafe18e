#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/iterator.h>
#include <rocksdb/write_batch.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <thread>

#include "storage/fork_guard.h"
#include "storage/image_files.h"
#include "storage/rocksdb_options.h"
#include "storage/store.h"
#include "storage/writer_lease.h"

// What the files of the store share. Included by storage/store*.cc only.

namespace tracevec {

inline constexpr std::size_t kTables = 2;
inline constexpr char kVectorsName[] = "vectors";

/// The first key after all keys that start with `prefix`, or nothing when there is none (the prefix
/// is empty or all bytes 0xff).
std::optional<std::string> PrefixSuccessor(std::string_view prefix);

/// An open RocksDB with what it needs to live. Shared by a Store and its cursors, so that a cursor
/// that outlives the Store finds out instead of crashing.
class StoreState {
 public:
  ~StoreState();

  /// Admits one call and holds off Close() until the result is destroyed.
  /// Errors: Closed, Unavailable (in a forked child), RecoverFromError's when it failed.
  Result<std::shared_lock<std::shared_mutex>> Enter() const;
  /// Why calls are refused, or OK. Does not hold off anything.
  Status CheckUsable() const;
  enum class OpenAs : std::uint8_t { kReader, kWriter, kCreator };
  /// Opens RocksDB into `db`.
  Status OpenRocksdb(OpenAs role);
  /// Before a write of so many bytes: that there is space for it and for writing out what is
  /// buffered. A full disk is so refused before RocksDB meets it. REQUIRES: Enter().
  Status CheckSpaceToWrite(std::uint64_t bytes);
  /// After an error RocksDB takes no more writes: opens it again, once there is space. Its own way,
  /// Resume(), waits for ever in about one case of a hundred (7.8), or fails an assertion that
  /// Debian's build has on. REQUIRES: not Enter(). Errors: ResourceExhausted (no space yet, open
  /// scans), those of opening.
  Status RecoverFromError();
  Status Close();
  /// Lets go of RocksDB without marking anything. REQUIRES: no call is in flight.
  Status Abandon();

  rocksdb::ColumnFamilyHandle* table(Table which) const {
    return handles[static_cast<std::size_t>(which)];
  }

  // Constant once open.
  std::string path;
  StoreOptions options;
  bool read_only = false;
  bool was_created = false;
  bool recovered_unclean = false;
  bool opened = false;  ///< Open succeeded: Close marks a clean shutdown.
  const std::uint64_t fork_generation = ForkGeneration();
  const pid_t opened_by = getpid();
  std::optional<WriterLease> lease;
  std::shared_ptr<rocksdb::FileSystem> file_system;
  std::unique_ptr<rocksdb::Env> env;
  std::shared_ptr<rocksdb::Cache> block_cache;
  std::unique_ptr<ImageFiles> image_files;

  /// Calls hold it shared; exclusively it is held while `db` is taken away, by Close once, or
  /// replaced, by RecoverFromError.
  mutable std::shared_mutex gate;
  std::atomic<bool> closed{false};  // Set before Close waits, so that new calls cannot starve it.
  std::unique_ptr<rocksdb::DB> db;
  std::array<rocksdb::ColumnFamilyHandle*, kTables> handles{};
  BackgroundErrors errors;
  Status reopen_failure;            ///< Why `db` is missing or a reader. Guarded by gate.
  std::uint64_t last_sequence = 0;  ///< Of `db` when it was given up. Guarded by gate.
  std::atomic<std::uint64_t> unchecked_bytes{0};  ///< Written since space was last looked at.

  /// Cursors whose iterators must be destroyed before RocksDB goes: the closing thread's own by
  /// Close, those of other threads by their owners, who may be reading a key or a value.
  std::mutex cursors_mutex;
  std::condition_variable cursor_destroyed;
  std::set<StoreCursor::Impl*> cursors;  // Guarded by cursors_mutex.

 private:
  Status CheckSpace(std::uint64_t bytes) const;
  Status ReopenUnderGate();
  /// REQUIRES: cursors_mutex.
  bool OtherThreadsHaveCursors() const;
  Status CloseUnderGate();
  Status ShutDownCleanly();
};

class Store::Impl {
 public:
  explicit Impl(std::shared_ptr<StoreState> s) : state(std::move(s)) {}
  std::shared_ptr<StoreState> state;
};

class StoreBatch::Impl {
 public:
  rocksdb::WriteBatch batch;
  Status status;  // The first thing that could not be recorded; Write reports it.
};

class StoreCursor::Impl {
 public:
  /// A cursor that only says why it could not be opened.
  explicit Impl(Status why) : status_(std::move(why)) {}
  /// REQUIRES: state.Enter().
  Impl(std::shared_ptr<StoreState> state, Table table, std::string_view prefix);
  ~Impl();

  bool Valid() const { return valid_ && state_->CheckUsable().ok(); }
  void Next();
  void Seek(std::string_view key);
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }
  Status status() const;
  /// Called by StoreState::Close with the gate held exclusively.
  void DropIterator() { iterator_.reset(); }
  bool inherited_by_fork() const;
  bool of_this_thread() const { return created_by_ == std::this_thread::get_id(); }

 private:
  void TakePosition();

  const std::thread::id created_by_ = std::this_thread::get_id();

  std::shared_ptr<StoreState> state_;
  std::string upper_bound_;
  rocksdb::Slice upper_bound_slice_;  // RocksDB keeps a pointer to it.
  std::unique_ptr<rocksdb::Iterator> iterator_;
  bool valid_ = false;
  std::string_view key_;
  std::string_view value_;
  Status status_;
};

}  // namespace tracevec
