#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "index/build_stop.h"
#include "tracevec/schema.h"
#include "tracevec/status.h"

namespace tracevec {

/// Up to kMostRows rows of an index, and bounds of their values. Part of the bytes of an image
/// (storage/FORMAT.md).
struct SparseBlock {
  static constexpr std::uint32_t kMostRows = 128;

  std::uint32_t last_row = 0;
  float least = 0;  ///< Of its values,
  float most = 0;   ///< none of which is outside.
};
static_assert(sizeof(SparseBlock) == 12);

/// The rows that have an index, ascending, with their values. Refers to what it was made of.
struct SparseRows {
  std::span<const std::uint32_t> rows;
  const float* values = nullptr;
  const SparseBlock* blocks = nullptr;  ///< Of kMostRows rows each, the last of what is left.
};

/// The inverted index of the sparse vectors of a field in a set: for each index, ascending, its
/// rows. Values are float32 as given, so that scores are exact without another look at the vectors.
/// Refers to an image, or to a SparsePostingsData. Immutable; safe for concurrent use.
struct SparsePostings {
  std::span<const std::uint32_t> indices;
  std::span<const std::uint64_t> first_rows;    ///< Of indices in `rows`, and one more.
  std::span<const std::uint64_t> first_blocks;  ///< Of indices, and one more.
  std::span<const std::uint32_t> rows;
  std::span<const float> values;
  std::span<const SparseBlock> blocks;

  /// Of the index at a place.
  SparseRows RowsAt(std::size_t place) const {
    const std::uint64_t begin = first_rows[place];
    return {rows.subspan(begin, first_rows[place + 1] - begin), values.data() + begin,
            blocks.data() + first_blocks[place]};
  }
  /// The place of an index; nothing: no row has it.
  std::optional<std::size_t> Find(std::uint32_t index) const;
  std::size_t bytes() const;
};

/// Whether an image's postings can be searched without leaving it: numbers of rows below
/// `row_count`, ascending within an index, bounds that hold. Cost: one pass. Errors: Corruption.
Status CheckSparsePostings(const SparsePostings& postings, std::uint32_t row_count);

/// Postings and their owner.
struct SparsePostingsData {
  std::vector<std::uint32_t> indices;
  std::vector<std::uint64_t> first_rows = {0};
  std::vector<std::uint64_t> first_blocks = {0};
  std::vector<std::uint32_t> rows;
  std::vector<float> values;
  std::vector<SparseBlock> blocks;

  /// Refers to this, which must not change any more.
  SparsePostings view() const { return {indices, first_rows, first_blocks, rows, values, blocks}; }
};

/// Puts together the postings of rows whose vectors stand alone, or in other postings. What is
/// added comes in the order of the new rows. Throws std::bad_alloc.
class SparsePostingsBuilder {
 public:
  /// Of a row of other postings that has no new one.
  static constexpr std::uint32_t kDropped = ~std::uint32_t{0};

  void AddRow(std::uint32_t new_row, const SparseVector& vector);
  /// `new_rows`: of each row of the postings, ascending where they are not kDropped.
  void AddPostings(const SparsePostings& postings, std::span<const std::uint32_t> new_rows);

  /// Once. Throws BuildStopped.
  SparsePostingsData Build(const BuildStop& stop);

 private:
  struct Entry {
    std::uint32_t row = 0;
    float value = 0;
  };

  std::unordered_map<std::uint32_t, std::vector<Entry>> entries_;  // By index.
};

}  // namespace tracevec
