#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/ids.h"
#include "index/row_block.h"

namespace tracevec {

/// A chunk wherever it is stored.
struct ChunkKey {
  DocumentNumber document{};
  ChunkNumber chunk{};
  friend bool operator==(const ChunkKey&, const ChunkKey&) = default;
};

struct ChunkKeyHash {
  std::size_t operator()(const ChunkKey& key) const {
    return static_cast<std::size_t>((Raw(key.document) * 0x9e3779b97f4a7c15) ^
                                    (Raw(key.chunk) * 0xc2b2ae3d27d4eb4f));
  }
};

/// The rows that no segment holds yet: appends to the last of its blocks and seals it when it is
/// full. Sealed blocks leave, the oldest first, once a segment is made of them. Writer only.
class Head {
 public:
  struct Place {
    RowBlock* block = nullptr;
    std::uint32_t row = 0;
  };

  explicit Head(std::vector<FieldLayout> fields, BlockTexts texts = BlockTexts::kNone,
                std::size_t sparse_fields = 0);

  /// Makes room, so that the next `rows` calls of Append cannot fail for want of memory for
  /// vectors. Throws std::bad_alloc and changes nothing.
  void Reserve(std::size_t rows);
  void Append(NewRow row);
  /// Where a live chunk stands.
  std::optional<Place> Find(const ChunkKey& key) const;
  /// Marks a row dead. REQUIRES: found by Find.
  void Delete(const Place& place, CommitNumber commit);

  /// Oldest first: sealed ones, the one that takes rows, and reserved ones.
  const std::deque<std::shared_ptr<RowBlock>>& blocks() const { return blocks_; }
  /// How many of them are full.
  std::size_t sealed() const { return append_block_; }
  /// Seals the block that takes rows, if it has any.
  void Seal();
  /// Forgets the first `count` blocks. REQUIRES: count <= sealed().
  void DropSealed(std::size_t count);

  std::uint64_t live_rows() const { return live_rows_; }
  std::uint64_t dead_rows() const { return dead_rows_; }
  std::size_t memory_bytes() const;

 private:
  struct Ref {
    std::uint64_t block = 0;  // Counted from the first block there ever was.
    std::uint32_t row = 0;
  };

  std::vector<FieldLayout> fields_;
  BlockTexts texts_;
  std::size_t sparse_fields_;
  std::deque<std::shared_ptr<RowBlock>> blocks_;
  std::uint64_t first_block_ = 0;  // The number of blocks_.front().
  std::size_t append_block_ = 0;   // In blocks_; those after it are reserved.
  std::unordered_map<ChunkKey, Ref, ChunkKeyHash> places_;
  std::uint64_t live_rows_ = 0;
  std::uint64_t dead_rows_ = 0;
};

}  // namespace tracevec
