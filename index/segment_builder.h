#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/image_sink.h"
#include "core/kernels.h"
#include "index/build_stop.h"
#include "index/code_array.h"
#include "index/graph.h"
#include "index/postings_data.h"
#include "index/row_set.h"
#include "index/segment_format.h"
#include "index/sparse_postings.h"
#include "tracevec/status.h"

namespace tracevec {

/// A row that goes into a segment.
struct SourceRow {
  std::shared_ptr<RowSet> set;
  std::uint32_t row = 0;
};

struct SegmentBuildOptions {
  std::size_t threads = 1;  ///< With one, equal rows and seed give equal bytes.
  std::size_t ef_construction = 200;
  /// Wide searches for each row's neighbours. Without, narrow ones: worse graphs, but good enough
  /// for rows that are merged soon, whose graph would be built again, and made in a quarter of the
  /// time.
  bool thorough = true;
  /// Starts from the largest input's graph, where that is worth it. See FindReusableGraph.
  bool reuse_graphs = true;
  /// Of the segment; nothing: 4 bits where it is built thoroughly, a row then takes fewer cache
  /// lines, and searches find as much. A graph is always built over 8 bits.
  std::vector<std::optional<CodeKind>> codes;  ///< One a field, or none at all.
  /// Identity of what made the terms of the rows; empty: texts are not indexed.
  std::string analyzer;
  std::size_t sparse_fields = 0;
  std::uint64_t seed = 0;
  BuildStop stop;
};

/// Makes the image of a segment out of rows of other row sets: copies their codes, builds a graph
/// for each field, from the largest of theirs where that is worth it, measures the width a search
/// of it needs, and writes it all. Rows keep the order given; states are those at `as_of`. Throws
/// std::bad_alloc, BuildStopped.
class SegmentBuilder {
 public:
  SegmentBuilder(std::vector<FieldLayout> fields, std::vector<SourceRow> rows, CommitNumber as_of,
                 const KernelTable& kernels);

  void Build(const SegmentBuildOptions& options);
  /// After Build. Errors: the sink's.
  Status Write(CollectionNumber collection, ImageSink* sink) const;

  const std::vector<SourceRow>& rows() const { return rows_; }
  /// Insertions into graphs that Build made: a row counts once a field, if at all.
  std::uint64_t insertions() const { return insertions_; }

 private:
  struct Field {
    CodeArray codes;  ///< Of 8 bits, which graphs are built over, until ChooseCodes.
    CodeKind kind = CodeKind::kInt8;
    std::vector<std::uint8_t> present;
    Graph graph;
    std::uint32_t default_ef = 0;
    GraphLineage lineage;
  };

  void BuildText(const SegmentBuildOptions& options);
  void BuildSparse(std::size_t field, const SegmentBuildOptions& options);
  void BuildField(std::size_t field, const SegmentBuildOptions& options);
  /// Calls work(i) for each row, on all threads.
  template <typename Work>
  void ForRows(const SegmentBuildOptions& options, const Work& work) const;
  void CopyRows(std::size_t field, const SegmentBuildOptions& options);
  /// Puts codes of 4 bits in the place of those of 8, where they are smaller and as good.
  void ChooseCodes(std::size_t field, const SegmentBuildOptions& options);
  /// What is left of the largest input's graph; one without nodes where that is not worth it.
  Graph ReuseGraph(std::size_t field, const RowScorer& scorer, const SegmentBuildOptions& options);

  const std::vector<FieldLayout> fields_;
  const std::vector<SourceRow> rows_;
  const CommitNumber as_of_;
  const KernelTable& kernels_;
  std::vector<Field> built_;
  std::string analyzer_;
  std::optional<PostingsData> postings_;    ///< Where texts are indexed.
  std::vector<SparsePostingsData> sparse_;  ///< One a sparse field.
  std::uint64_t insertions_ = 0;
};

}  // namespace tracevec
