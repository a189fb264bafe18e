#include "index/graph_search.h"

#include <algorithm>

namespace tracevec {
namespace {

static_assert(Graph::kDegree <= CandidatePool::kMostAtOnce && Graph::kDegree % 16 == 0,
              "a node's neighbours are taken at once, sixteen to a register");
constexpr std::size_t kCacheLine = 64;
/// Fewer than this part of what is usual are few.
constexpr double kFew = 0.4;
/// Passages are gone through that are better than this part of the best rows found: where few rows
/// match, more ways lead past them. Of half of 60,003 x 384 walks find 0.994 with a width of 24 so,
/// 0.998 with all, which takes 1.5 times as long; of a fifth 0.990 and 0.995, for 1.1 times.
double ReachFor(double share) { return share >= 0.35 ? 0.5 : 1.0; }
/// Passages kept for each row that is wanted: with one, walks among a tenth of 339,479 x 100 find
/// 0.966 at width 256, with four 0.978, and look at a tenth more.
constexpr std::size_t kPassagesKept = 4;
/// Where the rows are far from the query, scans are the better way up to so many rows for each of
/// the wider walk; see kScannedRowsOfWidth in filter_plan.cc.
constexpr double kScannedRowsOfFarWidth = 100;
/// Nodes expanded between two looks at the clock: some 10 us, and as many for a walk beside it.
constexpr std::uint64_t kNodesPerClock = 16;

void PrefetchBytes(const void* from, std::size_t bytes) {
  const auto* at = static_cast<const char*>(from);
  for (std::size_t i = 0; i < bytes; i += kCacheLine) __builtin_prefetch(at + i);
}

}  // namespace

std::span<const Candidate> GraphSearcher::Search(const GraphView& graph, const CodeRows& rows,
                                                 const CodeQuery& query, const KernelTable& kernels,
                                                 std::size_t ef, GraphCounts* counts,
                                                 std::uint32_t hidden) {
  Begin(graph, rows, query, kernels, ef, counts, hidden);
  while (Fetch()) Take();
  return found();
}

void GraphSearcher::Begin(const GraphView& graph, const CodeRows& rows, const CodeQuery& query,
                          const KernelTable& kernels, std::size_t ef, GraphCounts* counts,
                          std::uint32_t hidden) {
  graph_ = &graph;
  rows_ = rows;
  query_ = &query;
  kernels_ = &kernels;
  counts_ = counts;
  pool_.Reset(ef);
  if (graph.entry == kNoNode) return;
  among_ = false;
  fresh_passage_count_ = 0;
  passages_.Reset(1);
  seen_.assign((rows.rows + 31) / 32, 0);
  if (hidden != kNoNode) MarkSeen(hidden);

  const std::uint32_t entry = Descend();
  MarkSeen(entry);
  fresh_[0] = entry;
  fresh_count_ = 1;
  ScoreFresh();
  pool_.Offer(scores_, fresh_, 1);
}

void GraphSearcher::BeginAmong(const WalkAmong& among, const GraphView& graph, const CodeRows& rows,
                               const CodeQuery& query, const KernelTable& kernels, std::size_t ef,
                               GraphCounts* counts) {
  Begin(graph, rows, query, kernels, ef, counts);
  if (graph.entry == kNoNode) return;
  among_ = true;
  const std::uint32_t entry = fresh_[0];
  const bool far = ShareAbout(entry, among.bits) < kFew * among.share;
  const std::size_t width = far ? kFarWider * ef : ef;
  pool_.Reset(width);
  const double matches = among.share * rows.rows;
  if (far && matches <= kScannedRowsOfFarWidth * static_cast<double>(width)) return;
  passages_.Reset(kPassagesKept * width);
  reach_ = static_cast<std::size_t>(ReachFor(among.share) * static_cast<double>(width - 1));
  // What the walk is not among counts as seen, and what it is among as a passage seen: then
  // neighbours of both kinds are found as fast as a walk without a filter finds its own.
  std::transform(among.bits.begin(), among.bits.end(), seen_.begin(),
                 [](std::uint32_t word) { return ~word; });
  passages_seen_.assign(among.bits.begin(), among.bits.end());
  const std::uint32_t bit = 1U << (entry % 32);
  const bool is_passage = (seen_[entry / 32] & bit) != 0;
  (is_passage ? passages_seen_ : seen_)[entry / 32] |= bit;
  (is_passage ? passages_ : pool_).Offer(scores_, fresh_, 1);
  if (!far) return;
  fresh_count_ = 0;
  for (const std::uint32_t seed : among.seeds) {
    if (fresh_count_ == Graph::kDegree || (seen_[seed / 32] >> (seed % 32) & 1) != 0) continue;
    MarkSeen(seed);
    Prefetch(seed);
    fresh_[fresh_count_++] = seed;
  }
  ScoreFresh();
  pool_.Offer(scores_, fresh_, fresh_count_);
}

std::uint32_t GraphSearcher::TakeNext() {
  through_passage_ = false;
  if (among_ && passages_.HasNext()) {
    const float score = passages_.next_score();
    const bool is_near = pool_.size() <= reach_ || score > pool_.score(reach_);
    if (is_near && (!pool_.HasNext() || score > pool_.next_score())) {
      through_passage_ = true;
      return passages_.TakeNext();
    }
  }
  return pool_.HasNext() ? pool_.TakeNext() : kNoNode;
}

bool GraphSearcher::Fetch() {
  const std::uint32_t row = TakeNext();
  if (row == kNoNode) return false;
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
  pool_.Offer(scores_, fresh_, fresh_count_);
  if (fresh_passage_count_ > 0) TakePassages();
  for (const CandidatePool* pool : {&pool_, &passages_}) {
    if (!pool->HasNext()) continue;
    PrefetchBytes(graph_->links + std::size_t{pool->next()} * Graph::kDegree,
                  Graph::kDegree * sizeof(std::uint32_t));
  }
}

void GraphSearcher::TakePassages() {
  query_->ScoreRows(rows_, fresh_passages_, fresh_passage_count_, *kernels_, dots_, scores_);
  counts_->distances += fresh_passage_count_;
  // What is too far now stays so, as the rows found only get better: it need not be kept.
  std::size_t near = fresh_passage_count_;
  if (pool_.size() > reach_) {
    const float least = pool_.score(reach_);
    near = 0;
    for (std::size_t i = 0; i < fresh_passage_count_; ++i) {
      const float score = scores_[i];
      scores_[near] = score;
      fresh_passages_[near] = fresh_passages_[i];
      near += score > least ? 1 : 0;
    }
  }
  passages_.Offer(scores_, fresh_passages_, near);
}

std::span<const Candidate> GraphSearcher::found() {
  found_.resize(pool_.size());
  for (std::size_t i = 0; i < found_.size(); ++i) found_[i] = {pool_.score(i), pool_.row(i)};
  return found_;
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
        PrefetchBytes(rows_.row(fresh_[fresh_count_]), rows_.bytes);
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
  fresh_count_ = kernels_->take_unseen(links, Graph::kDegree, seen_.data(), fresh_);
  for (std::size_t i = 0; i < fresh_count_; ++i) Prefetch(fresh_[i]);
  fresh_passage_count_ = 0;
  // Behind a passage are no passages, but on the way to the first of the rows.
  if (!among_ || (through_passage_ && pool_.size() > 0)) return;
  fresh_passage_count_ =
      kernels_->take_unseen(links, Graph::kDegree, passages_seen_.data(), fresh_passages_);
  for (std::size_t i = 0; i < fresh_passage_count_; ++i) Prefetch(fresh_passages_[i]);
}

double GraphSearcher::ShareAbout(std::uint32_t node, std::span<const std::uint32_t> bits) const {
  constexpr std::size_t kNodes = 8;
  std::size_t seen = 0;
  std::size_t among = 0;
  const auto count = [&](std::uint32_t of) {
    const std::uint32_t* links = graph_->links + std::size_t{of} * Graph::kDegree;
    for (std::size_t i = 0; i < Graph::kDegree && links[i] != kNoNode; ++i, ++seen) {
      among += bits[links[i] / 32] >> (links[i] % 32) & 1;
    }
    return links;
  };
  const std::uint32_t* links = count(node);
  for (std::size_t i = 0; i < kNodes && links[i] != kNoNode; ++i) count(links[i]);
  return seen == 0 ? 1 : static_cast<double>(among) / static_cast<double>(seen);
}

void GraphSearcher::Prefetch(std::uint32_t row) const {
  PrefetchBytes(rows_.row(row), rows_.bytes);
  if (rows_.factors_apart()) __builtin_prefetch(rows_.factors + row * rows_.factor_stride);
}

void GraphSearcher::ScoreFresh() {
  query_->ScoreRows(rows_, fresh_, fresh_count_, *kernels_, dots_, scores_);
  counts_->distances += fresh_count_;
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
