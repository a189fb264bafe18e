#include "index/scan.h"

#include <algorithm>
#include <array>
#include <limits>

#include "index/top_k.h"

namespace tracevec {
namespace {

/// Rows scored between two looks at the heap. 256 scores are 1 KiB: they stay in the first cache
/// while their rows stream past.
constexpr std::uint32_t kRowsPerStep = 256;

/// The matches of the filter in a set, as far as known; null: each row is to be asked.
const SetMatches* MatchesOf(const ScanQuery& query, std::uint32_t place) {
  if (query.matches == nullptr || !query.matches->sets[place].rows) return nullptr;
  return &query.matches->sets[place];
}

/// Walks the rows of one set of the view in steps. `score(set, first, count, out)` fills scores;
/// rows that could enter `best` are then tested for visibility and filter, the cheap test first.
template <typename Best, typename Score>
void ScanSet(const IndexView& view, std::uint32_t place, const ScanQuery& query, ScanCounts* counts,
             Best* best, Score score) {
  std::array<float, kRowsPerStep> scores;
  const RowSet& set = *view.sets[place];
  for (std::uint32_t first = 0; first < view.sizes[place]; first += kRowsPerStep) {
    if (DeadlinePassed(query)) {
      counts->deadline_cut = true;
      return;
    }
    const std::uint32_t count = std::min(kRowsPerStep, view.sizes[place] - first);
    score(set, first, count, scores.data());
    counts->rows += count;
    counts->distances += count;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (best->full() && scores[i] < best->worst().score) continue;
      const RowRef ref{place, first + i};
      if (!set.HasVector(query.field, ref.row)) continue;
      if (AcceptRow(view, ref, query, counts)) best->Offer({scores[i], ref});
    }
  }
}

/// The same for some of the rows, which `score(set, rows, count, out)` scores.
template <typename Best, typename Score>
void ScanRows(const IndexView& view, std::uint32_t place, std::span<const std::uint32_t> rows,
              const ScanQuery& query, ScanCounts* counts, Best* best, Score score) {
  std::array<float, kRowsPerStep> scores;
  const RowSet& set = *view.sets[place];
  const bool all_accepted = query.matches->sets[place].exact && set.AllVisibleAt(view.commit) &&
                            !view.may_expire && !query.exclude;
  for (std::size_t first = 0; first < rows.size(); first += kRowsPerStep) {
    if (DeadlinePassed(query)) {
      counts->deadline_cut = true;
      return;
    }
    const auto step = rows.subspan(first, std::min<std::size_t>(kRowsPerStep, rows.size() - first));
    score(set, step, scores.data());
    counts->rows += step.size();
    counts->distances += step.size();
    for (std::size_t i = 0; i < step.size(); ++i) {
      if (best->full() && scores[i] < best->worst().score) continue;
      const RowRef ref{place, step[i]};
      if (!set.HasVector(query.field, ref.row)) continue;
      if (all_accepted || AcceptRow(view, ref, query, counts)) best->Offer({scores[i], ref});
    }
  }
}

/// What a filter sees of a row.
FilterSubject SubjectOf(const RowSet& set, std::uint32_t row, const ChunkState& state) {
  FilterSubject subject;
  subject.id = set.id(row);
  subject.document = state.document->id;
  subject.version = state.document->version;
  subject.own = state.own.get();
  if (!state.own_is_complete) subject.inherited = &state.document->metadata;
  return subject;
}

/// Rows that lie far apart: the codes of some are fetched while those before them are scored.
void ScoreScattered(const CodeRows& codes, std::span<const std::uint32_t> rows,
                    const CodeQuery& coded, const KernelTable& kernels, std::int32_t* dots,
                    float* out) {
  constexpr std::size_t kAtOnce = 16;
  const auto fetch = [&](std::size_t first) {
    for (std::size_t i = first; i < std::min(first + kAtOnce, rows.size()); ++i) {
      const std::uint8_t* at = codes.row(rows[i]);
      for (std::size_t byte = 0; byte < codes.stride; byte += 64) __builtin_prefetch(at + byte);
      if (codes.factors_apart()) {
        __builtin_prefetch(codes.factors + rows[i] * codes.factor_stride);
      }
    }
  };
  fetch(0);
  for (std::size_t first = 0; first < rows.size(); first += kAtOnce) {
    fetch(first + kAtOnce);
    const std::size_t count = std::min(kAtOnce, rows.size() - first);
    coded.ScoreRows(codes, rows.data() + first, count, kernels, dots, out + first);
  }
}

}  // namespace

void ScanCounts::Add(const ScanCounts& other) {
  rows += other.rows;
  distances += other.distances;
  filter_tested += other.filter_tested;
  filter_passed += other.filter_passed;
  candidates += other.candidates;
  rescored += other.rescored;
  graphs += other.graphs;
  nodes += other.nodes;
  rescore_micros += other.rescore_micros;
  int4 |= other.int4;
  deadline_cut |= other.deadline_cut;
}

bool DeadlinePassed(const ScanQuery& query) {
  return query.deadline && std::chrono::steady_clock::now() >= *query.deadline;
}

bool FilterAccepts(const RowSet& set, std::uint32_t row, CommitNumber view,
                   const FilterProgram& filter, StateScratch* scratch) {
  return filter.Accepts(SubjectOf(set, row, set.StateAt(row, view, scratch)));
}

bool AcceptRow(const IndexView& view, RowRef ref, const ScanQuery& query, ScanCounts* counts) {
  const RowSet& set = *view.sets[ref.set];
  if (!set.VisibleAt(ref.row, view.commit)) return false;
  if (query.hidden && *query.hidden == ref) return false;
  if (query.exclude && query.exclude->first == set.document(ref.row) &&
      query.exclude->second == set.chunk(ref.row)) {
    return false;
  }
  bool ask = query.filter != nullptr;
  if (const SetMatches* matches = MatchesOf(query, ref.set)) {
    if (!matches->rows->Contains(ref.row)) return false;
    ask = !matches->exact;
  }
  if (!ask && !view.may_expire) return true;
  const ChunkState& state = set.StateAt(ref.row, view.commit, query.scratch);
  if (state.document->expires_at && *state.document->expires_at <= query.now) return false;
  if (!ask) return true;
  ++counts->filter_tested;
  FilterSubject subject = SubjectOf(set, ref.row, state);
  if (query.filter->needs_text() && query.load_text != nullptr) {
    *query.text_row = ref;
    subject.load_text = query.load_text;
    subject.text_context = query.text_context;
  }
  if (!query.filter->Accepts(subject)) return false;
  ++counts->filter_passed;
  return true;
}

std::vector<ScoredRow> ScanExact(const IndexView& view, const ScanQuery& query,
                                 const KernelTable& kernels, ScanCounts* counts) {
  TopK<ScoredRow, BetterById> best(query.k, BetterById{&view});
  const auto score = [&](const RowSet& set, std::uint32_t first, std::uint32_t count, float* out) {
    const FieldLayout& layout = set.fields()[query.field];
    const float* rows = set.vector(query.field, first);
    if (layout.metric == Metric::kL2) {
      kernels.l2_f32_rows(query.vector, rows, layout.dimension, count, layout.dimension, out);
      for (std::uint32_t i = 0; i < count; ++i) out[i] = -out[i];
    } else {
      kernels.dot_f32_rows(query.vector, rows, layout.dimension, count, layout.dimension, out);
    }
  };
  const auto score_some = [&](const RowSet& set, std::span<const std::uint32_t> rows, float* out) {
    for (std::size_t i = 0; i < rows.size(); ++i) score(set, rows[i], 1, out + i);
  };
  for (std::uint32_t set = 0; set < view.sets.size(); ++set) {
    const SetMatches* matches = MatchesOf(query, set);
    if (query.filter != nullptr) {
      counts->ways.push_back(matches != nullptr ? SearchWay::kScanMatches : SearchWay::kScan);
    }
    if (matches == nullptr) {
      ScanSet(view, set, query, counts, &best, score);
    } else {
      ScanRows(view, set, matches->rows->Rows(), query, counts, &best, score_some);
    }
  }
  return best.Take();
}

std::vector<ScoredRow> ScanCodes(const IndexView& view, std::uint32_t set, const ScanQuery& query,
                                 const CodeQuery& coded, std::size_t count,
                                 const KernelTable& kernels, ScanCounts* counts) {
  std::array<std::int32_t, kRowsPerStep> dots;
  TopK<ScoredRow, BetterById> best(count, BetterById{&view});
  if (const SetMatches* matches = MatchesOf(query, set)) {
    ScanRows(view, set, matches->rows->Rows(), query, counts, &best,
             [&](const RowSet& rows, std::span<const std::uint32_t> step, float* out) {
               const CodeRows codes = rows.code_rows(query.field, view.sizes[set]);
               ScoreScattered(codes, step, coded, kernels, dots.data(), out);
             });
    return best.Take();
  }
  ScanSet(view, set, query, counts, &best,
          [&](const RowSet& rows, std::uint32_t first, std::uint32_t step, float* out) {
            const CodeRows codes = rows.code_rows(query.field, first + step);
            coded.ScoreRange(codes, first, step, kernels, dots.data(), out);
          });
  return best.Take();
}

}  // namespace tracevec
