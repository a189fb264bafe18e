#pragma once

#include <rocksdb/file_system.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "retrieval/database_impl.h"
#include "tests/fault_file_system.h"
#include "tests/temporary_directory.h"
#include "tracevec/database.h"

namespace tracevec {

/// A database whose every byte goes through a FaultFileSystem.
class FaultyDatabase {
 public:
  explicit FaultyDatabase(Durability durability, const IndexOptions& index = {}) : index_(index) {
    options_.durability = durability;
    options_.store_memory_bytes = 8 << 20;
    MakeFileSystem();
  }
  /// With a copy of what another has on disk, all of it durable. REQUIRES: the other is closed.
  explicit FaultyDatabase(const FaultyDatabase& other)
      : options_(other.options_), index_(other.index_) {
    std::filesystem::copy(other.path(), path(), std::filesystem::copy_options::recursive);
    MakeFileSystem();
  }
  FaultyDatabase& operator=(const FaultyDatabase&) = delete;

  FaultFileSystem& faults() { return *faults_; }
  Database& operator*() { return *database_; }
  Database* operator->() { return database_.get(); }
  std::string path() const { return directory_ / "db"; }

  Status Open() {
    auto opened = OpenForTest(path(), options_, faults_, index_);
    if (!opened.ok()) return opened.status();
    database_ = *std::move(opened);
    return Status::Ok();
  }

  Status Close() {
    if (database_ == nullptr) return Status::Ok();
    const Status closed = database_->Close();
    database_.reset();
    return closed;
  }

  /// The machine loses power, and everything that is not durable; then it is on again.
  void LosePower(std::uint64_t seed) {
    faults_->PowerOff();
    Close().IgnoreError("there is no power");
    faults_->DropUnsynced(seed);
  }

 private:
  void MakeFileSystem() {
    std::filesystem::create_directory(directory_ / "attic");
    faults_ =
        std::make_shared<FaultFileSystem>(rocksdb::FileSystem::Default(), directory_ / "attic");
  }

  TemporaryDirectory directory_;
  OpenOptions options_;
  const IndexOptions index_;
  std::shared_ptr<FaultFileSystem> faults_;
  std::unique_ptr<Database> database_;
};

}  // namespace tracevec
