#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/ids.h"
#include "index/aligned_array.h"
#include "index/chunk_state.h"
#include "tracevec/schema.h"

namespace tracevec {

/// The shape of one vector field inside an index.
struct FieldLayout {
  std::uint32_t dimension = 0;
  Metric metric = Metric::kCosine;

  /// Rows start on cache lines: 64 codes, 16 floats.
  std::size_t code_stride() const { return (std::size_t{dimension} + 63) / 64 * 64; }
  std::size_t vector_stride() const { return (std::size_t{dimension} + 15) / 16 * 16; }
};

/// A row to append. Views are read during the call only.
struct NewRow {
  DocumentNumber document{};
  ChunkNumber chunk{};
  CommitNumber created{};
  std::string id;
  /// One a field, in field order; empty: no vector. REQUIRES: CheckVector passed.
  std::vector<std::span<const float>> vectors;
  bool normalised = false;  ///< Vectors under cosine are already of unit length.
  std::shared_ptr<const DocumentState> document_state;
  std::shared_ptr<const Metadata> own;
  bool own_is_complete = false;
};

/// Rows of chunks, side by side: ids, visibility, states, and for each field codes and vectors.
/// Append-only with a fixed capacity.
///
/// Threads: one writer at a time; readers concurrently with it. A reader touches only rows below
/// a count that was published to it after they were written (through a mutex, see Head); of those
/// rows only `deleted_` and `states_` change afterwards, and both are atomic.
class RowBlock {
 public:
  /// Throws std::bad_alloc.
  RowBlock(std::uint32_t capacity, std::vector<FieldLayout> fields);
  ~RowBlock();
  RowBlock(const RowBlock&) = delete;
  RowBlock& operator=(const RowBlock&) = delete;

  /// Rows of a block for fields of this size: 512 KiB of codes (what a head may hold), at least
  /// 512.
  static std::uint32_t CapacityFor(std::span<const FieldLayout> fields);

  std::uint32_t capacity() const { return capacity_; }
  std::uint32_t size() const { return size_; }  ///< Writer only.
  std::span<const FieldLayout> fields() const { return fields_; }
  std::size_t memory_bytes() const;

  /// REQUIRES: size() < capacity(). Returns the row. Throws std::bad_alloc before any change.
  std::uint32_t Append(NewRow row);
  /// Marks a row dead for every view at or after the commit.
  void Delete(std::uint32_t row, CommitNumber commit) {
    deleted_[row].store(Raw(commit), std::memory_order_release);
  }
  /// Gives a row a new state from state->commit on and frees states no view at or after
  /// `oldest_view` can see. Takes ownership.
  void PushState(std::uint32_t row, std::unique_ptr<ChunkState> state, CommitNumber oldest_view);

  bool VisibleAt(std::uint32_t row, CommitNumber view) const {
    return created_[row] <= Raw(view) && Raw(view) < deleted_[row].load(std::memory_order_acquire);
  }
  bool Alive(std::uint32_t row) const {
    return deleted_[row].load(std::memory_order_acquire) == Raw(kNeverDeleted);
  }
  /// The state in force at a view. REQUIRES: VisibleAt(row, view).
  const ChunkState& StateAt(std::uint32_t row, CommitNumber view) const;

  const std::string& id(std::uint32_t row) const { return ids_[row]; }
  DocumentNumber document(std::uint32_t row) const { return documents_[row]; }
  ChunkNumber chunk(std::uint32_t row) const { return chunks_[row]; }

  bool HasVector(std::size_t field, std::uint32_t row) const {
    return columns_[field].present[row] != 0;
  }
  const std::uint8_t* codes(std::size_t field, std::uint32_t row) const {
    return columns_[field].codes.data() + std::size_t{row} * fields_[field].code_stride();
  }
  const float* vector(std::size_t field, std::uint32_t row) const {
    return columns_[field].vectors.data() + std::size_t{row} * fields_[field].vector_stride();
  }
  float scale(std::size_t field, std::uint32_t row) const { return columns_[field].scales[row]; }
  float squared_norm(std::size_t field, std::uint32_t row) const {
    return columns_[field].squared_norms[row];
  }

 private:
  struct Column {
    AlignedArray<std::uint8_t> codes;
    AlignedArray<float> vectors;
    std::vector<float> scales;
    std::vector<float> squared_norms;
    std::vector<std::uint8_t> present;
  };

  void FillColumn(std::size_t field, std::uint32_t row, std::span<const float> vector,
                  bool normalised);

  const std::uint32_t capacity_;
  const std::vector<FieldLayout> fields_;
  std::uint32_t size_ = 0;
  std::vector<std::string> ids_;
  std::vector<DocumentNumber> documents_;
  std::vector<ChunkNumber> chunks_;
  std::vector<std::uint64_t> created_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> deleted_;
  std::unique_ptr<std::atomic<ChunkState*>[]> states_;
  std::vector<Column> columns_;
};

}  // namespace tracevec
