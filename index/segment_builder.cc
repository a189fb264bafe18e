#include "index/segment_builder.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "index/code_choice.h"
#include "index/graph_attach.h"
#include "index/graph_builder.h"
#include "index/graph_connect.h"
#include "index/graph_probe.h"
#include "index/graph_refine.h"
#include "index/graph_relink.h"
#include "index/graph_reuse.h"
#include "index/parallel.h"
#include "index/postings_builder.h"
#include "index/segment.h"
#include "index/segment_writer.h"

namespace tracevec {
namespace {

constexpr std::size_t kRowsEncodedAtOnce = 256;

/// Widths of searches for neighbours where graphs are soon built again. 16,000 x 100 (GloVe): built
/// in 1.4 s where hnswlib's insertions take 4.5 s and full widths 5 s; recall@10 at width 96 is
/// 0.948, 0.934 and 0.974. 16,000 x 384 (cppdocs): 1.9 s and 4.9 s, 0.993 and 0.997.
constexpr std::size_t kNarrowAttachEf = 64;
constexpr std::size_t kNarrowRefineEf = 48;
/// Rows of a graph that is hard to search are searched for as wide as a query has to be, within
/// bounds: else the neighbours that they choose among are not the nearest.
constexpr std::size_t kWidestRefineEf = 400;

/// Under ip a distance may be negative, where a factor above 1 would prune the wrong way round.
float AlphaFor(Metric metric) { return metric == Metric::kIp ? 1.0F : 1.05F; }

}  // namespace

SegmentBuilder::SegmentBuilder(std::vector<FieldLayout> fields, std::vector<SourceRow> rows,
                               CommitNumber as_of, const KernelTable& kernels)
    : fields_(std::move(fields)), rows_(std::move(rows)), as_of_(as_of), kernels_(kernels) {}

void SegmentBuilder::Build(const SegmentBuildOptions& options) {
  if (!options.analyzer.empty()) BuildText(options);
  for (std::size_t f = 0; f < options.sparse_fields; ++f) BuildSparse(f, options);
  built_.resize(fields_.size());
  for (std::size_t field = 0; field < fields_.size(); ++field) BuildField(field, options);
}

void SegmentBuilder::BuildText(const SegmentBuildOptions& options) {
  const auto count = static_cast<std::uint32_t>(rows_.size());
  std::vector<std::uint32_t> lengths(count);
  for (std::uint32_t i = 0; i < count; ++i) lengths[i] = rows_[i].set->text_length(rows_[i].row);
  PostingsBuilder builder(std::move(lengths));
  for (std::uint32_t i = 0; i < count;) {
    const RowSet& set = *rows_[i].set;
    const auto* segment = dynamic_cast<const Segment*>(&set);
    if (segment == nullptr) {
      if (const RowTerms* terms = set.row_terms(rows_[i].row)) builder.AddRow(i, *terms);
      ++i;
      continue;
    }
    std::vector<std::uint32_t> new_rows(segment->rows(), PostingsBuilder::kDropped);
    for (; i < count && rows_[i].set.get() == &set; ++i) new_rows[rows_[i].row] = i;
    builder.AddPostings(*set.postings(segment->rows()), std::move(new_rows));
  }
  analyzer_ = options.analyzer;
  postings_.emplace(builder.Build(options.stop));
}

void SegmentBuilder::BuildSparse(std::size_t field, const SegmentBuildOptions& options) {
  const auto count = static_cast<std::uint32_t>(rows_.size());
  SparsePostingsBuilder builder;
  for (std::uint32_t i = 0; i < count;) {
    const RowSet& set = *rows_[i].set;
    const SparsePostings* postings = set.sparse_postings(field);
    if (postings == nullptr) {
      const SparseVector* vector = set.sparse_vector(field, rows_[i].row);
      if (vector != nullptr) builder.AddRow(i, *vector);
      ++i;
      continue;
    }
    std::vector<std::uint32_t> new_rows(static_cast<const Segment&>(set).rows(),
                                        SparsePostingsBuilder::kDropped);
    for (; i < count && rows_[i].set.get() == &set; ++i) new_rows[rows_[i].row] = i;
    builder.AddPostings(*postings, new_rows);
  }
  sparse_.push_back(builder.Build(options.stop));
}

template <typename Work>
void SegmentBuilder::ForRows(const SegmentBuildOptions& options, const Work& work) const {
  ParallelFor(options.threads, rows_.size(), kRowsEncodedAtOnce,
              [&](std::size_t /*thread*/, std::size_t first, std::size_t last) {
                CheckStop(options.stop);
                for (std::size_t i = first; i < last; ++i) work(static_cast<std::uint32_t>(i));
              });
}

void SegmentBuilder::CopyRows(std::size_t field, const SegmentBuildOptions& options) {
  Field& built = built_[field];
  const auto count = static_cast<std::uint32_t>(rows_.size());
  built.codes = CodeArray(CodeLayout(fields_[field]), count);
  built.present.resize(count);
  ForRows(options, [&](std::uint32_t i) {
    const RowSet& set = *rows_[i].set;
    const std::uint32_t row = rows_[i].row;
    if (!set.HasVector(field, row)) return;
    const CodeRows codes = set.code_rows(field, row + 1);
    if (codes.kind == CodeKind::kInt8) {
      built.codes.Copy(i, codes, row);
    } else {
      built.codes.Encode(i, set.vector(field, row));
    }
    built.present[i] = 1;
  });
}

void SegmentBuilder::ChooseCodes(std::size_t field, const SegmentBuildOptions& options) {
  const CodeLayout int8(fields_[field]);
  const CodeLayout int4(fields_[field], CodeKind::kInt4);
  const std::optional<CodeKind> asked = options.codes.empty() ? std::nullopt : options.codes[field];
  const bool wanted = asked == CodeKind::kInt4;
  if (!wanted && (asked || !options.thorough || int4.lines() >= int8.lines())) return;
  Field& built = built_[field];
  const auto count = static_cast<std::uint32_t>(rows_.size());
  const auto vector = [this, field](std::uint32_t row) {
    return rows_[row].set->vector(field, rows_[row].row);
  };
  auto rotation = std::make_shared<const Rotation>(fields_[field].dimension);
  CodeArray codes(int4, count);
  ForRows(options, [&](std::uint32_t row) {
    if (built.present[row] != 0) codes.EncodeRotated(row, vector(row), *rotation);
  });
  const CodeComparison comparison = {
      built.codes.rows(count), codes.rows(count), rotation.get(), built.present.data(),
      GraphView(built.graph),  built.default_ef,  vector};
  if (!wanted && !Int4FindsAsMuch(comparison, kernels_, options.stop)) return;
  built.codes = std::move(codes);
  built.kind = CodeKind::kInt4;
}

Graph SegmentBuilder::ReuseGraph(std::size_t field, const RowScorer& scorer,
                                 const SegmentBuildOptions& options) {
  if (!options.reuse_graphs) return {};
  const std::optional<ReusableGraph> reusable = FindReusableGraph(field, rows_);
  if (!reusable) return {};
  GraphRelinkOptions relink;
  relink.alpha = AlphaFor(fields_[field].metric);
  relink.threads = options.threads;
  relink.stop = options.stop;
  Graph graph =
      RelinkGraph(*reusable->set->graph(field), reusable->new_rows, scorer, kernels_, relink);
  if (graph.entry != kNoNode) built_[field].lineage = reusable->lineage;
  return graph;
}

void SegmentBuilder::BuildField(std::size_t field, const SegmentBuildOptions& options) {
  const FieldLayout& layout = fields_[field];
  CopyRows(field, options);
  Field& built = built_[field];
  const CodeRows codes = built.codes.rows(static_cast<std::uint32_t>(rows_.size()));
  const RowScorer scorer(codes, kernels_);
  GraphBuildOptions build;
  build.ef_construction = options.ef_construction;
  build.threads = options.threads;
  build.seed = options.seed;
  build.stop = options.stop;
  built.graph = ReuseGraph(field, scorer, options);
  std::vector<std::uint32_t> refined_links;
  if (built.lineage.refined) refined_links = built.graph.links;
  build.upper_levels_only = true;
  insertions_ += ExtendGraph(scorer, built.present.data(), kernels_, build, &built.graph);
  GraphAttachOptions attach;
  if (!options.thorough) attach.ef = kNarrowAttachEf;
  attach.threads = options.threads;
  attach.seed = options.seed;
  attach.stop = options.stop;
  insertions_ += AttachRows(scorer, built.present.data(), kernels_, attach, &built.graph);
  const WidthProbe probe(codes, built.present.data(), kernels_, options.stop);
  GraphRefineOptions refine;
  refine.ef = options.thorough ? std::clamp<std::size_t>(probe.WidthOf(GraphView(built.graph)),
                                                         refine.ef, kWidestRefineEf)
                               : kNarrowRefineEf;
  refine.alpha = AlphaFor(layout.metric);
  refine.refined_links = refined_links;
  refine.threads = options.threads;
  refine.stop = options.stop;
  RefineGraph(scorer, kernels_, refine, &built.graph);
  built.lineage.refined = options.thorough;
  ConnectGraph(scorer, built.present.data(), kernels_, options.stop, &built.graph);
  built.default_ef = probe.WidthOf(GraphView(built.graph));
  ChooseCodes(field, options);
}

Status SegmentBuilder::Write(CollectionNumber collection, ImageSink* sink) const {
  SegmentWriter writer(fields_, rows_, as_of_, collection);
  for (std::size_t field = 0; field < built_.size(); ++field) {
    const Field& built = built_[field];
    writer.AddField(field, {built.kind, built.codes.code_bytes(), built.codes.factor_bytes(),
                            built.present, &built.graph, built.default_ef, built.lineage});
  }
  Postings postings;  // Until all is written.
  if (postings_) {
    postings = postings_->view();
    writer.AddText(analyzer_, postings);
  }
  for (std::size_t field = 0; field < sparse_.size(); ++field) {
    writer.AddSparse(field, sparse_[field].view());
  }
  return writer.WriteTo(sink);
}

}  // namespace tracevec
