#include "index/graph_search.h"

#include <algorithm>
#include <cstring>

namespace tracevec {
namespace {

constexpr std::size_t kCacheLine = 64;
/// Nodes expanded between two looks at the clock: some 10 us, and as many for a walk beside it.
constexpr std::uint64_t kNodesPerClock = 16;

void PrefetchBytes(const void* from, std::size_t bytes) {
  const auto* at = static_cast<const char*>(from);
  for (std::size_t i = 0; i < bytes; i += kCacheLine) __builtin_prefetch(at + i);
}

}  // namespace

std::span<const Candidate> GraphSearcher::Search(const GraphView& graph, const CodeRows& rows,
                                                 const Int8Query& query, const KernelTable& kernels,
                                                 std::size_t ef, GraphCounts* counts,
                                                 std::uint32_t hidden) {
  Begin(graph, rows, query, kernels, ef, counts, hidden);
  while (Fetch()) Take();
  return found();
}

void GraphSearcher::Begin(const GraphView& graph, const CodeRows& rows, const Int8Query& query,
                          const KernelTable& kernels, std::size_t ef, GraphCounts* counts,
                          std::uint32_t hidden) {
  graph_ = &graph;
  rows_ = rows;
  query_ = &query;
  kernels_ = &kernels;
  ef_ = ef;
  counts_ = counts;
  next_ = 0;
  pool_size_ = 0;
  if (graph.entry == kNoNode) return;
  if (pool_.size() < ef + 1) {
    expanded_.resize(ef + 1);
    pool_.resize(ef + 1);  // Last: without memory for both, the next search is to ask again.
  }
  seen_.assign((rows.rows + 63) / 64, 0);
  if (hidden != kNoNode) MarkSeen(hidden);

  const std::uint32_t entry = Descend();
  MarkSeen(entry);
  fresh_[0] = entry;
  fresh_count_ = 1;
  ScoreFresh();
  Offer(scores_[0], entry);
}

bool GraphSearcher::Fetch() {
  if (next_ >= pool_size_) return false;
  const std::uint32_t row = pool_[next_].row;
  expanded_[next_] = 1;
  if (++counts_->expanded % kNodesPerClock == 0 && counts_->deadline &&
      std::chrono::steady_clock::now() >= *counts_->deadline) {
    counts_->deadline_cut = true;
    return false;
  }
  CollectFresh(graph_->links + std::size_t{row} * Graph::kDegree);
  return true;
}

void GraphSearcher::Take() {
  ScoreFresh();
  std::size_t first = pool_size_;
  for (std::size_t i = 0; i < fresh_count_; ++i) {
    if (pool_size_ == ef_ && !(scores_[i] > pool_[ef_ - 1].score)) continue;
    first = std::min(first, Offer(scores_[i], fresh_[i]));
  }
  next_ = std::min(next_ + 1, first);
  while (next_ < pool_size_ && expanded_[next_] != 0) ++next_;
  if (next_ < pool_size_) {
    PrefetchBytes(graph_->links + std::size_t{pool_[next_].row} * Graph::kDegree,
                  Graph::kDegree * sizeof(std::uint32_t));
  }
}

std::uint32_t GraphSearcher::Descend() {
  const GraphView& graph = *graph_;
  std::uint32_t node = graph.entry;
  if (graph.levels.empty()) return node;
  const std::uint32_t top = graph.levels.back().rows[node];
  fresh_[0] = top;
  fresh_count_ = 1;
  ScoreFresh();
  float best = scores_[0];
  for (std::size_t level = graph.levels.size(); level-- > 0;) {
    const GraphView::Level& at = graph.levels[level];
    while (true) {
      const std::uint32_t* links = at.links + std::size_t{node} * Graph::kUpperDegree;
      fresh_count_ = 0;
      while (fresh_count_ < Graph::kUpperDegree && links[fresh_count_] != kNoNode) {
        fresh_[fresh_count_] = at.rows[links[fresh_count_]];
        PrefetchBytes(rows_.row(fresh_[fresh_count_]), rows_.dimension);
        ++fresh_count_;
      }
      ScoreFresh();
      const std::size_t nearest =
          static_cast<std::size_t>(std::max_element(scores_, scores_ + fresh_count_) - scores_);
      if (fresh_count_ == 0 || !(scores_[nearest] > best)) break;
      best = scores_[nearest];
      node = links[nearest];
    }
    node = at.below[node];
  }
  return node;
}

void GraphSearcher::CollectFresh(const std::uint32_t* links) {
  const CodeRows rows = rows_;  // Which the compiler then knows that no store below changes.
  std::size_t count = 0;
  for (std::size_t i = 0; i < Graph::kDegree && links[i] != kNoNode; ++i) {
    const std::uint32_t row = links[i];
    if (MarkSeen(row)) continue;
    fresh_[count++] = row;
    PrefetchBytes(rows.row(row), rows.dimension);
    __builtin_prefetch(rows.scales + row);
  }
  fresh_count_ = count;
}

void GraphSearcher::ScoreFresh() {
  const CodeRows rows = rows_;
  const Int8Query& query = *query_;
  const std::size_t count = fresh_count_;
  kernels_->dot_u8s8_gather(query.codes(), rows.codes, rows.stride, fresh_, count, rows.dimension,
                            dots_);
  counts_->distances += count;
  if (rows.metric == Metric::kL2) {
    for (std::size_t i = 0; i < count; ++i) {
      scores_[i] = query.Score(rows.scales[fresh_[i]], rows.squared_norms[fresh_[i]], dots_[i]);
    }
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      scores_[i] = query.Score(rows.scales[fresh_[i]], 0, dots_[i]);
    }
  }
}

std::size_t GraphSearcher::Offer(float score, std::uint32_t row) {
  Candidate* const begin = pool_.data();
  Candidate* const at =
      std::upper_bound(begin, begin + pool_size_, score,
                       [](float value, const Candidate& entry) { return value > entry.score; });
  const auto place = static_cast<std::size_t>(at - begin);
  if (place == ef_) return ef_;
  const std::size_t moved = std::min(pool_size_, ef_ - 1) - place;
  std::memmove(at + 1, at, moved * sizeof(Candidate));
  std::memmove(expanded_.data() + place + 1, expanded_.data() + place, moved);
  *at = {score, row};
  expanded_[place] = 0;
  pool_size_ = std::min(pool_size_ + 1, ef_);
  return place;
}

void WalkInTurn(std::span<GraphSearcher*> walks) {
  while (!walks.empty()) {
    const auto ended = std::partition(walks.begin(), walks.end(),
                                      [](GraphSearcher* walk) { return walk->Fetch(); });
    walks = {walks.begin(), ended};
    for (GraphSearcher* walk : walks) walk->Take();
  }
}

}  // namespace tracevec
