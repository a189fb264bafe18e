#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "retrieval/engine.h"
#include "tracevec/snapshot.h"

namespace tracevec {

/// Holds the data of the last commit under a name. Errors: AlreadyExists, InvalidArgument.
Result<SnapshotInfo> TakeSnapshot(Engine& engine, std::string_view name);
/// Errors: NotFound with the nearest name.
Status ReleaseSnapshot(Engine& engine, std::string_view name);
std::vector<SnapshotInfo> ListSnapshots(const Engine& engine);

/// A database as it was at a snapshot: its collections, each read from the store once, when it is
/// first asked for. Safe for concurrent use.
class SnapshotReader {
 public:
  /// Errors: NotFound with the nearest name.
  static Result<std::unique_ptr<SnapshotReader>> Open(Engine& engine, std::string_view name);

  CommitNumber commit() const { return record_.commit; }
  /// The collection as it was. Errors: NotFound, IOError, Corruption. Cost: one pass over its
  /// records, and from 512 chunks on the memory of its vectors.
  Result<std::shared_ptr<CollectionState>> FindCollection(Engine& engine, std::string_view name);
  Result<std::vector<std::string>> ListCollections(const Engine& engine) const;
  /// ReadOnly, naming the snapshot.
  Status RefuseToWrite() const;
  /// Lets go of the data: its collections return Closed from then on.
  void Close();
  Status CheckOpen() const;

 private:
  SnapshotReader(std::string name, const SnapshotRecord& record, SnapshotHolds::Pin pin);
  Result<std::shared_ptr<CollectionState>> Load(Engine& engine, const CollectionState& live) const;

  const std::string name_;
  const SnapshotRecord record_;
  std::shared_ptr<SnapshotHandle> handle_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<CollectionState>, std::less<>> open_;  // Guarded by it.
};

}  // namespace tracevec
