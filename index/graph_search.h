#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/kernels.h"
#include "index/code_rows.h"
#include "index/graph.h"
#include "index/int8_code.h"

namespace tracevec {

/// What a search did, and when it is to stop.
struct GraphCounts {
  std::uint64_t distances = 0;  ///< Approximate ones computed.
  std::uint64_t expanded = 0;   ///< Nodes whose neighbours were looked at.
  std::optional<std::chrono::steady_clock::time_point> deadline;
  bool deadline_cut = false;  ///< It passed: the best rows so far were returned.
};

/// A row found, with its approximate score.
struct Candidate {
  float score = 0;
  std::uint32_t row = 0;
};

/// Searches graphs best first: the way down the upper levels is greedy, the lowest level is walked
/// with a pool of the `ef` best rows seen, until all of them have been expanded (Malkov and
/// Yashunin 2018, algorithms 2 and 5; the pool as one sorted array as in NSG, Fu et al. 2019).
/// Takes no lock, calls nothing virtual, and allocates only to grow. One a thread; keeps its memory
/// from search to search: one bit for each row of the largest graph, and the pool.
class GraphSearcher {
 public:
  /// The at most `ef` best rows found, best first, valid until the next search. Equal scores are in
  /// no order. The lowest level is walked as if it had no row `hidden`, unless that is where the
  /// walk begins. REQUIRES: ef > 0, graph and rows belong together.
  std::span<const Candidate> Search(const GraphView& graph, const CodeRows& rows,
                                    const Int8Query& query, const KernelTable& kernels,
                                    std::size_t ef, GraphCounts* counts,
                                    std::uint32_t hidden = kNoNode);

 private:
  std::uint32_t Descend(const GraphView& graph, const CodeRows& rows, const Int8Query& query,
                        const KernelTable& kernels, GraphCounts* counts);
  /// Appends the neighbours not seen before to `fresh_` and has their codes fetched.
  void CollectFresh(const std::uint32_t* links, const CodeRows& rows);
  void ScoreFresh(const CodeRows& rows, const Int8Query& query, const KernelTable& kernels,
                  GraphCounts* counts);
  /// Puts a row where its score belongs; returns its place, or `ef` when it is not good enough.
  std::size_t Offer(float score, std::uint32_t row, std::size_t ef);

  bool MarkSeen(std::uint32_t row) {
    std::uint64_t& word = seen_[row / 64];
    const std::uint64_t bit = std::uint64_t{1} << (row % 64);
    const bool seen = (word & bit) != 0;
    word |= bit;
    return seen;
  }

  std::vector<std::uint64_t> seen_;
  std::vector<Candidate> pool_;
  std::vector<std::uint8_t> expanded_;
  std::size_t pool_size_ = 0;
  std::uint32_t fresh_[Graph::kDegree] = {};
  std::int32_t dots_[Graph::kDegree] = {};
  float scores_[Graph::kDegree] = {};
  std::size_t fresh_count_ = 0;
};

}  // namespace tracevec
