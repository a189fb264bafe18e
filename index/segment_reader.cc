#include "index/segment_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/content_hash.h"
#include "core/return_if_error.h"
#include "index/graph_reuse.h"
#include "index/postings_check.h"

namespace tracevec {
namespace {

constexpr std::uint64_t kBytesBetweenStops = std::uint64_t{1} << 20;

Status Damaged(std::string_view what) {
  return Status::Corruption(fmt::format("segment image: {}", what));
}

std::uint64_t ChecksumOf(std::span<const std::uint8_t> bytes) {
  return HashBytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// Whether all numbers are below `limit`, or kNoNode. Without a branch a number, so that it takes
/// vector instructions: 11 million links in 2 ms.
bool LinksWithin(std::span<const std::uint32_t> links, std::size_t limit) {
  const auto largest = static_cast<std::uint32_t>(limit);
  std::uint32_t outside = 0;
  for (const std::uint32_t link : links) {
    outside |=
        static_cast<std::uint32_t>(link >= largest) & static_cast<std::uint32_t>(link != kNoNode);
  }
  return outside == 0;
}

bool AllBelow(std::span<const std::uint32_t> numbers, std::size_t limit) {
  return std::all_of(numbers.begin(), numbers.end(),
                     [limit](std::uint32_t number) { return number < limit; });
}

}  // namespace

SegmentReader::SegmentReader(std::shared_ptr<const ImageBytes> image,
                             const std::vector<FieldLayout>& fields, CollectionNumber collection)
    : image_(std::move(image)),
      bytes_(image_->bytes()),
      collection_(collection),
      segment_(new Segment(fields)) {}

Result<std::shared_ptr<Segment>> SegmentReader::Read(bool check_contents, std::string_view analyzer,
                                                     std::size_t sparse_fields) {
  TRACEVEC_RETURN_IF_ERROR(ReadTable());
  TRACEVEC_RETURN_IF_ERROR(CheckOrigin());
  if (check_contents) TRACEVEC_RETURN_IF_ERROR(CheckContents({}));
  TRACEVEC_RETURN_IF_ERROR(ReadRows());
  TRACEVEC_RETURN_IF_ERROR(ReadDocuments());
  for (std::size_t field = 0; field < segment_->fields_.size(); ++field) {
    TRACEVEC_RETURN_IF_ERROR(ReadField(field));
  }
  if (!analyzer.empty()) TRACEVEC_RETURN_IF_ERROR(ReadText(analyzer));
  for (std::size_t field = 0; field < sparse_fields; ++field) {
    TRACEVEC_RETURN_IF_ERROR(ReadSparse(field));
  }
  segment_->image_ = std::move(image_);
  segment_->image_checksum_ = trailer_.checksum;
  segment_->collection_ = collection_;
  return std::move(segment_);
}

Status SegmentReader::Verify(const BuildStop& stop) {
  TRACEVEC_RETURN_IF_ERROR(ReadTable());
  return CheckContents(stop);
}

Status SegmentReader::ReadTable() {
  if (bytes_.size() < sizeof(SegmentTrailer)) {
    return Damaged(fmt::format("{} bytes, too short for a trailer", bytes_.size()));
  }
  const std::size_t at = bytes_.size() - sizeof(SegmentTrailer);
  std::memcpy(&trailer_, bytes_.data() + at, sizeof trailer_);
  if (trailer_.magic != kSegmentMagic) return Damaged("it does not end in a trailer");
  if (trailer_.format != kSegmentFormat) {
    return Damaged(fmt::format("format {}, expected {}", trailer_.format, kSegmentFormat));
  }
  if (ChecksumOf(bytes_.subspan(at, offsetof(SegmentTrailer, checksum))) != trailer_.checksum) {
    return Damaged("the trailer's checksum does not match");
  }
  const std::uint64_t table_bytes = std::uint64_t{trailer_.sections} * sizeof(SectionRecord);
  if (trailer_.table_offset > at || at - trailer_.table_offset != table_bytes) {
    return Damaged("the table of sections does not end at the trailer");
  }
  const auto table = bytes_.subspan(trailer_.table_offset, table_bytes);
  if (ChecksumOf(table) != trailer_.table_checksum) {
    return Damaged("the table's checksum does not match");
  }
  sections_.resize(trailer_.sections);
  std::memcpy(sections_.data(), table.data(), table.size());
  for (const SectionRecord& section : sections_) {
    if (section.offset % kSectionAlignment != 0 || section.offset > trailer_.table_offset ||
        section.bytes > trailer_.table_offset - section.offset) {
      return Damaged(fmt::format("section {}: bytes {} to {} of {}", section.kind, section.offset,
                                 section.offset + section.bytes, trailer_.table_offset));
    }
  }
  return Status::Ok();
}

Status SegmentReader::CheckOrigin() const {
  if (trailer_.fields != segment_->fields_.size()) {
    return Damaged(
        fmt::format("{} vector fields, expected {}", trailer_.fields, segment_->fields_.size()));
  }
  if (trailer_.collection == Raw(collection_)) return Status::Ok();
  return Damaged(
      fmt::format("of collection {}, expected {}", trailer_.collection, Raw(collection_)));
}

Status SegmentReader::CheckContents(const BuildStop& stop) const {
  ByteHasher hasher;
  for (const SectionRecord& section : sections_) {
    hasher.Reset();
    for (std::uint64_t done = 0; done < section.bytes; done += kBytesBetweenStops) {
      CheckStop(stop);
      const auto piece =
          bytes_.subspan(section.offset + done, std::min(kBytesBetweenStops, section.bytes - done));
      hasher.Add({reinterpret_cast<const char*>(piece.data()), piece.size()});
      image_->Forget(piece);  // Reading a file through should not fill memory with it.
    }
    if (hasher.Finish() != section.checksum) {
      return Damaged(fmt::format("section {}: its checksum does not match", section.kind));
    }
  }
  return Status::Ok();
}

Result<std::span<const std::uint8_t>> SegmentReader::Find(SectionKind kind, std::size_t field,
                                                          std::uint32_t level) const {
  for (const SectionRecord& section : sections_) {
    if (section.kind == static_cast<std::uint16_t>(kind) && section.field == field &&
        section.level == level) {
      return bytes_.subspan(section.offset, section.bytes);
    }
  }
  return Damaged(fmt::format("section {} of field {} level {} is missing",
                             static_cast<std::uint16_t>(kind), field, level));
}

template <typename T>
Result<std::span<const T>> SegmentReader::Get(SectionKind kind, std::size_t count,
                                              std::size_t field, std::uint32_t level) const {
  TRACEVEC_ASSIGN_OR_RETURN(const auto found, Find(kind, field, level));
  if (found.size() != count * sizeof(T)) {
    return Damaged(fmt::format("section {}: {} bytes, expected {}",
                               static_cast<std::uint16_t>(kind), found.size(), count * sizeof(T)));
  }
  return std::span(reinterpret_cast<const T*>(found.data()), count);
}

template <typename T>
Result<std::span<const T>> SegmentReader::GetAll(SectionKind kind, std::size_t field) const {
  TRACEVEC_ASSIGN_OR_RETURN(const auto found, Find(kind, field, 0));
  return Get<T>(kind, found.size() / sizeof(T), field);
}

template <typename T>
std::span<const T> SegmentReader::KeepHot(std::span<const T> elements, AlignedArray<T>* copy) {
  if (image_->in_memory()) return elements;
  *copy = AlignedArray<T>(elements);
  segment_->hot_bytes_ += elements.size_bytes();
  image_->Forget({reinterpret_cast<const std::uint8_t*>(elements.data()), elements.size_bytes()});
  return {copy->data(), elements.size()};
}

Result<std::span<const std::uint64_t>> SegmentReader::GetOffsets(SectionKind offsets,
                                                                 SectionKind bytes,
                                                                 std::size_t count,
                                                                 const char** begin) const {
  TRACEVEC_ASSIGN_OR_RETURN(const auto found, Get<std::uint64_t>(offsets, count + 1));
  TRACEVEC_ASSIGN_OR_RETURN(const auto parts, Find(bytes, 0, 0));
  if (found.front() != 0 || found.back() != parts.size() ||
      !std::is_sorted(found.begin(), found.end())) {
    return Damaged(fmt::format("section {}: offsets do not cover {} bytes",
                               static_cast<std::uint16_t>(offsets), parts.size()));
  }
  *begin = reinterpret_cast<const char*>(parts.data());
  return found;
}

Status SegmentReader::ReadRows() {
  Segment& segment = *segment_;
  const std::uint32_t rows = trailer_.rows;
  TRACEVEC_ASSIGN_OR_RETURN(const auto documents,
                            Get<DocumentNumber>(SectionKind::kDocumentNumbers, rows));
  TRACEVEC_ASSIGN_OR_RETURN(const auto chunks, Get<ChunkNumber>(SectionKind::kChunkNumbers, rows));
  TRACEVEC_ASSIGN_OR_RETURN(const auto created, Get<std::uint64_t>(SectionKind::kCreated, rows));
  TRACEVEC_ASSIGN_OR_RETURN(
      segment.id_offsets_,
      GetOffsets(SectionKind::kIdOffsets, SectionKind::kIds, rows, &segment.ids_));
  TRACEVEC_ASSIGN_OR_RETURN(const auto own_offsets, Find(SectionKind::kOwnOffsets, 0, 0));
  if (!own_offsets.empty()) {
    TRACEVEC_ASSIGN_OR_RETURN(
        segment.own_offsets_,
        GetOffsets(SectionKind::kOwnOffsets, SectionKind::kOwn, rows, &segment.own_));
  }
  segment.documents_ = documents.data();
  segment.chunks_ = chunks.data();
  segment.created_ = created.data();
  segment.newest_created_ = created.empty() ? 0 : *std::max_element(created.begin(), created.end());
  segment.as_of_ = CommitNumber{trailer_.as_of};
  const std::size_t pages = (std::size_t{rows} + Segment::kRowsPerPage - 1) / Segment::kRowsPerPage;
  segment.pages_ = std::make_unique<std::atomic<Segment::StatePage*>[]>(pages);
  segment.rows_ = rows;
  segment.metadata_columns_ = std::make_unique<SegmentColumns>(rows, segment.as_of_);
  segment.ReserveRows(rows);
  return Status::Ok();
}

Status SegmentReader::ReadDocuments() {
  Segment& segment = *segment_;
  const std::uint32_t rows = trailer_.rows;
  const std::uint32_t documents = trailer_.documents;
  TRACEVEC_ASSIGN_OR_RETURN(segment.document_of_row_,
                            Get<std::uint32_t>(SectionKind::kDocumentOfRow, rows));
  TRACEVEC_ASSIGN_OR_RETURN(segment.document_offsets_,
                            GetOffsets(SectionKind::kDocumentOffsets, SectionKind::kDocuments,
                                       documents, &segment.documents_bytes_));
  TRACEVEC_ASSIGN_OR_RETURN(
      segment.document_first_rows_,
      Get<std::uint32_t>(SectionKind::kDocumentFirstRows, std::size_t{documents} + 1));
  TRACEVEC_ASSIGN_OR_RETURN(segment.document_rows_,
                            Get<std::uint32_t>(SectionKind::kDocumentRows, rows));
  const auto& first = segment.document_first_rows_;
  // Strictly ascending: each document has a row, which its number is read from.
  if (first.front() != 0 || first.back() != rows ||
      std::adjacent_find(first.begin(), first.end(), std::greater_equal<>()) != first.end()) {
    if (rows > 0 || documents > 0) return Damaged("the rows of documents do not cover the rows");
  }
  if (!AllBelow(segment.document_of_row_, documents) || !AllBelow(segment.document_rows_, rows)) {
    return Damaged("a row or document number is too large");
  }
  segment.document_count_ = documents;
  return Status::Ok();
}

Status SegmentReader::ReadField(std::size_t field) {
  const FieldLayout& layout = segment_->fields_[field];
  const std::size_t rows = trailer_.rows;
  TRACEVEC_ASSIGN_OR_RETURN(const auto records, Get<FieldRecord>(SectionKind::kField, 1, field));
  const FieldRecord& record = records.front();
  if (record.dimension != layout.dimension ||
      record.metric != static_cast<std::uint32_t>(layout.metric)) {
    return Damaged(fmt::format("field {}: dimension {} metric {}, expected {} and {}", field,
                               record.dimension, record.metric, layout.dimension,
                               static_cast<std::uint32_t>(layout.metric)));
  }
  if (record.code_bits != 8 && record.code_bits != 4) {
    return Damaged(fmt::format("field {}: codes of {} bits", field, record.code_bits));
  }
  const auto kind = record.code_bits == 8 ? CodeKind::kInt8 : CodeKind::kInt4;
  const CodeLayout codes_of(layout, kind);
  TRACEVEC_ASSIGN_OR_RETURN(const auto present,
                            Get<std::uint8_t>(SectionKind::kPresent, rows, field));
  TRACEVEC_ASSIGN_OR_RETURN(
      auto codes, Get<std::uint8_t>(SectionKind::kCodes, rows * codes_of.stride(), field));
  TRACEVEC_ASSIGN_OR_RETURN(auto factors, Get<std::uint8_t>(SectionKind::kFactors,
                                                            rows * codes_of.factor_bytes(), field));
  TRACEVEC_ASSIGN_OR_RETURN(const auto vectors,
                            Get<float>(SectionKind::kVectors, rows * layout.dimension, field));
  const GraphLineage lineage = {record.generation, record.dead, record.refined == 1};
  if (record.refined > 1 || !LineageIsPossible(lineage, rows)) {
    return Damaged(fmt::format("field {}: generation {}, {} of {} nodes dead", field,
                               lineage.generation, lineage.dead, rows));
  }
  Segment::HotCopy& hot = segment_->hot_[field];
  codes = KeepHot(codes, &hot.codes);
  factors = KeepHot(factors, &hot.factors);
  segment_->columns_[field] = {
      CodeRows(codes_of, codes.data(), factors.data(), trailer_.rows),
      vectors.data(),
      present.data(),
      kind == CodeKind::kInt4 ? std::make_shared<const Rotation>(layout.dimension) : nullptr,
      std::nullopt,
      record.default_ef,
      lineage};
  return ReadGraph(field, record);
}

Status SegmentReader::ReadGraph(std::size_t field, const FieldRecord& record) {
  const std::size_t rows = trailer_.rows;
  TRACEVEC_ASSIGN_OR_RETURN(auto links,
                            Get<std::uint32_t>(SectionKind::kLinks, rows * Graph::kDegree, field));
  links = KeepHot(links, &segment_->hot_[field].links);
  if (!LinksWithin(links, rows)) return Damaged(fmt::format("field {}: a link leads out", field));
  if (record.levels > sections_.size()) {
    return Damaged(fmt::format("field {}: {} levels", field, record.levels));
  }
  GraphView graph;
  graph.links = links.data();
  graph.entry = record.entry;
  std::size_t nodes = rows;
  for (std::uint32_t level = 1; level <= record.levels; ++level) {
    GraphView::Level read;
    TRACEVEC_RETURN_IF_ERROR(ReadLevel(field, level, nodes, &read));
    nodes = read.rows.size();
    graph.levels.push_back(read);
  }
  if (graph.entry != kNoNode && graph.entry >= nodes) {
    return Damaged(fmt::format("field {}: the entry is {} of {}", field, graph.entry, nodes));
  }
  segment_->columns_[field].graph = std::move(graph);
  return Status::Ok();
}

Status SegmentReader::ReadText(std::string_view analyzer) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto made_by, GetAll<char>(SectionKind::kTextAnalyzer));
  if (std::string_view(made_by.data(), made_by.size()) != analyzer) {
    return Damaged(fmt::format("its terms come from analyzer '{}', expected '{}'",
                               std::string_view(made_by.data(), made_by.size()), analyzer));
  }
  Postings postings;
  TRACEVEC_ASSIGN_OR_RETURN(postings.lengths,
                            Get<std::uint32_t>(SectionKind::kTextLengths, trailer_.rows));
  TRACEVEC_ASSIGN_OR_RETURN(postings.first_blocks, GetAll<std::uint64_t>(SectionKind::kTermBlocks));
  if (postings.first_blocks.empty()) return Damaged("its terms have no blocks");
  TRACEVEC_ASSIGN_OR_RETURN(postings.term_offsets,
                            GetOffsets(SectionKind::kTermOffsets, SectionKind::kTerms,
                                       postings.terms(), &postings.term_bytes));
  TRACEVEC_ASSIGN_OR_RETURN(postings.blocks, GetAll<PostingsBlock>(SectionKind::kTextBlocks));
  TRACEVEC_ASSIGN_OR_RETURN(postings.rows, GetAll<std::uint16_t>(SectionKind::kTextRows));
  TRACEVEC_ASSIGN_OR_RETURN(postings.times,
                            Get<std::uint16_t>(SectionKind::kTextTimes, postings.rows.size()));
  TRACEVEC_ASSIGN_OR_RETURN(postings.positions, GetAll<std::uint8_t>(SectionKind::kTextPositions));
  TRACEVEC_RETURN_IF_ERROR(CheckPostings(postings));
  segment_->text_lengths_ = postings.lengths.data();
  segment_->postings_ = postings;
  return Status::Ok();
}

Status SegmentReader::ReadSparse(std::size_t sparse_field) {
  SparsePostings postings;
  TRACEVEC_ASSIGN_OR_RETURN(postings.indices,
                            GetAll<std::uint32_t>(SectionKind::kSparseIndices, sparse_field));
  const std::size_t offsets = postings.indices.size() + 1;
  TRACEVEC_ASSIGN_OR_RETURN(postings.first_rows, Get<std::uint64_t>(SectionKind::kSparseFirstRows,
                                                                    offsets, sparse_field));
  TRACEVEC_ASSIGN_OR_RETURN(
      postings.first_blocks,
      Get<std::uint64_t>(SectionKind::kSparseFirstBlocks, offsets, sparse_field));
  TRACEVEC_ASSIGN_OR_RETURN(postings.rows,
                            GetAll<std::uint32_t>(SectionKind::kSparseRows, sparse_field));
  TRACEVEC_ASSIGN_OR_RETURN(
      postings.values, Get<float>(SectionKind::kSparseValues, postings.rows.size(), sparse_field));
  TRACEVEC_ASSIGN_OR_RETURN(postings.blocks,
                            GetAll<SparseBlock>(SectionKind::kSparseBlocks, sparse_field));
  TRACEVEC_RETURN_IF_ERROR(CheckSparsePostings(postings, trailer_.rows));
  segment_->sparse_.push_back(postings);
  return Status::Ok();
}

Status SegmentReader::ReadLevel(std::size_t field, std::uint32_t level, std::size_t nodes_below,
                                GraphView::Level* out) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto bytes, Find(SectionKind::kLevelRows, field, level));
  const std::size_t nodes = bytes.size() / sizeof(std::uint32_t);
  TRACEVEC_ASSIGN_OR_RETURN(out->rows,
                            Get<std::uint32_t>(SectionKind::kLevelRows, nodes, field, level));
  TRACEVEC_ASSIGN_OR_RETURN(out->below,
                            Get<std::uint32_t>(SectionKind::kLevelBelow, nodes, field, level));
  TRACEVEC_ASSIGN_OR_RETURN(
      const auto links,
      Get<std::uint32_t>(SectionKind::kLevelLinks, nodes * Graph::kUpperDegree, field, level));
  if (!AllBelow(out->rows, trailer_.rows) || !AllBelow(out->below, nodes_below) ||
      !LinksWithin(links, nodes)) {
    return Damaged(fmt::format("field {} level {}: a link leads out", field, level));
  }
  out->links = links.data();
  return Status::Ok();
}

}  // namespace tracevec
