#pragma once

#include <rocksdb/file_system.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "tests/fault_file_system.h"

// The open files and directories of a FaultFileSystem. Included by fault_file_system.cc only.

namespace tracevec {

/// Counts appended and synced bytes.
class FaultWritableFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultWritableFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, FaultFileSystem* file_system,
                    FaultFileSystem::SharedState state)
      : FSWritableFileOwnerWrapper(std::move(file)),
        file_system_(file_system),
        state_(std::move(state)) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    if (auto status = file_system_->Enter(FaultFileSystem::kWriting); !status.ok()) return status;
    const std::uint64_t fits = file_system_->TakeFreeBytes(data.size());
    const rocksdb::Slice part(data.data(), static_cast<std::size_t>(fits));
    rocksdb::IOStatus status = target()->Append(part, options, debug);
    if (!status.ok()) return status;
    const std::lock_guard lock(file_system_->mutex_);
    state_->size += fits;
    if (fits == data.size()) return status;
    status = rocksdb::IOStatus::NoSpace("injected: no space left on device");
    status.SetRetryable(true);  // As RocksDB's own file system says of ENOSPC.
    return status;
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& /*verification*/,
                           rocksdb::IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  rocksdb::IOStatus PositionedAppend(const rocksdb::Slice& /*data*/, std::uint64_t /*offset*/,
                                     const rocksdb::IOOptions& /*options*/,
                                     rocksdb::IODebugContext* /*debug*/) override {
    return rocksdb::IOStatus::NotSupported("only direct I/O appends at positions");
  }
  rocksdb::IOStatus PositionedAppend(const rocksdb::Slice& data, std::uint64_t offset,
                                     const rocksdb::IOOptions& options,
                                     const rocksdb::DataVerificationInfo& /*verification*/,
                                     rocksdb::IODebugContext* debug) override {
    return PositionedAppend(data, offset, options, debug);
  }
  rocksdb::IOStatus Truncate(std::uint64_t size, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
    if (auto status = file_system_->Enter(FaultFileSystem::kWriting); !status.ok()) return status;
    const rocksdb::IOStatus status = target()->Truncate(size, options, debug);
    const std::lock_guard lock(file_system_->mutex_);
    if (status.ok()) state_->size = size;
    state_->synced = std::min(state_->synced, state_->size);
    return status;
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& /*options*/,
                         rocksdb::IODebugContext* /*debug*/) override {
    // Not passed on: there is no real power loss, and it would cost milliseconds.
    if (auto status = file_system_->Enter(FaultFileSystem::kSyncing); !status.ok()) return status;
    const std::lock_guard lock(file_system_->mutex_);
    state_->synced = state_->size;
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    return Sync(options, debug);
  }
  rocksdb::IOStatus Close(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus closed = target()->Close(options, debug);
    const rocksdb::IOStatus status = file_system_->Enter(FaultFileSystem::kWriting);
    return status.ok() ? closed : status;
  }

 private:
  FaultFileSystem* file_system_;
  FaultFileSystem::SharedState state_;
};

class FaultRandomAccessFile : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  FaultRandomAccessFile(std::unique_ptr<rocksdb::FSRandomAccessFile>&& file,
                        FaultFileSystem* file_system)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), file_system_(file_system) {}

  rocksdb::IOStatus Read(std::uint64_t offset, std::size_t size, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* debug) const override {
    if (auto status = file_system_->Enter(FaultFileSystem::kReading); !status.ok()) return status;
    return target()->Read(offset, size, options, result, scratch, debug);
  }
  rocksdb::IOStatus MultiRead(rocksdb::FSReadRequest* requests, std::size_t count,
                              const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override {
    if (auto status = file_system_->Enter(FaultFileSystem::kReading); !status.ok()) return status;
    return target()->MultiRead(requests, count, options, debug);
  }

 private:
  FaultFileSystem* file_system_;
};

class FaultSequentialFile : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  FaultSequentialFile(std::unique_ptr<rocksdb::FSSequentialFile>&& file,
                      FaultFileSystem* file_system)
      : FSSequentialFileOwnerWrapper(std::move(file)), file_system_(file_system) {}

  rocksdb::IOStatus Read(std::size_t size, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* debug) override {
    if (auto status = file_system_->Enter(FaultFileSystem::kReading); !status.ok()) return status;
    return target()->Read(size, options, result, scratch, debug);
  }

 private:
  FaultFileSystem* file_system_;
};

class FaultDirectory : public rocksdb::FSDirectoryWrapper {
 public:
  FaultDirectory(std::unique_ptr<rocksdb::FSDirectory>&& directory, std::string path,
                 FaultFileSystem* file_system)
      : FSDirectoryWrapper(std::move(directory)),
        path_(std::move(path)),
        file_system_(file_system) {}

  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& /*options*/,
                          rocksdb::IODebugContext* /*debug*/) override {
    if (auto status = file_system_->Enter(FaultFileSystem::kSyncing); !status.ok()) return status;
    file_system_->OnDirectoryFsync(path_);
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus FsyncWithDirOptions(const rocksdb::IOOptions& options,
                                        rocksdb::IODebugContext* debug,
                                        const rocksdb::DirFsyncOptions& /*reason*/) override {
    return Fsync(options, debug);
  }

 private:
  std::string path_;
  FaultFileSystem* file_system_;
};

}  // namespace tracevec
