#pragma once

#include <memory>
#include <string>
#include <utility>

#include "retrieval/engine.h"
#include "retrieval/snapshots.h"
#include "tracevec/database.h"

namespace tracevec {

class TRACEVEC_HIDDEN Database::Impl {
 public:
  explicit Impl(std::shared_ptr<Engine> engine, std::unique_ptr<SnapshotReader> snapshot = nullptr)
      : engine_(std::move(engine)), snapshot_(std::move(snapshot)) {}
  const std::shared_ptr<Engine>& engine() const { return engine_; }
  /// Null unless this is the database as it was at a snapshot.
  SnapshotReader* snapshot() const { return snapshot_.get(); }
  /// ReadOnly, or Closed, at a snapshot.
  Status CheckNotAtSnapshot() const {
    if (snapshot_ == nullptr) return Status::Ok();
    const Status open = snapshot_->CheckOpen();
    return open.ok() ? snapshot_->RefuseToWrite() : open;
  }

 private:
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<SnapshotReader> snapshot_;
};

/// Database::Open through a file system of the test's own, which may fail on purpose (null: the
/// host's), and with other borders between what of an index is in memory and what in files.
Result<std::unique_ptr<Database>> OpenForTest(const std::string& path, const OpenOptions& options,
                                              std::shared_ptr<rocksdb::FileSystem> file_system,
                                              const IndexOptions& index = {});

}  // namespace tracevec
