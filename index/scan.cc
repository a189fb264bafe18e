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

}  // namespace

bool DeadlinePassed(const ScanQuery& query) {
  return query.deadline && std::chrono::steady_clock::now() >= *query.deadline;
}

bool AcceptRow(const IndexView& view, RowRef ref, const ScanQuery& query, ScanCounts* counts) {
  const RowSet& set = *view.sets[ref.set];
  if (!set.VisibleAt(ref.row, view.commit)) return false;
  if (query.exclude && query.exclude->first == set.document(ref.row) &&
      query.exclude->second == set.chunk(ref.row)) {
    return false;
  }
  if (query.filter == nullptr && !view.may_expire) return true;
  const ChunkState& state = set.StateAt(ref.row, view.commit, query.scratch);
  if (state.document->expires_at && *state.document->expires_at <= query.now) return false;
  if (query.filter == nullptr) return true;
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
  for (std::uint32_t set = 0; set < view.sets.size(); ++set) {
    ScanSet(view, set, query, counts, &best, score);
  }
  return best.Take();
}

std::vector<ScoredRow> ScanCodes(const IndexView& view, std::uint32_t set, const ScanQuery& query,
                                 const CodeQuery& coded, std::size_t count,
                                 const KernelTable& kernels, ScanCounts* counts) {
  std::array<std::int32_t, kRowsPerStep> dots;
  TopK<ScoredRow, BetterById> best(count, BetterById{&view});
  ScanSet(view, set, query, counts, &best,
          [&](const RowSet& rows, std::uint32_t first, std::uint32_t step, float* out) {
            const CodeRows codes = rows.code_rows(query.field, first + step);
            coded.ScoreRange(codes, first, step, kernels, dots.data(), out);
          });
  return best.Take();
}

}  // namespace tracevec
