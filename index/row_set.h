#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ids.h"
#include "core/rotation.h"
#include "index/chunk_state.h"
#include "index/code_layout.h"
#include "index/code_rows.h"
#include "index/graph.h"
#include "index/postings.h"
#include "index/row_terms.h"
#include "index/sparse_postings.h"
#include "tracevec/schema.h"

namespace tracevec {

struct ColumnGeneration;  // index/segment_columns.h

/// Room for states that a row set does not keep as such. One a thread; one row at a time.
struct StateScratch {
  const void* set = nullptr;  ///< The row set and the document that `state` was made for.
  std::uint32_t document = 0;
  ChunkState state;
};

/// Rows of chunks, side by side, as searches, filters and writers see them: ids, visibility,
/// states, and for each field codes and vectors. Rows are numbered from 0 (the slots of the index).
/// What differs is where they lie: a RowBlock grows in memory, a Segment is an image that does not
/// change and has a graph.
///
/// Threads: one writer at a time; readers concurrently with it. Of rows that were published to a
/// reader only their deletion and their states change, and both are atomic.
class RowSet {
 public:
  virtual ~RowSet() = default;
  RowSet(const RowSet&) = delete;
  RowSet& operator=(const RowSet&) = delete;

  std::span<const FieldLayout> fields() const { return fields_; }

  virtual std::string_view id(std::uint32_t row) const = 0;
  /// The state in force at a view, valid as long as this and, where it had to be decoded, until
  /// `scratch` is used again. REQUIRES: VisibleAt(row, view).
  virtual const ChunkState& StateAt(std::uint32_t row, CommitNumber view,
                                    StateScratch* scratch) const = 0;
  /// Columns that filters are answered from at a view; null: each row has to be asked. Where
  /// `declared` fields are given, which get theirs first, columns that are not there yet are made,
  /// which takes some 0.5 us a row and field.
  virtual std::shared_ptr<const ColumnGeneration> ColumnsAt(
      CommitNumber /*view*/, const std::vector<std::string>* /*declared*/) const {
    return nullptr;
  }
  /// The inverted index of the first `rows` rows; null: there is none, their terms stand row by
  /// row.
  virtual const Postings* postings(std::uint32_t /*rows*/) const { return nullptr; }
  /// The terms of a row's text where no postings have them; null: it has none.
  virtual const RowTerms* row_terms(std::uint32_t /*row*/) const { return nullptr; }
  /// The inverted index of a sparse field; null: there is none, vectors stand row by row.
  virtual const SparsePostings* sparse_postings(std::size_t /*sparse_field*/) const {
    return nullptr;
  }
  /// A row's vector of a sparse field where no postings have it, by ascending index; null: it has
  /// none.
  virtual const SparseVector* sparse_vector(std::size_t /*sparse_field*/,
                                            std::uint32_t /*row*/) const {
    return nullptr;
  }
  /// How many terms each row's text has; null where texts are not indexed.
  const std::uint32_t* text_lengths() const { return text_lengths_; }
  std::uint32_t text_length(std::uint32_t row) const {
    return text_lengths_ == nullptr ? 0 : text_lengths_[row];
  }
  /// Gives a row a new state from state->commit on and frees states no view at or after
  /// `oldest_view` can see. Takes ownership. Writer only.
  virtual void PushState(std::uint32_t row, std::unique_ptr<ChunkState> state,
                         CommitNumber oldest_view) = 0;
  /// The newest state that is kept as such; null: none. Writer only.
  virtual const ChunkState* newest_state(std::uint32_t row) const = 0;
  /// Bytes of main memory, what is mapped from a file apart.
  virtual std::size_t memory_bytes() const = 0;

  /// Marks a row dead for every view at or after the commit. Writer only.
  void Delete(std::uint32_t row, CommitNumber commit) {
    any_deleted_.store(true, std::memory_order_release);
    DeletedInverse(row).store(~Raw(commit), std::memory_order_release);
  }
  CommitNumber created(std::uint32_t row) const { return CommitNumber{created_[row]}; }
  CommitNumber deleted(std::uint32_t row) const {
    return CommitNumber{~DeletedInverse(row).load(std::memory_order_acquire)};
  }
  bool VisibleAt(std::uint32_t row, CommitNumber view) const {
    return created_[row] <= Raw(view) && view < deleted(row);
  }
  /// Whether all rows are known to be visible at a view, which saves looking at each: two reads
  /// from distant places for every candidate of a search.
  bool AllVisibleAt(CommitNumber view) const {
    return newest_created_ <= Raw(view) && !any_deleted_.load(std::memory_order_acquire);
  }
  bool Alive(std::uint32_t row) const { return deleted(row) == kNeverDeleted; }

  DocumentNumber document(std::uint32_t row) const { return documents_[row]; }
  ChunkNumber chunk(std::uint32_t row) const { return chunks_[row]; }

  bool HasVector(std::size_t field, std::uint32_t row) const {
    return columns_[field].present[row] != 0;
  }
  const float* vector(std::size_t field, std::uint32_t row) const {
    return columns_[field].vectors + std::size_t{row} * fields_[field].dimension;
  }
  /// The codes of the first `rows` rows.
  CodeRows code_rows(std::size_t field, std::uint32_t rows) const {
    CodeRows codes = columns_[field].codes;
    codes.rows = rows;
    return codes;
  }
  /// Null where codes have 8 bits.
  const Rotation* rotation(std::size_t field) const { return columns_[field].rotation.get(); }
  /// Null where rows of the field are found by scanning.
  const GraphView* graph(std::size_t field) const {
    return columns_[field].graph ? &*columns_[field].graph : nullptr;
  }
  /// The width of a graph search that finds 95 of the 100 nearest, as measured when it was built.
  std::uint32_t default_ef(std::size_t field) const { return columns_[field].default_ef; }
  const GraphLineage& graph_lineage(std::size_t field) const { return columns_[field].lineage; }

 protected:
  /// Where the rows of a field lie.
  struct Column {
    CodeRows codes;
    const float* vectors = nullptr;
    const std::uint8_t* present = nullptr;
    /// What codes of 4 bits were rotated with; null where they have 8.
    std::shared_ptr<const Rotation> rotation;
    std::optional<GraphView> graph;
    std::uint32_t default_ef = 0;
    GraphLineage lineage;
  };

  explicit RowSet(std::vector<FieldLayout> fields)
      : fields_(std::move(fields)), columns_(fields_.size()) {}
  /// Room for the deletions of so many rows, none of them deleted. Throws std::bad_alloc.
  void ReserveRows(std::uint32_t rows) {
    deleted_inverse_.reset(static_cast<std::uint64_t*>(std::calloc(rows, sizeof(std::uint64_t))));
    if (deleted_inverse_ == nullptr && rows > 0) throw std::bad_alloc();
  }

  const std::vector<FieldLayout> fields_;
  std::vector<Column> columns_;
  const DocumentNumber* documents_ = nullptr;
  const ChunkNumber* chunks_ = nullptr;
  const std::uint64_t* created_ = nullptr;
  const std::uint32_t* text_lengths_ = nullptr;
  std::uint64_t newest_created_ = std::numeric_limits<std::uint64_t>::max();  ///< Or later.
  std::atomic<bool> any_deleted_{false};

 private:
  struct Free {
    void operator()(std::uint64_t* numbers) const { std::free(numbers); }
  };

  std::atomic_ref<std::uint64_t> DeletedInverse(std::uint32_t row) const {
    return std::atomic_ref(deleted_inverse_.get()[row]);
  }

  /// The commit that deleted each row, inverted: kNeverDeleted is 0, so that of a large array only
  /// the pages in which a row was deleted are written, and take memory.
  std::unique_ptr<std::uint64_t[], Free> deleted_inverse_;
};

}  // namespace tracevec
