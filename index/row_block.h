#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/ids.h"
#include "index/aligned_array.h"
#include "index/chunk_state.h"
#include "index/code_array.h"
#include "index/postings_data.h"
#include "index/row_set.h"

namespace tracevec {

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
  /// The commit that gave it this state; not set where that is not asked for.
  CommitNumber stated{};
  std::shared_ptr<const RowTerms> terms;  ///< Of its text; null: it has none.
  /// One a sparse field, or none at all; null: no vector. By ascending index, with entries.
  std::vector<std::shared_ptr<const SparseVector>> sparse;
};

/// What a block has of the texts of its rows.
enum class BlockTexts : std::uint8_t {
  kNone,      ///< Nothing: they are not searched.
  kTerms,     ///< Terms, row by row.
  kPostings,  ///< The same, and once it is full and searched also postings.
};

/// Rows in memory, append-only with a fixed capacity. A reader touches only rows below a count that
/// was published to it after they were written (through a mutex, see Head).
class RowBlock final : public RowSet {
 public:
  /// Throws std::bad_alloc.
  RowBlock(std::uint32_t capacity, std::vector<FieldLayout> fields,
           BlockTexts texts = BlockTexts::kNone, std::size_t sparse_fields = 0);
  ~RowBlock() override;

  /// Rows of a block for fields of this size: 512 KiB of codes (what a head may hold), at least
  /// 512.
  static std::uint32_t CapacityFor(std::span<const FieldLayout> fields);

  std::uint32_t capacity() const { return capacity_; }
  std::uint32_t size() const { return size_; }  ///< Writer only.

  /// REQUIRES: size() < capacity(). Returns the row. Throws std::bad_alloc before any change.
  std::uint32_t Append(NewRow row);

  std::string_view id(std::uint32_t row) const override { return ids_[row]; }
  const ChunkState& StateAt(std::uint32_t row, CommitNumber view,
                            StateScratch* scratch) const override;
  void PushState(std::uint32_t row, std::unique_ptr<ChunkState> state,
                 CommitNumber oldest_view) override;
  const ChunkState* newest_state(std::uint32_t row) const override {
    return states_[row].load(std::memory_order_relaxed);
  }
  /// Of a block that is full; made when it is asked for first, which takes some 20 us a row. Throws
  /// std::bad_alloc.
  const Postings* postings(std::uint32_t rows) const override;
  const RowTerms* row_terms(std::uint32_t row) const override {
    return own_terms_.empty() ? nullptr : own_terms_[row].get();
  }
  const SparseVector* sparse_vector(std::size_t sparse_field, std::uint32_t row) const override {
    return own_sparse_[sparse_field][row].get();
  }
  std::size_t memory_bytes() const override;

 private:
  struct OwnColumn {
    CodeArray codes;
    AlignedArray<float> vectors;
    std::vector<std::uint8_t> present;
  };

  /// Postings with what they refer to.
  struct OwnPostings {
    explicit OwnPostings(PostingsData made) : data(std::move(made)), view(data.view()) {}
    PostingsData data;
    Postings view;
  };

  void FillColumn(std::size_t field, std::uint32_t row, std::span<const float> vector,
                  bool normalised);

  const std::uint32_t capacity_;
  std::uint32_t size_ = 0;
  std::vector<std::string> ids_;
  std::vector<DocumentNumber> own_documents_;
  std::vector<ChunkNumber> own_chunks_;
  std::vector<std::uint64_t> own_created_;
  std::unique_ptr<std::atomic<ChunkState*>[]> states_;
  std::vector<OwnColumn> own_columns_;
  const BlockTexts texts_;
  std::vector<std::shared_ptr<const RowTerms>> own_terms_;  // Empty without texts.
  std::vector<std::uint32_t> own_lengths_;
  std::atomic<std::size_t> terms_bytes_{0};  // Of terms, and of sparse vectors.
  std::vector<std::vector<std::shared_ptr<const SparseVector>>> own_sparse_;  // By field and row.
  mutable std::mutex postings_mutex_;
  mutable std::unique_ptr<OwnPostings> postings_;
};

}  // namespace tracevec
