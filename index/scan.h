#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/filter_program.h"
#include "core/kernels.h"
#include "index/code_query.h"
#include "index/filter_matches.h"
#include "index/filter_plan.h"
#include "index/index_view.h"

namespace tracevec {

/// What a scan looks for.
struct ScanQuery {
  const float* vector = nullptr;  ///< Of the field's dimension, normalised under cosine.
  std::size_t field = 0;
  std::size_t k = 10;
  /// Width of a graph search; 0: what each segment was found to need.
  std::size_t ef = 0;
  const FilterProgram* filter = nullptr;  ///< Null: no filter.
  /// What is known of its matches, for each set of the view; null: nothing.
  const FilterMatches* matches = nullptr;
  /// Loads the text of a row for filters that ask for it; see FilterSubject.
  const std::string* (*load_text)(void* context) = nullptr;
  void* text_context = nullptr;
  RowRef* text_row = nullptr;       ///< Set to the row before load_text may be called.
  StateScratch* scratch = nullptr;  ///< Of the thread that runs the query. Not null.
  std::optional<std::chrono::steady_clock::time_point> deadline;
  Timestamp now;  ///< Rows that expire at or before it are not seen.
  /// A row to search as if it was not there: graphs are walked without it.
  std::optional<RowRef> hidden;
  /// A chunk to leave out: the one whose vector the query is.
  std::optional<std::pair<DocumentNumber, ChunkNumber>> exclude;
};

struct ScanCounts {
  std::uint64_t rows = 0;       ///< Looked at.
  std::uint64_t distances = 0;  ///< Computed, of both kinds.
  std::uint64_t filter_tested = 0;
  std::uint64_t filter_passed = 0;
  std::uint64_t candidates = 0;  ///< Found by approximate score.
  std::uint64_t rescored = 0;    ///< Of them, scored again.
  std::vector<SearchWay> ways;   ///< With a filter: how each set was searched.
  std::uint64_t graphs = 0;      ///< Segments searched along their graph.
  std::uint64_t nodes = 0;       ///< Of graphs, whose neighbours were looked at.
  double rescore_micros = 0;
  bool int4 = false;  ///< Codes of 4 bits were among those searched.
  bool deadline_cut = false;

  /// Of another query of the same sets; `ways` stay those of the first.
  void Add(const ScanCounts& other);
};

/// The k best visible rows by float32, best first, equal scores by id. Ground truth. A NaN cannot
/// occur: vectors are checked when written.
std::vector<ScoredRow> ScanExact(const IndexView& view, const ScanQuery& query,
                                 const KernelTable& kernels, ScanCounts* counts);

/// Scans the codes of one set of the view, or those of its matches, and keeps the best `count`
/// accepted rows, by approximate score.
std::vector<ScoredRow> ScanCodes(const IndexView& view, std::uint32_t set, const ScanQuery& query,
                                 const CodeQuery& coded, std::size_t count,
                                 const KernelTable& kernels, ScanCounts* counts);

bool DeadlinePassed(const ScanQuery& query);

/// Whether a filter that needs no text accepts a row. REQUIRES: set.VisibleAt(row, view).
bool FilterAccepts(const RowSet& set, std::uint32_t row, CommitNumber view,
                   const FilterProgram& filter, StateScratch* scratch);

/// Whether a row is seen by a query at the view: visible, not expired, not excluded, accepted by
/// the filter. Counts filter tests.
bool AcceptRow(const IndexView& view, RowRef ref, const ScanQuery& query, ScanCounts* counts);

}  // namespace tracevec
