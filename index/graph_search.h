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
/// Takes no lock, calls nothing virtual, and allocates only to grow. One a walk at a time; keeps
/// its memory from search to search: one bit for each row of the largest graph, and the pool.
///
/// A search is mostly waiting for memory: for a node's links, then for the codes of its neighbours.
/// So walks of several queries may take turns, each asking for what it needs next before the others
/// compute (WalkInTurn).
class GraphSearcher {
 public:
  /// The at most `ef` best rows found, best first, valid until the next search. Equal scores are in
  /// no order. The lowest level is walked as if it had no row `hidden`, unless that is where the
  /// walk begins. REQUIRES: ef > 0, graph and rows belong together.
  std::span<const Candidate> Search(const GraphView& graph, const CodeRows& rows,
                                    const Int8Query& query, const KernelTable& kernels,
                                    std::size_t ef, GraphCounts* counts,
                                    std::uint32_t hidden = kNoNode);

  /// The same in steps: Begin, then Fetch and Take in turn until Fetch returns false, then found().
  /// What is passed must outlive the walk.
  void Begin(const GraphView& graph, const CodeRows& rows, const Int8Query& query,
             const KernelTable& kernels, std::size_t ef, GraphCounts* counts,
             std::uint32_t hidden = kNoNode);
  /// Goes to the best node not looked at yet and has the codes of its neighbours fetched. False:
  /// there is none, or the time is up.
  bool Fetch();
  /// Scores the neighbours, and has the links of the next node fetched.
  void Take();
  std::span<const Candidate> found() const { return {pool_.data(), pool_size_}; }

 private:
  std::uint32_t Descend();
  /// Appends the neighbours not seen before to `fresh_` and has their codes fetched.
  void CollectFresh(const std::uint32_t* links);
  void ScoreFresh();
  /// Puts a row where its score belongs; returns its place, or `ef_` when it is not good enough.
  std::size_t Offer(float score, std::uint32_t row);

  bool MarkSeen(std::uint32_t row) {
    std::uint64_t& word = seen_[row / 64];
    const std::uint64_t bit = std::uint64_t{1} << (row % 64);
    const bool seen = (word & bit) != 0;
    word |= bit;
    return seen;
  }

  const GraphView* graph_ = nullptr;
  CodeRows rows_;
  const Int8Query* query_ = nullptr;
  const KernelTable* kernels_ = nullptr;
  std::size_t ef_ = 0;
  GraphCounts* counts_ = nullptr;
  std::size_t next_ = 0;  // The best not expanded: all before it are.
  std::vector<std::uint64_t> seen_;
  std::vector<Candidate> pool_;
  std::vector<std::uint8_t> expanded_;
  std::size_t pool_size_ = 0;
  std::uint32_t fresh_[Graph::kDegree] = {};
  std::int32_t dots_[Graph::kDegree] = {};
  float scores_[Graph::kDegree] = {};
  std::size_t fresh_count_ = 0;
};

/// Goes on with walks that were begun until all have ended, each a node at a time. Two at once take
/// 0.75 of the time of one after the other on 339,479 x 100 (86 MB of codes and links, ef 192),
/// 0.83 on 60,003 x 384 (ef 64); three and more are no faster: their codes drive each other's out
/// of the caches. Leaves no order in `walks`.
void WalkInTurn(std::span<GraphSearcher*> walks);

}  // namespace tracevec
