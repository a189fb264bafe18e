#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace tracevec {

/// The file system as RocksDB 7.8 must see it to keep our promises. Safe for concurrent use.
///
/// A new write-ahead log starts only once the older ones are durable, so that a power loss takes a
/// tail of the unsynced writes and never some from their middle. RocksDB itself syncs an old log
/// later, while it already writes the new one; when the old one then loses its tail at the border
/// of two records, or as a whole, and the new one does not, recovery goes on behind the hole
/// without noticing it (the power-loss test found this once in about a hundred points). The price
/// is a sync a log, one in each write buffer's worth of data.
///
/// A log that cannot be created is given all the same, and fails at its first write. When
/// RocksDB 7.8 has the buffers of both column families to switch to a new log, and the first switch
/// fails, it forgets the second one's reference, which its destructor asserts is not so (mended
/// upstream later); the power-loss tests met this once in some five hundred points on a busy
/// machine.
///
/// The free space is not told. With it, RocksDB answers a full disk with a thread that looks every
/// five seconds whether there is space again, and then resumes in the way that StoreState avoids.
class RocksdbFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit RocksdbFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base)
      : FileSystemWrapper(base) {}

  const char* Name() const override { return "RocksdbFileSystem"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 std::uint64_t* bytes, rocksdb::IODebugContext* debug) override;

 private:
  class LogFile;
  class FailedLogFile;

  rocksdb::IOStatus NewLogFile(const std::string& path, const rocksdb::FileOptions& options,
                               std::unique_ptr<rocksdb::FSWritableFile>* file,
                               rocksdb::IODebugContext* debug);
  rocksdb::IOStatus SyncOpenLogs(const std::string& directory, rocksdb::IODebugContext* debug);

  std::mutex mutex_;
  std::set<LogFile*> open_logs_;  // Guarded by mutex_.
};

}  // namespace tracevec
