#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/ids.h"
#include "index/row_block.h"

namespace tracevec {

/// A row within the blocks of a view or a head.
struct RowRef {
  std::uint32_t block = 0;
  std::uint32_t row = 0;
  friend bool operator==(const RowRef&, const RowRef&) = default;
};

/// The rows a reader may see, fixed at a commit. A value; copies share the blocks.
struct IndexView {
  std::vector<std::shared_ptr<const RowBlock>> blocks;
  std::vector<std::uint32_t> sizes;  ///< Rows of each block that belong to the view.
  CommitNumber commit{};

  std::uint64_t rows() const {
    std::uint64_t total = 0;
    for (std::uint32_t size : sizes) total += size;
    return total;
  }
};

/// The writer's side of an index: appends rows to the last block, seals it when it is full, finds
/// the rows of a document, and makes views. One writer at a time; readers have views.
class Head {
 public:
  explicit Head(std::vector<FieldLayout> fields);

  /// Makes room, so that the next `rows` calls of Append cannot fail for want of memory for
  /// vectors. Throws std::bad_alloc and changes nothing.
  void Reserve(std::size_t rows);
  RowRef Append(NewRow row);
  void Delete(RowRef ref, CommitNumber commit);
  void PushState(RowRef ref, std::unique_ptr<ChunkState> state, CommitNumber oldest_view) {
    blocks_[ref.block]->PushState(ref.row, std::move(state), oldest_view);
  }

  /// The live rows of a document, in no order.
  std::span<const RowRef> RowsOf(DocumentNumber document) const;
  const RowBlock& block(std::uint32_t index) const { return *blocks_[index]; }

  std::uint64_t live_rows() const { return live_rows_; }
  std::uint64_t dead_rows() const { return dead_rows_; }
  std::size_t blocks() const { return blocks_.size(); }
  std::size_t memory_bytes() const;

  /// Whether a row's newest state has a time to live.
  bool HasExpiring() const;

  IndexView View(CommitNumber commit) const;
  /// A head with the live rows alone, as of the commit. Views of this one stay valid.
  /// Throws std::bad_alloc.
  std::unique_ptr<Head> CopyLive(CommitNumber commit) const;

 private:
  std::vector<FieldLayout> fields_;
  std::vector<std::shared_ptr<RowBlock>> blocks_;
  std::size_t append_block_ = 0;  // The block that takes the next row; those after it are reserved.
  std::unordered_map<std::uint64_t, std::vector<RowRef>> rows_of_document_;
  std::uint64_t live_rows_ = 0;
  std::uint64_t dead_rows_ = 0;
};

}  // namespace tracevec
