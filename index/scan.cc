#include "index/scan.h"

#include <algorithm>
#include <array>
#include <limits>

#include "index/int8_code.h"
#include "index/top_k.h"

namespace tracevec {
namespace {

/// Rows scored between two looks at the heap. 256 scores are 1 KiB: they stay in the first cache
/// while their rows stream past.
constexpr std::uint32_t kRowsPerStep = 256;

/// The order of answers: score, then id. Of approximate candidates too: equal vectors have equal
/// codes, and which of them are rescored must not depend on where a row happens to stand.
struct BetterById {
  const IndexView* view;
  bool operator()(const ScoredRow& a, const ScoredRow& b) const {
    if (a.score != b.score) return a.score > b.score;
    return view->blocks[a.ref.block]->id(a.ref.row) < view->blocks[b.ref.block]->id(b.ref.row);
  }
};

bool DeadlinePassed(const ScanQuery& query) {
  return query.deadline && std::chrono::steady_clock::now() >= *query.deadline;
}

/// Walks all rows of the view in steps. `score(block, first, count, out)` fills scores; rows that
/// could enter `best` are then tested for visibility and filter, the cheap test first.
template <typename Best, typename Score>
void ScanRows(const IndexView& view, const ScanQuery& query, ScanCounts* counts, Best* best,
              Score score) {
  std::array<float, kRowsPerStep> scores;
  for (std::uint32_t b = 0; b < view.blocks.size(); ++b) {
    const RowBlock& block = *view.blocks[b];
    for (std::uint32_t first = 0; first < view.sizes[b]; first += kRowsPerStep) {
      if (DeadlinePassed(query)) {
        counts->deadline_cut = true;
        return;
      }
      const std::uint32_t count = std::min(kRowsPerStep, view.sizes[b] - first);
      score(block, first, count, scores.data());
      counts->rows += count;
      counts->distances += count;
      for (std::uint32_t i = 0; i < count; ++i) {
        if (best->full() && scores[i] < best->worst().score) continue;
        const RowRef ref{b, first + i};
        if (!block.HasVector(query.field, ref.row)) continue;
        if (AcceptRow(view, ref, query, counts)) best->Offer({scores[i], ref});
      }
    }
  }
}

}  // namespace

FilterSubject SubjectOf(const RowBlock& block, std::uint32_t row, const ChunkState& state) {
  FilterSubject subject;
  subject.id = block.id(row);
  subject.document = state.document->id;
  subject.version = state.document->version;
  subject.own = state.own.get();
  if (!state.own_is_complete) subject.inherited = &state.document->metadata;
  return subject;
}

bool AcceptRow(const IndexView& view, RowRef ref, const ScanQuery& query, ScanCounts* counts) {
  const RowBlock& block = *view.blocks[ref.block];
  if (!block.VisibleAt(ref.row, view.commit)) return false;
  const ChunkState& state = block.StateAt(ref.row, view.commit);
  if (state.document->expires_at && *state.document->expires_at <= query.now) return false;
  if (query.exclude && query.exclude->first == block.document(ref.row) &&
      query.exclude->second == block.chunk(ref.row)) {
    return false;
  }
  if (query.filter == nullptr) return true;
  ++counts->filter_tested;
  FilterSubject subject = SubjectOf(block, ref.row, state);
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
  ScanRows(view, query, counts, &best,
           [&](const RowBlock& block, std::uint32_t first, std::uint32_t count, float* out) {
             const FieldLayout& layout = block.fields()[query.field];
             const float* rows = block.vector(query.field, first);
             if (layout.metric == Metric::kL2) {
               kernels.l2_f32_rows(query.vector, rows, layout.vector_stride(), count,
                                   layout.dimension, out);
               for (std::uint32_t i = 0; i < count; ++i) out[i] = -out[i];
             } else {
               kernels.dot_f32_rows(query.vector, rows, layout.vector_stride(), count,
                                    layout.dimension, out);
             }
           });
  return best.Take();
}

std::vector<ScoredRow> ScanCodes(const IndexView& view, const ScanQuery& query,
                                 const KernelTable& kernels, ScanCounts* counts) {
  if (view.blocks.empty()) return {};
  const FieldLayout layout = view.blocks.front()->fields()[query.field];
  const Int8Query coded(query.vector, layout.dimension, layout.metric);
  std::array<std::int32_t, kRowsPerStep> dots;
  TopK<ScoredRow, BetterById> candidates(std::max(query.rescore, query.k), BetterById{&view});
  ScanRows(view, query, counts, &candidates,
           [&](const RowBlock& block, std::uint32_t first, std::uint32_t count, float* out) {
             kernels.dot_u8s8_rows(coded.codes(), block.codes(query.field, first),
                                   layout.code_stride(), count, layout.dimension, dots.data());
             for (std::uint32_t i = 0; i < count; ++i) {
               out[i] = coded.Score(block.scale(query.field, first + i),
                                    block.squared_norm(query.field, first + i), dots[i]);
             }
           });

  const auto start = std::chrono::steady_clock::now();
  TopK<ScoredRow, BetterById> best(query.k, BetterById{&view});
  counts->candidates = candidates.size();
  counts->distances += candidates.size();
  for (ScoredRow row : candidates.Take()) {
    const float* vector = view.blocks[row.ref.block]->vector(query.field, row.ref.row);
    row.score = layout.metric == Metric::kL2
                    ? -kernels.l2_f32(query.vector, vector, layout.dimension)
                    : kernels.dot_f32(query.vector, vector, layout.dimension);
    best.Offer(row);
  }
  counts->rescore_micros =
      std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  return best.Take();
}

}  // namespace tracevec
