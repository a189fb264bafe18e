#include "storage/rocksdb_file_system.h"

#include <atomic>
#include <utility>

namespace tracevec {

/// A log that says when it goes (RocksDB closes it after what it holds is durable elsewhere), and
/// that passes a sync on only when there is something to sync. So RocksDB's own sync of an old log
/// cannot fail: when it did, and a second flush tried it again, RocksDB 7.8 would fail an
/// assertion.
class RocksdbFileSystem::LogFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  LogFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, RocksdbFileSystem* file_system)
      : FSWritableFileOwnerWrapper(std::move(file)), file_system_(file_system) {
    const std::lock_guard lock(file_system_->mutex_);
    file_system_->open_logs_.insert(this);
  }
  ~LogFile() override { Deregister(); }

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = FSWritableFileOwnerWrapper::Append(data, options, debug);
    has_unsynced_.store(true);  // After the write: a sync that began before it may have missed it.
    return status;
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& verification,
                           rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status =
        FSWritableFileOwnerWrapper::Append(data, options, verification, debug);
    has_unsynced_.store(true);
    return status;
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* debug) override {
    if (!has_unsynced_.exchange(false)) return rocksdb::IOStatus::OK();
    rocksdb::IOStatus status = FSWritableFileOwnerWrapper::Sync(options, debug);
    if (!status.ok()) has_unsynced_.store(true);
    return status;
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    return Sync(options, debug);
  }
  rocksdb::IOStatus Close(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    Deregister();
    return FSWritableFileOwnerWrapper::Close(options, debug);
  }

 private:
  void Deregister() {
    const std::lock_guard lock(file_system_->mutex_);
    file_system_->open_logs_.erase(this);
  }

  RocksdbFileSystem* file_system_;
  std::atomic<bool> has_unsynced_{false};
};

/// Stands for a log that could not be created: whatever would store something says why.
class RocksdbFileSystem::FailedLogFile : public rocksdb::FSWritableFile {
 public:
  explicit FailedLogFile(rocksdb::IOStatus why) : why_(std::move(why)) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& /*data*/, const rocksdb::IOOptions& /*options*/,
                           rocksdb::IODebugContext* /*debug*/) override {
    return why_;
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& /*data*/, const rocksdb::IOOptions& /*options*/,
                           const rocksdb::DataVerificationInfo& /*verification*/,
                           rocksdb::IODebugContext* /*debug*/) override {
    return why_;
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& /*options*/,
                         rocksdb::IODebugContext* /*debug*/) override {
    return why_;
  }
  // Nothing was written that these could fail to keep.
  rocksdb::IOStatus Flush(const rocksdb::IOOptions& /*options*/,
                          rocksdb::IODebugContext* /*debug*/) override {
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Close(const rocksdb::IOOptions& /*options*/,
                          rocksdb::IODebugContext* /*debug*/) override {
    return rocksdb::IOStatus::OK();
  }

 private:
  const rocksdb::IOStatus why_;
};

rocksdb::IOStatus RocksdbFileSystem::NewWritableFile(const std::string& path,
                                                     const rocksdb::FileOptions& options,
                                                     std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                     rocksdb::IODebugContext* debug) {
  if (!path.ends_with(".log")) return target()->NewWritableFile(path, options, file, debug);
  rocksdb::IOStatus status = NewLogFile(path, options, file, debug);
  if (!status.ok()) *file = std::make_unique<FailedLogFile>(std::move(status));
  return rocksdb::IOStatus::OK();
}

rocksdb::IOStatus RocksdbFileSystem::NewLogFile(const std::string& path,
                                                const rocksdb::FileOptions& options,
                                                std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus status = SyncOpenLogs(path.substr(0, path.find_last_of('/')), debug);
  if (!status.ok()) return status;
  status = target()->NewWritableFile(path, options, file, debug);
  if (status.ok()) *file = std::make_unique<LogFile>(std::move(*file), this);
  return status;
}

rocksdb::IOStatus RocksdbFileSystem::GetFreeSpace(const std::string& /*path*/,
                                                  const rocksdb::IOOptions& /*options*/,
                                                  std::uint64_t* /*bytes*/,
                                                  rocksdb::IODebugContext* /*debug*/) {
  return rocksdb::IOStatus::NotSupported("free space");
}

rocksdb::IOStatus RocksdbFileSystem::SyncOpenLogs(const std::string& directory,
                                                  rocksdb::IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  if (open_logs_.empty()) return rocksdb::IOStatus::OK();
  for (LogFile* log : open_logs_) {
    rocksdb::IOStatus status = log->Sync({}, debug);
    if (!status.ok()) return status;
  }
  // Their entries too: nothing but a sync write would have made them durable.
  std::unique_ptr<rocksdb::FSDirectory> handle;
  rocksdb::IOStatus status = target()->NewDirectory(directory, {}, &handle, debug);
  return status.ok() ? handle->Fsync({}, debug) : status;
}

}  // namespace tracevec
