#pragma once

#include <bit>
#include <cstdint>

namespace tracevec {

// The bytes of a segment image: sections, each on a cache line, then their table, then a trailer at
// the very end. Numbers are little-endian and stand as they are used, so that nothing is parsed.
// Images are derived: one of another format is built again (storage/FORMAT.md, "Image files").
static_assert(std::endian::native == std::endian::little, "images are read where they lie");

constexpr std::uint64_t kSegmentMagic = 0x31474553'56525401;  // Also tells the byte order.
// Also to be raised when a Rotation or EncodeInt4 gives other codes for a vector than before.
constexpr std::uint32_t kSegmentFormat = 2;
constexpr std::uint64_t kSectionAlignment = 64;

enum class SectionKind : std::uint16_t {
  kDocumentNumbers = 1,  ///< u64 a row.
  kChunkNumbers,         ///< u32 a row.
  kCreated,              ///< u64 a row: the commit it is visible from.
  kIdOffsets,            ///< u64 a row and one more: where its id begins in kIds.
  kIds,
  kOwnOffsets,         ///< The same for its own metadata in kOwn; empty where no row has any.
  kOwn,                ///< Empty, or a byte (1: complete) and metadata as core/codec.h has them.
  kDocumentOfRow,      ///< u32 a row: place in the table of documents.
  kDocumentOffsets,    ///< u64 a document and one more: where it begins in kDocuments.
  kDocuments,          ///< See segment_document.h. Documents stand by ascending number.
  kDocumentFirstRows,  ///< u32 a document and one more: where its rows begin in kDocumentRows.
  kDocumentRows,       ///< u32 a row, by document, within each by ascending chunk.
  kField,              ///< One FieldRecord.
  kPresent,            ///< u8 a row: 1 where it has a vector of the field.
  kCodes,              ///< CodeLayout::stride() bytes a row, which may end in factors.
  kFactors,            ///< CodeLayout::factor_bytes() bytes a row.
  kVectors,            ///< The dimension in floats a row.
  kLinks,              ///< Graph::kDegree u32 a row.
  kLevelRows,          ///< u32 a node of the level.
  kLevelBelow,         ///< u32 a node of the level.
  kLevelLinks,         ///< Graph::kUpperDegree u32 a node of the level.
  // Where texts are indexed; without, none of these is there.
  kTextAnalyzer,  ///< Identity of the analyzer.
  kTextLengths,   ///< u32 a row: terms of its text.
  kTermOffsets,   ///< u64 a term and one more: where it begins in kTerms. Terms ascend bytewise.
  kTerms,
  kTermBlocks,     ///< u64 a term and one more: its first block in kTextBlocks.
  kTextBlocks,     ///< PostingsBlock.
  kTextRows,       ///< u16 a row of a term: what it is more than the first of its block.
  kTextTimes,      ///< u16 a row of a term: how often the term stands there.
  kTextPositions,  ///< For each row of a term, LEB128 steps from one place to the next.
  // For each sparse field, see SparsePostings; `field` is its place among them.
  kSparseIndices,      ///< u32 an index, ascending.
  kSparseFirstRows,    ///< u64 an index and one more: where its rows begin in kSparseRows.
  kSparseFirstBlocks,  ///< u64 an index and one more: its first block in kSparseBlocks.
  kSparseRows,         ///< u32 a row of an index, ascending.
  kSparseValues,       ///< float32 a row of an index.
  kSparseBlocks,       ///< SparseBlock.
};

struct SectionRecord {
  std::uint16_t kind = 0;
  std::uint16_t field = 0;
  std::uint32_t level = 0;  ///< Of the graph, from 1.
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  ///< XXH3-64.
};
static_assert(sizeof(SectionRecord) == 32);

struct FieldRecord {
  std::uint32_t dimension = 0;
  std::uint32_t metric = 0;
  std::uint32_t levels = 0;  ///< Of the graph, above the lowest.
  std::uint32_t entry = 0;
  std::uint32_t default_ef = 0;
  std::uint32_t generation = 0;  ///< GraphLineage.
  std::uint32_t dead = 0;        ///< GraphLineage.
  std::uint16_t refined = 0;     ///< GraphLineage: 1 or 0.
  std::uint16_t code_bits = 0;   ///< CodeKind.
};
static_assert(sizeof(FieldRecord) == 32);

struct SegmentTrailer {
  std::uint64_t magic = kSegmentMagic;
  std::uint32_t format = kSegmentFormat;
  std::uint32_t sections = 0;
  std::uint32_t rows = 0;
  std::uint32_t documents = 0;
  std::uint32_t fields = 0;
  std::uint32_t collection = 0;
  std::uint64_t as_of = 0;  ///< States are those of this commit.
  std::uint64_t table_offset = 0;
  std::uint64_t table_checksum = 0;
  std::uint64_t checksum = 0;  ///< Of the trailer up to here.
};
static_assert(sizeof(SegmentTrailer) == 64);

}  // namespace tracevec
