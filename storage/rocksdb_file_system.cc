#include "storage/rocksdb_file_system.h"

#include <utility>

namespace tracevec {

/// A log that says when it goes: RocksDB closes it after what it holds is durable elsewhere.
class RocksdbFileSystem::LogFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  LogFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, RocksdbFileSystem* file_system)
      : FSWritableFileOwnerWrapper(std::move(file)), file_system_(file_system) {
    const std::lock_guard lock(file_system_->mutex_);
    file_system_->open_logs_.insert(this);
  }
  ~LogFile() override { Deregister(); }

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
};

rocksdb::IOStatus RocksdbFileSystem::NewWritableFile(const std::string& path,
                                                     const rocksdb::FileOptions& options,
                                                     std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                     rocksdb::IODebugContext* debug) {
  if (!path.ends_with(".log")) return target()->NewWritableFile(path, options, file, debug);
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
    const rocksdb::IOStatus status = log->Sync({}, debug);
    if (!status.ok()) return status;
  }
  // Their entries too: nothing but a sync write would have made them durable.
  std::unique_ptr<rocksdb::FSDirectory> handle;
  const rocksdb::IOStatus status = target()->NewDirectory(directory, {}, &handle, debug);
  return status.ok() ? handle->Fsync({}, debug) : status;
}

}  // namespace tracevec
