#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/segment_builder.h"

namespace tracevec {

/// Writes the image of a segment. Sections are planned first, so that the sink knows the size, and
/// then written one after the other; vectors go from their row sets straight to the sink.
class SegmentWriter {
 public:
  /// What was built of one field. Points to the builder's.
  struct FieldContent {
    CodeKind kind;
    std::span<const std::uint8_t> codes;
    std::span<const std::uint8_t> factors;
    std::span<const std::uint8_t> present;
    const Graph* graph;
    std::uint32_t default_ef;
    GraphLineage lineage;
  };

  SegmentWriter(const std::vector<FieldLayout>& fields, const std::vector<SourceRow>& rows,
                CommitNumber as_of, CollectionNumber collection);

  void AddField(std::size_t field, const FieldContent& content);
  /// `postings`: of all rows. Both must outlive this.
  void AddText(std::string_view analyzer, const Postings& postings);
  /// `postings`: of all rows. What they refer to must outlive this.
  void AddSparse(std::size_t sparse_field, const SparsePostings& postings);
  Status WriteTo(ImageSink* sink);

 private:
  class CheckedSink;
  using WritePart = std::function<Status(CheckedSink*)>;

  void AddRows();
  void AddDocuments();
  void Plan(SectionRecord record, std::size_t bytes, WritePart write);
  /// Bytes that the plan owns.
  void PlanOwned(SectionKind kind, std::string bytes);
  template <typename T>
  void PlanSpan(SectionKind kind, std::span<const T> elements, std::size_t field = 0,
                std::uint32_t level = 0);
  /// Parts of variable length: their offsets, and they themselves.
  void PlanParts(SectionKind offsets, SectionKind bytes, const std::vector<std::string>& parts);

  const std::vector<FieldLayout>& fields_;
  const std::vector<SourceRow>& rows_;
  SegmentTrailer trailer_;
  std::vector<SectionRecord> sections_;
  std::vector<WritePart> writes_;
};

}  // namespace tracevec
