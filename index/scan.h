#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/filter_program.h"
#include "core/kernels.h"
#include "index/head.h"

namespace tracevec {

/// A row with its score. Larger is better.
struct ScoredRow {
  float score = 0;
  RowRef ref;
};

/// What a scan looks for.
struct ScanQuery {
  const float* vector = nullptr;  ///< Of the field's dimension, normalised under cosine.
  std::size_t field = 0;
  std::size_t k = 10;
  /// Candidates of the code scan that are scored again with float32. At least k.
  std::size_t rescore = 0;
  const FilterProgram* filter = nullptr;  ///< Null: no filter.
  /// Loads the text of a row for filters that ask for it; see FilterSubject.
  const std::string* (*load_text)(void* context) = nullptr;
  void* text_context = nullptr;
  RowRef* text_row = nullptr;  ///< Set to the row before load_text may be called.
  std::optional<std::chrono::steady_clock::time_point> deadline;
  Timestamp now;  ///< Rows that expire at or before it are not seen.
  /// A chunk to leave out: the one whose vector the query is.
  std::optional<std::pair<DocumentNumber, ChunkNumber>> exclude;
};

struct ScanCounts {
  std::uint64_t rows = 0;       ///< Looked at.
  std::uint64_t distances = 0;  ///< Computed, of both kinds.
  std::uint64_t filter_tested = 0;
  std::uint64_t filter_passed = 0;
  std::uint64_t candidates = 0;  ///< Handed to rescoring.
  double rescore_micros = 0;
  bool deadline_cut = false;
};

/// The k best visible rows by float32, best first, equal scores by id. Ground truth. A NaN cannot
/// occur: vectors are checked when written.
std::vector<ScoredRow> ScanExact(const IndexView& view, const ScanQuery& query,
                                 const KernelTable& kernels, ScanCounts* counts);

/// The same over int8 codes: the best `rescore` rows by approximate score are scored with float32
/// and the best k of them returned.
std::vector<ScoredRow> ScanCodes(const IndexView& view, const ScanQuery& query,
                                 const KernelTable& kernels, ScanCounts* counts);

/// What a filter sees of a row.
FilterSubject SubjectOf(const RowBlock& block, std::uint32_t row, const ChunkState& state);

/// Whether a row is seen by a query at the view: visible, not expired, not excluded, accepted by
/// the filter. Counts filter tests.
bool AcceptRow(const IndexView& view, RowRef ref, const ScanQuery& query, ScanCounts* counts);

}  // namespace tracevec
