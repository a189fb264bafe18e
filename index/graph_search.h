#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/kernels.h"
#include "index/candidate_pool.h"
#include "index/code_query.h"
#include "index/code_rows.h"
#include "index/graph.h"

namespace tracevec {

/// What a search did, and when it is to stop.
struct GraphCounts {
  std::uint64_t distances = 0;  ///< Approximate ones computed.
  std::uint64_t expanded = 0;   ///< Nodes whose neighbours were looked at.
  std::optional<std::chrono::steady_clock::time_point> deadline;
  bool deadline_cut = false;  ///< It passed: the best rows so far were returned.
};

/// The rows that a filtered walk is to find, see SetMatches.
struct WalkAmong {
  std::span<const std::uint32_t> bits;
  std::span<const std::uint32_t> seeds;
  double share = 0;  ///< Of the rows that have their bit set.
};

/// Searches graphs best first: the way down the upper levels is greedy, the lowest level is walked
/// with a pool of the `ef` best rows seen, until all of them have been expanded (Malkov and
/// Yashunin 2018, algorithms 2 and 5; for the pool see CandidatePool).
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
                                    const CodeQuery& query, const KernelTable& kernels,
                                    std::size_t ef, GraphCounts* counts,
                                    std::uint32_t hidden = kNoNode);

  /// The same in steps: Begin, then Fetch and Take in turn until Fetch returns false, then found().
  /// What is passed must outlive the walk.
  void Begin(const GraphView& graph, const CodeRows& rows, const CodeQuery& query,
             const KernelTable& kernels, std::size_t ef, GraphCounts* counts,
             std::uint32_t hidden = kNoNode);
  /// A walk among some of the rows, in the manner of ACORN (Patel et al. 2024), but through near
  /// rows alone: a neighbour that is not one of them is a passage. It is scored, and its own
  /// neighbours among the rows are looked at, if it comes up before it is farther than many of the
  /// best rows found. Where few of the rows are about the graph's entry, the walk also begins at
  /// the seeds, since they may all be far from the query, and is kFarWider times as wide as `ef`:
  /// the nearest of rows that are far away are hard to tell from the others.
  void BeginAmong(const WalkAmong& among, const GraphView& graph, const CodeRows& rows,
                  const CodeQuery& query, const KernelTable& kernels, std::size_t ef,
                  GraphCounts* counts);
  /// Goes to the best node not looked at yet and has the codes of its neighbours fetched. False:
  /// there is none, or the time is up.
  bool Fetch();
  /// Scores the neighbours, and has the links of the next node fetched.
  void Take();
  /// What Search returns.
  std::span<const Candidate> found();

 private:
  std::uint32_t Descend();
  /// The best row not looked at yet, a passage too if it is near enough; kNoNode: none is left.
  std::uint32_t TakeNext();
  /// Sets `fresh_` to the neighbours not seen before and has their codes fetched; in a walk among
  /// rows also the passages beside them.
  void CollectFresh(const std::uint32_t* links);
  static constexpr std::size_t kFarWider = 4;

  /// How many of the rows about a node the walk is among.
  double ShareAbout(std::uint32_t node, std::span<const std::uint32_t> bits) const;
  void Prefetch(std::uint32_t row) const;
  void ScoreFresh();
  /// Scores the passages and keeps those that may be gone through.
  void TakePassages();
  void MarkSeen(std::uint32_t row) { seen_[row / 32] |= 1U << (row % 32); }

  const GraphView* graph_ = nullptr;
  CodeRows rows_;
  const CodeQuery* query_ = nullptr;
  const KernelTable* kernels_ = nullptr;
  GraphCounts* counts_ = nullptr;
  std::vector<std::uint32_t> seen_;
  CandidatePool pool_;
  std::vector<Candidate> found_;
  std::uint32_t fresh_[Graph::kDegree + 16] = {};  // As take_unseen wants it.
  std::int32_t dots_[Graph::kDegree] = {};
  float scores_[Graph::kDegree] = {};
  std::size_t fresh_count_ = 0;

  // Of a walk among some of the rows.
  bool among_ = false;
  bool through_passage_ = false;              // The row looked at last is one.
  CandidatePool passages_;                    // Best first, as pool_.
  std::size_t reach_ = 0;                     // Passages are to be better than this place of pool_.
  std::vector<std::uint32_t> passages_seen_;  // As seen_; what the walk is among counts as seen.
  std::uint32_t fresh_passages_[Graph::kDegree + 16] = {};
  std::size_t fresh_passage_count_ = 0;
};

/// How many walks should take turns: two at once take 0.75 of the time of one after the other on
/// 339,479 x 100 (86 MB of codes and links, ef 192), 0.83 on 60,003 x 384 (ef 64); three and more
/// are no faster: their codes drive each other's out of the caches.
constexpr std::size_t kWalksInTurn = 2;

/// Goes on with walks that were begun until all have ended, each a node at a time. Leaves no order
/// in `walks`.
void WalkInTurn(std::span<GraphSearcher*> walks);

}  // namespace tracevec
