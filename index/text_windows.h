#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/bm25.h"
#include "index/postings.h"

namespace tracevec {

/// A clause of a query that is scored, in one set.
struct ScoredClause {
  TermRows rows;
  float weight = 0;  ///< See Bm25::Weight.
};

/// Finds the rows of a set that score best, window by window of rows: MAXSCORE (Turtle and Flood,
/// "Query Evaluation: Strategies and Optimizations", 1995) with block maxima (Ding and Suel,
/// "Faster Top-k Document Retrieval Using Block-Max Indexes", 2011). Of each window the clauses
/// with the smallest bounds, which together cannot reach the score that is needed, are set aside:
/// only rows of the others are candidates, and they are looked up in those set aside while they may
/// still win. Keeps room in each object for a window; one thread at a time.
class TextWindows {
 public:
  /// Offered a row and its score; gives the least score that rows need from now on.
  using Offer = std::function<Bm25::Sum(std::uint32_t row, Bm25::Sum score)>;
  /// Asked between windows: whether to stop.
  using Stop = std::function<bool()>;

  TextWindows();

  /// `lengths`: of the texts of all rows. `allowed`: row r is the bit r % 64 of allowed[r / 64];
  /// empty: all are. `least`: the score needed at the start.
  void Score(const Bm25& bm25, std::span<const ScoredClause> clauses,
             std::span<const std::uint32_t> lengths, std::span<const std::uint64_t> allowed,
             Bm25::Sum least, const Offer& offer, const Stop& stop);

  std::uint64_t rows_scored() const { return rows_scored_; }  ///< Of terms, over all calls.

 private:
  static constexpr std::uint32_t kRows = 2048;  ///< A window: 16 KB of sums.

  /// Moves along the rows of a clause.
  struct Cursor {
    const ScoredClause* clause = nullptr;
    std::size_t block = 0;
    std::uint32_t index = 0;     // In the block.
    Bm25::Sum bound = 0;         // Of the whole set,
    Bm25::Sum window_bound = 0;  // and of the window.

    bool at_end() const { return block == clause->rows.blocks.size(); }
    const PostingsBlock& current() const { return clause->rows.blocks[block]; }
    std::uint32_t row() const {
      return current().first_row + clause->rows.rows[current().begin + index];
    }
    /// To the first row that is not less.
    void MoveTo(std::uint32_t row);
  };

  void Begin(const Bm25& bm25, std::span<const ScoredClause> clauses);
  /// The first row that a clause has which the set cannot do without; false: none.
  bool NextRow(Bm25::Sum least, std::uint32_t from, std::uint32_t* row) const;
  void BoundWindow(const Bm25& bm25, std::uint32_t begin, std::uint32_t end);
  /// How many clauses of order_ are set aside.
  std::size_t SetAside(Bm25::Sum least);
  void AddClause(const Bm25& bm25, Cursor* cursor, std::uint32_t begin, std::uint32_t end,
                 Bm25::Sum least_of_block);
  void OfferRows(const Bm25& bm25, std::size_t aside, std::uint32_t begin, Bm25::Sum* least,
                 const Offer& offer);

  std::span<const std::uint32_t> lengths_;
  std::vector<Cursor> cursors_;
  std::vector<std::size_t> order_;         // Of cursors, by bound of the window, ascending.
  std::vector<Bm25::Sum> bounds_;          // Sums of the first of them.
  std::vector<Bm25::Sum> sums_;            // Of the window's rows.
  std::vector<std::uint64_t> candidates_;  // Bits of them.
  std::uint64_t rows_scored_ = 0;
};

}  // namespace tracevec
