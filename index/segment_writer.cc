#include "index/segment_writer.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "core/content_hash.h"
#include "core/return_if_error.h"
#include "index/segment_document.h"

namespace tracevec {
namespace {

std::size_t Padding(std::size_t bytes) {
  return (kSectionAlignment - bytes % kSectionAlignment) % kSectionAlignment;
}

template <typename T>
std::string BytesOf(std::span<const T> elements) {
  return {reinterpret_cast<const char*>(elements.data()), elements.size_bytes()};
}

template <typename T>
std::string BytesOf(const std::vector<T>& elements) {
  return BytesOf(std::span<const T>(elements));
}

}  // namespace

/// Passes on, and hashes what passes.
class SegmentWriter::CheckedSink {
 public:
  explicit CheckedSink(ImageSink* sink) : sink_(sink) {}
  Status Append(const void* data, std::size_t bytes) {
    hasher_.Add({static_cast<const char*>(data), bytes});
    return sink_->Append(data, bytes);
  }
  std::uint64_t TakeChecksum() {
    const std::uint64_t checksum = hasher_.Finish();
    hasher_.Reset();
    return checksum;
  }

 private:
  ImageSink* sink_;
  ByteHasher hasher_;
};

SegmentWriter::SegmentWriter(const std::vector<FieldLayout>& fields,
                             const std::vector<SourceRow>& rows, CommitNumber as_of,
                             CollectionNumber collection)
    : fields_(fields), rows_(rows) {
  trailer_.rows = static_cast<std::uint32_t>(rows.size());
  trailer_.fields = static_cast<std::uint32_t>(fields.size());
  trailer_.collection = Raw(collection);
  trailer_.as_of = Raw(as_of);
  AddRows();
  AddDocuments();
}

void SegmentWriter::Plan(SectionRecord record, std::size_t bytes, WritePart write) {
  const SectionRecord* last = sections_.empty() ? nullptr : &sections_.back();
  const std::size_t end = last == nullptr ? 0 : last->offset + last->bytes;
  record.offset = end + Padding(end);
  record.bytes = bytes;
  sections_.push_back(record);
  writes_.push_back(std::move(write));
}

void SegmentWriter::PlanOwned(SectionKind kind, std::string bytes) {
  const std::size_t size = bytes.size();
  Plan({static_cast<std::uint16_t>(kind)}, size, [bytes = std::move(bytes)](CheckedSink* sink) {
    return sink->Append(bytes.data(), bytes.size());
  });
}

template <typename T>
void SegmentWriter::PlanSpan(SectionKind kind, std::span<const T> elements, std::size_t field,
                             std::uint32_t level) {
  Plan({static_cast<std::uint16_t>(kind), static_cast<std::uint16_t>(field), level},
       elements.size_bytes(), [elements](CheckedSink* sink) {
         return sink->Append(elements.data(), elements.size_bytes());
       });
}

void SegmentWriter::PlanParts(SectionKind offsets, SectionKind bytes,
                              const std::vector<std::string>& parts) {
  std::vector<std::uint64_t> starts = {0};
  std::string all;
  for (const std::string& part : parts) {
    all += part;
    starts.push_back(all.size());
  }
  PlanOwned(offsets, BytesOf(starts));
  PlanOwned(bytes, std::move(all));
}

void SegmentWriter::AddRows() {
  std::vector<DocumentNumber> documents;
  std::vector<ChunkNumber> chunks;
  std::vector<std::uint64_t> created;
  std::vector<std::string> ids;
  std::vector<std::string> own;
  StateScratch scratch;
  for (const SourceRow& source : rows_) {
    const RowSet& set = *source.set;
    documents.push_back(set.document(source.row));
    chunks.push_back(set.chunk(source.row));
    created.push_back(Raw(set.created(source.row)));
    ids.emplace_back(set.id(source.row));
    own.push_back(
        EncodeOwnMetadata(set.StateAt(source.row, CommitNumber{trailer_.as_of}, &scratch)));
  }
  PlanOwned(SectionKind::kDocumentNumbers, BytesOf(documents));
  PlanOwned(SectionKind::kChunkNumbers, BytesOf(chunks));
  PlanOwned(SectionKind::kCreated, BytesOf(created));
  PlanParts(SectionKind::kIdOffsets, SectionKind::kIds, ids);
  const bool some_have_own =
      std::any_of(own.begin(), own.end(), [](const std::string& bytes) { return !bytes.empty(); });
  if (some_have_own) return PlanParts(SectionKind::kOwnOffsets, SectionKind::kOwn, own);
  PlanOwned(SectionKind::kOwnOffsets, {});
  PlanOwned(SectionKind::kOwn, {});
}

void SegmentWriter::AddDocuments() {
  std::map<DocumentNumber, std::vector<std::uint32_t>> rows_of;
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    rows_of[rows_[i].set->document(rows_[i].row)].push_back(i);
  }
  std::vector<std::uint32_t> place_of_row(rows_.size());
  std::vector<std::string> documents;
  std::vector<std::uint32_t> first = {0};
  std::vector<std::uint32_t> listed;
  StateScratch scratch;
  const auto chunk_of = [this](std::uint32_t i) { return rows_[i].set->chunk(rows_[i].row); };
  for (auto& [number, rows] : rows_of) {
    std::sort(rows.begin(), rows.end(),
              [&](std::uint32_t a, std::uint32_t b) { return chunk_of(a) < chunk_of(b); });
    const SourceRow& source = rows_[rows.front()];
    const ChunkState& state =
        source.set->StateAt(source.row, CommitNumber{trailer_.as_of}, &scratch);
    for (const std::uint32_t row : rows) {
      place_of_row[row] = static_cast<std::uint32_t>(documents.size());
    }
    documents.push_back(EncodeSegmentDocument(*state.document));
    listed.insert(listed.end(), rows.begin(), rows.end());
    first.push_back(static_cast<std::uint32_t>(listed.size()));
  }
  trailer_.documents = static_cast<std::uint32_t>(documents.size());
  PlanOwned(SectionKind::kDocumentOfRow, BytesOf(place_of_row));
  PlanParts(SectionKind::kDocumentOffsets, SectionKind::kDocuments, documents);
  PlanOwned(SectionKind::kDocumentFirstRows, BytesOf(first));
  PlanOwned(SectionKind::kDocumentRows, BytesOf(listed));
}

void SegmentWriter::AddField(std::size_t field, const FieldContent& content) {
  const FieldLayout& layout = fields_[field];
  const Graph& graph = *content.graph;
  auto record = std::make_shared<FieldRecord>();
  record->dimension = layout.dimension;
  record->metric = static_cast<std::uint32_t>(layout.metric);
  record->levels = static_cast<std::uint32_t>(graph.levels.size());
  record->entry = graph.entry;
  record->default_ef = content.default_ef;
  record->generation = content.lineage.generation;
  record->dead = content.lineage.dead;
  record->refined = content.lineage.refined ? 1 : 0;
  record->code_bits = static_cast<std::uint8_t>(content.kind);
  const auto place = static_cast<std::uint16_t>(field);
  Plan({static_cast<std::uint16_t>(SectionKind::kField), place}, sizeof *record,
       [record](CheckedSink* sink) { return sink->Append(record.get(), sizeof *record); });
  PlanSpan(SectionKind::kPresent, content.present, field);
  PlanSpan(SectionKind::kCodes, content.codes, field);
  PlanSpan(SectionKind::kFactors, content.factors, field);
  const std::size_t row_bytes = layout.dimension * sizeof(float);
  Plan({static_cast<std::uint16_t>(SectionKind::kVectors), place}, rows_.size() * row_bytes,
       [this, field, row_bytes](CheckedSink* sink) {
         for (const SourceRow& source : rows_) {
           TRACEVEC_RETURN_IF_ERROR(sink->Append(source.set->vector(field, source.row), row_bytes));
         }
         return Status::Ok();
       });
  PlanSpan(SectionKind::kLinks, std::span<const std::uint32_t>(graph.links), field);
  for (std::uint32_t level = 1; level <= graph.levels.size(); ++level) {
    const GraphLevel& at = graph.levels[level - 1];
    PlanSpan(SectionKind::kLevelRows, std::span<const std::uint32_t>(at.rows), field, level);
    PlanSpan(SectionKind::kLevelBelow, std::span<const std::uint32_t>(at.below), field, level);
    PlanSpan(SectionKind::kLevelLinks, std::span<const std::uint32_t>(at.links), field, level);
  }
}

void SegmentWriter::AddText(std::string_view analyzer, const Postings& postings) {
  const std::size_t term_bytes = postings.term_offsets.empty() ? 0 : postings.term_offsets.back();
  PlanSpan(SectionKind::kTextAnalyzer, std::span(analyzer.data(), analyzer.size()));
  PlanSpan(SectionKind::kTextLengths, postings.lengths);
  PlanSpan(SectionKind::kTermOffsets, postings.term_offsets);
  PlanSpan(SectionKind::kTerms, std::span(postings.term_bytes, term_bytes));
  PlanSpan(SectionKind::kTermBlocks, postings.first_blocks);
  PlanSpan(SectionKind::kTextBlocks, postings.blocks);
  PlanSpan(SectionKind::kTextRows, postings.rows);
  PlanSpan(SectionKind::kTextTimes, postings.times);
  PlanSpan(SectionKind::kTextPositions, postings.positions);
}

void SegmentWriter::AddSparse(std::size_t sparse_field, const SparsePostings& postings) {
  PlanSpan(SectionKind::kSparseIndices, postings.indices, sparse_field);
  PlanSpan(SectionKind::kSparseFirstRows, postings.first_rows, sparse_field);
  PlanSpan(SectionKind::kSparseFirstBlocks, postings.first_blocks, sparse_field);
  PlanSpan(SectionKind::kSparseRows, postings.rows, sparse_field);
  PlanSpan(SectionKind::kSparseValues, postings.values, sparse_field);
  PlanSpan(SectionKind::kSparseBlocks, postings.blocks, sparse_field);
}

Status SegmentWriter::WriteTo(ImageSink* sink) {
  static constexpr char kZeros[kSectionAlignment] = {};
  const std::size_t end = sections_.back().offset + sections_.back().bytes;
  trailer_.table_offset = end + Padding(end);
  trailer_.sections = static_cast<std::uint32_t>(sections_.size());
  const std::size_t table_bytes = sections_.size() * sizeof(SectionRecord);
  TRACEVEC_RETURN_IF_ERROR(
      sink->Reserve(trailer_.table_offset + table_bytes + sizeof(SegmentTrailer)));
  CheckedSink checked(sink);
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    TRACEVEC_RETURN_IF_ERROR(writes_[i](&checked));
    sections_[i].checksum = checked.TakeChecksum();
    TRACEVEC_RETURN_IF_ERROR(sink->Append(kZeros, Padding(sections_[i].bytes)));
  }
  TRACEVEC_RETURN_IF_ERROR(checked.Append(sections_.data(), table_bytes));
  trailer_.table_checksum = checked.TakeChecksum();
  trailer_.checksum =
      HashBytes({reinterpret_cast<const char*>(&trailer_), offsetof(SegmentTrailer, checksum)});
  return sink->Append(&trailer_, sizeof trailer_);
}

}  // namespace tracevec
