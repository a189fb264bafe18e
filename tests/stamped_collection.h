#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tracevec/collection.h"

namespace tracevec {

/// A collection in which every write leaves a stamp in all it touches: in the text, the metadata
/// and the vector of each chunk of a document, and of each loose vector of a group. A reader that
/// sees two stamps in one document, or in one group, or not as many chunks as the stamp says, has
/// seen half of a write. All calls return what went wrong in words, or "".
///
/// One thread calls PutDocument, one the other writes; any number of threads read.
class StampedCollection {
 public:
  static constexpr std::uint32_t kDimension = 8;
  /// What a call returns once the database is closed.
  static constexpr const char* kClosed = "closed";

  static CollectionSchema Schema();

  explicit StampedCollection(Collection collection) : collection_(std::move(collection)) {}
  /// The same collection of the database opened again. REQUIRES: no other call is running.
  void Use(Collection collection) { collection_ = std::move(collection); }

  /// Replaces a document with another number of chunks, one of which stays; or deletes it.
  std::string PutDocument(std::mt19937_64& random);
  /// Replaces a group of loose vectors in one call.
  std::string WriteGroup(std::mt19937_64& random);
  /// Merges a mark into the metadata of a group, by ids or by a filter.
  std::string MarkGroup(std::mt19937_64& random);
  /// So many loose vectors that carry no stamp; those there are stay as they are.
  std::string PutFillers(std::size_t count);

  /// Makes one segment of all there is.
  std::string Rebuild();

  /// One read of some kind, and what it must be like.
  std::string Read(std::mt19937_64& random) const;
  /// Every document and every group.
  std::string ReadAll() const;

  std::uint64_t writes() const { return stamp_; }

 private:
  std::string ReadDocument(const std::string& id) const;
  std::string ReadByFilter(const std::string& where, const std::string& order_by,
                           const std::string& what) const;
  std::string ReadById(const std::vector<std::string>& ids, const std::string& what) const;
  std::string Search(const std::string& where, bool exact, const std::string& what) const;
  std::string SearchBatch(const std::string& owner, const std::string& what) const;
  std::string SearchLike(const std::string& id, const std::string& what) const;
  std::string Count(std::int64_t stamp) const;

  Collection collection_;
  std::atomic<std::uint64_t> stamp_{0};  // The newest that was taken.
};

}  // namespace tracevec
