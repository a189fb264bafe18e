#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/ids.h"
#include "index/index_view.h"
#include "retrieval/bound_filter.h"
#include "storage/records.h"

namespace tracevec {

/// What one reader sees of a collection from start to end. Immutable, shared by all readers that
/// came between two commits; it keeps the index blocks and the stored versions of its commit alive.
struct CollectionView {
  CommitNumber commit{};
  std::uint64_t chunks = 0;  ///< Live, expired ones included.
  std::uint64_t documents = 0;
  /// False for a small collection: its rows are read from the store at each use.
  bool in_memory = false;
  IndexView index;           ///< With in_memory.
  std::size_t segments = 0;  ///< How many of the index's sets are segments.
  bool may_expire = false;   ///< Some document has, or had, a time to live.
  /// Null when there are too many to know them all.
  std::shared_ptr<const std::vector<std::string>> known_fields;
  std::shared_ptr<const TuningRecord> tuning;  ///< Null: nothing was tuned.
  /// Of an index in memory. What a filter matches is known for a view and changes with it.
  const std::unique_ptr<FilterCache> filters = std::make_unique<FilterCache>();
  /// Set when the last reader has let go of it. What readers did comes before that, so that a
  /// writer who saw it may change what only they could see; that a weak pointer has expired says
  /// nothing of the kind.
  const std::shared_ptr<std::atomic<bool>> ended = std::make_shared<std::atomic<bool>>(false);

  CollectionView() = default;
  CollectionView(const CollectionView&) = delete;
  CollectionView& operator=(const CollectionView&) = delete;
  ~CollectionView() { ended->store(true, std::memory_order_release); }
};

/// Hands the newest view to readers and knows the oldest one still in use. Safe for concurrent use;
/// a reader holds the mutex for as long as it takes to copy a pointer.
class ViewRegistry {
 public:
  std::shared_ptr<const CollectionView> Current() const;
  void Publish(std::shared_ptr<const CollectionView> view);
  /// The commit of the oldest view that a reader may hold; views handed out later are not older.
  CommitNumber Oldest() const;

 private:
  struct Published {
    CommitNumber commit{};
    std::shared_ptr<const std::atomic<bool>> ended;
    bool in_use() const { return !ended->load(std::memory_order_acquire); }
  };

  mutable std::mutex mutex_;
  std::shared_ptr<const CollectionView> current_;
  mutable std::deque<Published> published_;  // Oldest first.
  std::size_t forget_at_ = 64;  // Views that ended are forgotten when there are so many.
};

}  // namespace tracevec
