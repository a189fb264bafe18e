#include "index/search.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <optional>

#include "index/graph_search.h"
#include "index/top_k.h"

namespace tracevec {
namespace {

/// Candidates of a scan besides the k wanted. In tight clusters int8 tells neighbours apart badly:
/// of 6,000 rows in 50 clusters of width 0.05, recall@10 is 0.66 with 32, 0.88 with 64 and 0.999
/// with 128. Codes of 4 bits are off by ten times as much, and take as many as are wanted more: the
/// 1,000 nearest of 339,479 x 100 are found to 0.94 with 128.
constexpr std::size_t kScanSlack = 128;
std::size_t ScanWidth(const RowSet& set, const ScanQuery& query) {
  const std::size_t slack = kScanSlack + (set.rotation(query.field) != nullptr ? query.k : 0);
  return std::max(query.ef, query.k + slack);
}

/// Candidates scored again before the first thought of stopping, besides the k wanted.
constexpr std::size_t kRescoreSlack = 6;
constexpr std::size_t kRescoresAhead = 4;

/// How wide to search a graph: as asked, or what finds enough of the ten nearest, and in proportion
/// for more. Never less than k; over codes of 4 bits, of which the k best are not the k nearest,
/// half as many more: with k candidates the 10 nearest of 339,479 x 100 are found to 0.84 at best.
/// Who asks for a narrow search gets a fast one all the same: on 60,003 x 384 width 16 has recall
/// 0.988.
std::size_t WidthOf(const RowSet& set, const ScanQuery& query) {
  const bool int4 = set.rotation(query.field) != nullptr;
  const std::size_t least = int4 ? query.k + query.k / 2 + 2 : query.k;
  if (query.ef != 0) return std::max(query.ef, least);
  return std::max<std::size_t>(set.default_ef(query.field), 2 * query.k + 12);
}

SearchFacts FactsOf(const IndexView& view, std::size_t place, const ScanQuery& query) {
  const RowSet& set = *view.sets[place];
  SearchFacts facts;
  facts.rows = view.sizes[place];
  facts.has_graph = set.graph(query.field) != nullptr;
  facts.width = WidthOf(set, query);
  facts.has_filter = query.filter != nullptr;
  if (query.matches != nullptr) {
    const SetMatches& matches = query.matches->sets[place];
    facts.narrowed = matches.narrowed;
    facts.exact = matches.exact;
    facts.matches = static_cast<double>(matches.count);
  }
  return facts;
}

/// Rows of a damaged image may score what is no number, which no order has a place for.
bool IsNumber(float score) { return score == score; }

/// One query's search.
class Search {
 public:
  Search(const IndexView& view, const KernelTable& kernels, CodeSearch* search,
         GraphSearcher* searcher)
      : view_(view),
        query_(*search->query),
        kernels_(kernels),
        counts_(&search->counts),
        layout_(view.sets.front()->fields()[query_.field]),
        searcher_(*searcher) {}

  /// Begins a walk along the graph of a set, if that is how to search it.
  GraphSearcher* BeginSet(std::uint32_t place) {
    if (DeadlinePassed(query_)) counts_->deadline_cut = true;
    skipped_ = counts_->deadline_cut;
    if (skipped_) return nullptr;
    const SearchPlan plan = PlanSearch(FactsOf(view_, place, query_));
    way_ = plan.way;
    if (IsScan()) return nullptr;
    BeginWalk(place, plan.width);
    return &searcher_;
  }

  /// Takes what the walk found, once it has ended, or scans the set.
  void EndSet(std::uint32_t place) {
    if (skipped_) return;
    if (!IsScan() && !TakeFound(place)) {
      way_ = MatchesOf(place) != nullptr ? SearchWay::kScanMatches : SearchWay::kScan;
    }
    if (IsScan()) Scan(place);
    if (query_.filter != nullptr) counts_->ways.push_back(way_);
  }

  std::vector<ScoredRow> Rank() {
    // What one graph found is in order but for ids of equal scores.
    if (!std::is_sorted(candidates_.begin(), candidates_.end(), BetterById{&view_})) {
      std::sort(candidates_.begin(), candidates_.end(), BetterById{&view_});
    }
    counts_->candidates = candidates_.size();
    return Rescore();
  }

 private:
  bool IsScan() const { return way_ == SearchWay::kScan || way_ == SearchWay::kScanMatches; }

  const SetMatches* MatchesOf(std::uint32_t place) const {
    return query_.matches != nullptr ? &query_.matches->sets[place] : nullptr;
  }

  /// The query as it is compared with a set's codes.
  const CodeQuery& QueryFor(const RowSet& set) {
    if (const Rotation* rotation = set.rotation(query_.field)) {
      if (!int4_) int4_.emplace(query_.vector, *rotation, layout_.metric);
      counts_->int4 = true;
      return *int4_;
    }
    if (!int8_) int8_.emplace(query_.vector, layout_.dimension, layout_.metric);
    return *int8_;
  }

  void Scan(std::uint32_t set) {
    const RowSet& rows = *view_.sets[set];
    const std::vector<ScoredRow> found =
        ScanCodes(view_, set, query_, QueryFor(rows), ScanWidth(rows, query_), kernels_, counts_);
    std::copy_if(found.begin(), found.end(), std::back_inserter(candidates_),
                 [](const ScoredRow& row) { return IsNumber(row.score); });
  }

  void BeginWalk(std::uint32_t place, std::size_t ef) {
    const RowSet& set = *view_.sets[place];
    width_ = ef;
    graph_counts_ = {};
    graph_counts_.deadline = query_.deadline;
    if (way_ == SearchWay::kWalkMatches) {
      const SetMatches& matches = *MatchesOf(place);
      // Nothing links to a row without a vector of the field: a walk must not begin there either.
      seeds_.clear();
      const WalkRows& walk = matches.ForWalk(view_.sizes[place]);
      std::copy_if(walk.seeds.begin(), walk.seeds.end(), std::back_inserter(seeds_),
                   [&](std::uint32_t row) { return set.HasVector(query_.field, row); });
      searcher_.BeginAmong(
          {walk.bits, seeds_, static_cast<double>(matches.count) / view_.sizes[place]},
          *set.graph(query_.field), set.code_rows(query_.field, view_.sizes[place]), QueryFor(set),
          kernels_, ef, &graph_counts_);
      return;
    }
    searcher_.Begin(*set.graph(query_.field), set.code_rows(query_.field, view_.sizes[place]),
                    QueryFor(set), kernels_, ef, &graph_counts_, HiddenOf(place));
  }

  std::uint32_t HiddenOf(std::uint32_t place) const {
    return query_.hidden && query_.hidden->set == place ? query_.hidden->row : kNoNode;
  }

  /// False when so much of what is near cannot be seen, or reached, that a scan is due.
  bool TakeFound(std::uint32_t place) {
    const std::size_t before = candidates_.size();
    while (true) {
      counts_->distances += graph_counts_.distances;
      counts_->nodes += graph_counts_.expanded;
      counts_->deadline_cut = graph_counts_.deadline_cut;
      const auto found = searcher_.found();
      Accept(place, found);
      const SetMatches* matches = MatchesOf(place);
      const bool all_found = found.size() == view_.sizes[place] ||
                             (matches != nullptr && candidates_.size() - before == matches->count);
      if (all_found || candidates_.size() - before >= query_.k || counts_->deadline_cut) {
        ++counts_->graphs;
        return true;
      }
      candidates_.resize(before);
      // Links have a direction: a group of equal rows may be a place that no way leads out of.
      if (found.size() < width_ || 2 * width_ > kWidestSearch) return false;
      BeginWalk(place, 2 * width_);
      while (searcher_.Fetch()) searcher_.Take();
    }
  }

  void Accept(std::uint32_t place, std::span<const Candidate> found) {
    // A walk among the matches finds nothing else.
    const bool all_match = query_.filter == nullptr || way_ == SearchWay::kWalkMatches;
    const bool all_accepted = all_match && view_.sets[place]->AllVisibleAt(view_.commit) &&
                              !view_.may_expire && !query_.exclude && !query_.hidden;
    for (const Candidate& candidate : found) {
      const RowRef ref{place, candidate.row};
      if (!IsNumber(candidate.score)) continue;
      if (all_accepted || AcceptRow(view_, ref, query_, counts_)) {
        candidates_.push_back({candidate.score, ref});
      }
    }
  }

  const float* VectorOf(const ScoredRow& row) const {
    return view_.sets[row.ref.set]->vector(query_.field, row.ref.row);
  }

  float ExactScore(const ScoredRow& row) const {
    return layout_.metric == Metric::kL2
               ? -kernels_.l2_f32(query_.vector, VectorOf(row), layout_.dimension)
               : kernels_.dot_f32(query_.vector, VectorOf(row), layout_.dimension);
  }

  void Prefetch(std::size_t candidate) const {
    if (candidate >= candidates_.size()) return;
    const auto* bytes = reinterpret_cast<const char*>(VectorOf(candidates_[candidate]));
    for (std::size_t i = 0; i < layout_.dimension * sizeof(float); i += 64) {
      __builtin_prefetch(bytes + i);
    }
  }

  /// What approximate scores were off by so far, of one kind of code.
  struct Errors {
    std::size_t rescored = 0;
    float most = 0;
  };

  /// Approximate scores of a kind of code are off by about the same amount for all candidates of a
  /// query. One that would have to be off by 1.5 times the most seen so far to enter the answer is
  /// left out.
  std::vector<ScoredRow> Rescore() {
    const auto start = std::chrono::steady_clock::now();
    TopK<ScoredRow, BetterById> best(query_.k, BetterById{&view_});
    Errors int8;
    Errors int4;
    for (std::size_t i = 0; i < kRescoresAhead; ++i) Prefetch(i);
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      ScoredRow row = candidates_[i];
      Errors& errors = view_.sets[row.ref.set]->rotation(query_.field) ? int4 : int8;
      if (errors.rescored >= query_.k + kRescoreSlack && best.full() &&
          row.score + 1.5F * errors.most < best.worst().score) {
        if (!counts_->int4) break;  // Those after it are worse, and of the same kind.
        continue;
      }
      Prefetch(i + kRescoresAhead);
      const float exact = ExactScore(row);
      errors.most = std::max(errors.most, std::abs(exact - row.score));
      ++errors.rescored;
      row.score = exact;
      if (IsNumber(exact)) best.Offer(row);
    }
    counts_->rescored = int8.rescored + int4.rescored;
    counts_->distances += counts_->rescored;
    counts_->rescore_micros =
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
    return best.Take();
  }

  const IndexView& view_;
  const ScanQuery& query_;
  const KernelTable& kernels_;
  ScanCounts* counts_;
  const FieldLayout layout_;
  std::optional<CodeQuery> int8_;  // Made when a set needs it.
  std::optional<CodeQuery> int4_;
  GraphSearcher& searcher_;
  GraphCounts graph_counts_;  // Of the walk that goes on.
  std::size_t width_ = 0;
  SearchWay way_ = SearchWay::kScan;
  bool skipped_ = false;
  std::vector<std::uint32_t> seeds_;
  std::vector<ScoredRow> candidates_;
};

}  // namespace

void SearchCodes(const IndexView& view, const KernelTable& kernels,
                 std::span<CodeSearch> searches) {
  if (view.sets.empty()) return;
  thread_local std::array<GraphSearcher, kSearchesInTurn> searchers;
  std::vector<Search> running;
  running.reserve(searches.size());
  for (std::size_t i = 0; i < searches.size(); ++i) {
    running.emplace_back(view, kernels, &searches[i], &searchers[i]);
  }
  std::array<GraphSearcher*, kSearchesInTurn> walks;
  for (std::uint32_t set = 0; set < view.sets.size(); ++set) {
    std::size_t walking = 0;
    for (Search& search : running) {
      if (GraphSearcher* walk = search.BeginSet(set)) walks[walking++] = walk;
    }
    WalkInTurn(std::span(walks).first(walking));
    for (Search& search : running) search.EndSet(set);
  }
  for (std::size_t i = 0; i < searches.size(); ++i) searches[i].best = running[i].Rank();
}

std::vector<std::vector<SearchWay>> WaysOfSets(const IndexView& view, const ScanQuery& query) {
  std::vector<std::vector<SearchWay>> ways;
  for (std::size_t place = 0; place < view.sets.size(); ++place) {
    const RowEstimate estimate =
        query.matches != nullptr ? query.matches->sets[place].estimate : RowEstimate{};
    ways.push_back(PossibleWays(FactsOf(view, place, query), estimate.low, estimate.high));
  }
  return ways;
}

std::vector<ScoredRow> SearchCodes(const IndexView& view, const ScanQuery& query,
                                   const KernelTable& kernels, ScanCounts* counts) {
  CodeSearch search{&query, {}, {}};
  SearchCodes(view, kernels, std::span(&search, 1));
  *counts = search.counts;
  return std::move(search.best);
}

}  // namespace tracevec
