#include "index/segment_builder.h"

#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "index/graph_attach.h"
#include "index/graph_builder.h"
#include "index/graph_connect.h"
#include "index/graph_probe.h"
#include "index/graph_refine.h"
#include "index/graph_relink.h"
#include "index/graph_reuse.h"
#include "index/segment_writer.h"

namespace tracevec {
namespace {

/// Under ip a distance may be negative, where a factor above 1 would prune the wrong way round.
float AlphaFor(Metric metric) { return metric == Metric::kIp ? 1.0F : 1.05F; }

}  // namespace

SegmentBuilder::SegmentBuilder(std::vector<FieldLayout> fields, std::vector<SourceRow> rows,
                               CommitNumber as_of, const KernelTable& kernels)
    : fields_(std::move(fields)), rows_(std::move(rows)), as_of_(as_of), kernels_(kernels) {}

void SegmentBuilder::Build(const SegmentBuildOptions& options) {
  built_.resize(fields_.size());
  for (std::size_t field = 0; field < fields_.size(); ++field) BuildField(field, options);
}

void SegmentBuilder::CopyRows(std::size_t field) {
  Field& built = built_[field];
  const std::size_t stride = fields_[field].code_stride();
  built.codes = AlignedArray<std::uint8_t>(rows_.size() * stride);
  const std::size_t factor_bytes = fields_[field].factor_bytes();
  built.factors.resize(rows_.size() * factor_bytes);
  built.present.resize(rows_.size());
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const RowSet& set = *rows_[i].set;
    const std::uint32_t row = rows_[i].row;
    if (!set.HasVector(field, row)) continue;
    std::memcpy(built.codes.data() + i * stride, set.codes(field, row), stride);
    if (factor_bytes > 0) {
      std::memcpy(built.factors.data() + i * factor_bytes,
                  set.code_rows(field, row + 1).factors + row * factor_bytes, factor_bytes);
    }
    built.present[i] = 1;
  }
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
  CopyRows(field);
  Field& built = built_[field];
  const CodeRows codes(layout, built.codes.data(), built.factors.data(),
                       static_cast<std::uint32_t>(rows_.size()));
  const RowScorer scorer(codes, kernels_);
  GraphBuildOptions build;
  build.ef_construction = options.ef_construction;
  build.threads = options.threads;
  build.seed = options.seed;
  build.stop = options.stop;
  built.graph = ReuseGraph(field, scorer, options);
  std::vector<std::uint32_t> refined_links;
  if (built.lineage.refined && options.refine) refined_links = built.graph.links;
  build.upper_levels_only = options.refine;
  insertions_ += ExtendGraph(scorer, built.present.data(), kernels_, build, &built.graph);
  if (options.refine) {
    GraphAttachOptions attach;
    attach.threads = options.threads;
    attach.seed = options.seed;
    attach.stop = options.stop;
    insertions_ += AttachRows(scorer, built.present.data(), kernels_, attach, &built.graph);
    GraphRefineOptions refine;
    refine.alpha = AlphaFor(layout.metric);
    refine.refined_links = refined_links;
    refine.threads = options.threads;
    refine.stop = options.stop;
    RefineGraph(scorer, kernels_, refine, &built.graph);
  }
  built.lineage.refined = options.refine;
  ConnectGraph(scorer, built.present.data(), kernels_, options.stop, &built.graph);
  built.default_ef =
      ProbeDefaultEf(codes, built.present.data(), GraphView(built.graph), kernels_, options.stop);
}

Status SegmentBuilder::Write(CollectionNumber collection, ImageSink* sink) const {
  SegmentWriter writer(fields_, rows_, as_of_, collection);
  for (std::size_t field = 0; field < built_.size(); ++field) {
    const Field& built = built_[field];
    writer.AddField(field, {built.codes.data(), built.factors, built.present, &built.graph,
                            built.default_ef, built.lineage});
  }
  return writer.WriteTo(sink);
}

}  // namespace tracevec
