#include "index/search.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <iterator>

#include "index/graph_search.h"
#include "index/top_k.h"

namespace tracevec {
namespace {

/// Candidates of a scan besides the k wanted. In tight clusters int8 tells neighbours apart badly:
/// of 6,000 rows in 50 clusters of width 0.05, recall@10 is 0.66 with 32, 0.88 with 64 and 0.999
/// with 128.
constexpr std::size_t kScanSlack = 128;
/// A graph search that would have to be wider than this is a scan.
constexpr std::size_t kWidestSearch = 8192;
/// Candidates scored again before the first thought of stopping, besides the k wanted.
constexpr std::size_t kRescoreSlack = 6;
constexpr std::size_t kRescoresAhead = 4;

/// How wide to search a graph: as asked, or what finds enough of the ten nearest, and in proportion
/// for more.
std::size_t WidthOf(const RowSet& set, const ScanQuery& query) {
  const std::size_t ef = query.ef != 0 ? query.ef : set.default_ef(query.field);
  return std::max(ef, query.k + query.k / 2);
}

/// Rows of a damaged image may score what is no number, which no order has a place for.
bool IsNumber(float score) { return score == score; }

class Search {
 public:
  Search(const IndexView& view, const ScanQuery& query, const KernelTable& kernels,
         ScanCounts* counts)
      : view_(view),
        query_(query),
        kernels_(kernels),
        counts_(counts),
        layout_(view.sets.front()->fields()[query.field]),
        coded_(query.vector, layout_.dimension, layout_.metric) {}

  std::vector<ScoredRow> Run() {
    for (std::uint32_t set = 0; set < view_.sets.size(); ++set) {
      if (DeadlinePassed(query_)) counts_->deadline_cut = true;
      if (counts_->deadline_cut) break;
      const bool has_graph = view_.sets[set]->graph(query_.field) != nullptr;
      if (!has_graph || query_.filter != nullptr || !SearchGraph(set)) Scan(set);
    }
    std::sort(candidates_.begin(), candidates_.end(), BetterById{&view_});
    counts_->candidates = candidates_.size();
    return Rescore();
  }

 private:
  void Scan(std::uint32_t set) {
    const std::vector<ScoredRow> found =
        ScanCodes(view_, set, query_, coded_, query_.k + kScanSlack, kernels_, counts_);
    std::copy_if(found.begin(), found.end(), std::back_inserter(candidates_),
                 [](const ScoredRow& row) { return IsNumber(row.score); });
  }

  /// False when so much of what is near cannot be seen, or reached, that a scan is due.
  bool SearchGraph(std::uint32_t place) {
    thread_local GraphSearcher searcher;
    const RowSet& set = *view_.sets[place];
    const CodeRows rows = set.code_rows(query_.field, view_.sizes[place]);
    const std::size_t before = candidates_.size();
    const bool all_accepted =
        set.AllVisibleAt(view_.commit) && !view_.may_expire && !query_.exclude;
    for (std::size_t ef = WidthOf(set, query_); ef <= kWidestSearch; ef *= 2) {
      GraphCounts graph_counts;
      graph_counts.deadline = query_.deadline;
      const auto found =
          searcher.Search(*set.graph(query_.field), rows, coded_, kernels_, ef, &graph_counts);
      counts_->distances += graph_counts.distances;
      counts_->nodes += graph_counts.expanded;
      counts_->deadline_cut = graph_counts.deadline_cut;
      candidates_.resize(before);
      for (const Candidate& candidate : found) {
        const RowRef ref{place, candidate.row};
        if (!IsNumber(candidate.score)) continue;
        if (all_accepted || AcceptRow(view_, ref, query_, counts_)) {
          candidates_.push_back({candidate.score, ref});
        }
      }
      const bool all_found = found.size() == view_.sizes[place];
      if (all_found || candidates_.size() - before >= query_.k || counts_->deadline_cut) {
        ++counts_->graphs;
        return true;
      }
      // Links have a direction: a group of equal rows may be a place that no way leads out of.
      if (found.size() < ef) break;
    }
    candidates_.resize(before);
    return false;
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

  /// Approximate scores are off by about the same amount for all candidates of a query. Once the
  /// next one would have to be off by 1.5 times the most seen so far to enter the answer, the
  /// candidates after it, which are worse, are left out too.
  std::vector<ScoredRow> Rescore() {
    const auto start = std::chrono::steady_clock::now();
    TopK<ScoredRow, BetterById> best(query_.k, BetterById{&view_});
    float most_off = 0;
    for (std::size_t i = 0; i < kRescoresAhead; ++i) Prefetch(i);
    std::size_t i = 0;
    for (; i < candidates_.size(); ++i) {
      ScoredRow row = candidates_[i];
      if (i >= query_.k + kRescoreSlack && row.score + 1.5F * most_off < best.worst().score) {
        break;
      }
      Prefetch(i + kRescoresAhead);
      const float exact = ExactScore(row);
      most_off = std::max(most_off, std::abs(exact - row.score));
      row.score = exact;
      if (IsNumber(exact)) best.Offer(row);
    }
    counts_->rescored = i;
    counts_->distances += i;
    counts_->rescore_micros =
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
    return best.Take();
  }

  const IndexView& view_;
  const ScanQuery& query_;
  const KernelTable& kernels_;
  ScanCounts* counts_;
  const FieldLayout layout_;
  const Int8Query coded_;
  std::vector<ScoredRow> candidates_;
};

}  // namespace

std::vector<ScoredRow> SearchCodes(const IndexView& view, const ScanQuery& query,
                                   const KernelTable& kernels, ScanCounts* counts) {
  if (view.sets.empty()) return {};
  return Search(view, query, kernels, counts).Run();
}

}  // namespace tracevec
