// What is stored of a chunk apart from the versions that list it.

#include <bit>
#include <cstddef>
#include <utility>

#include "core/codec.h"
#include "core/return_if_error.h"
#include "storage/record_parts.h"
#include "storage/records.h"

namespace tracevec {
namespace {

// Flag bits of a body. Stored: do not renumber.
constexpr std::uint8_t kTokenCount = 1;
constexpr std::uint8_t kEmbedMicros = 2;

// Of a filled field: its number, its time, whether its space is asserted.
constexpr std::size_t kLeastFilledBytes = 1 + 8 + 1;

/// By bits, so that a minus zero is kept as what it is.
bool IsPlusZero(double value) { return std::bit_cast<std::uint64_t>(value) == 0; }

/// The trailing field.
void ReadFilled(Decoder& in, std::vector<FilledField>& filled) {
  const std::size_t count = in.ReadCount(kLeastFilledBytes);
  if (count == 0) in.Fail("trailing fields are their defaults");
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    FilledField field;
    field.number = ReadFieldNumber(in);
    field.embed_micros = in.ReadDouble();
    field.asserted = in.ReadBool();
    filled.push_back(field);
  }
}

}  // namespace

std::string EncodeBody(const BodyRecord& record) {
  Encoder out;
  const bool has_embed_micros = !IsPlusZero(record.embed_micros);
  out.PutByte(static_cast<std::uint8_t>((record.token_count ? kTokenCount : 0) |
                                        (has_embed_micros ? kEmbedMicros : 0)));
  if (record.token_count) out.PutVarint(*record.token_count);
  if (has_embed_micros) out.PutDouble(record.embed_micros);
  out.PutVarint(record.asserted_fields);
  out.PutString(record.text);
  if (record.filled.empty()) return out.Take();
  out.PutVarint(record.filled.size());
  for (const FilledField& filled : record.filled) {
    out.PutVarint(Raw(filled.number));
    out.PutDouble(filled.embed_micros);
    out.PutByte(filled.asserted ? 1 : 0);
  }
  return out.Take();
}

Result<BodyRecord> DecodeBody(std::string_view bytes) {
  Decoder in(bytes, "body");
  BodyRecord record;
  const std::uint8_t flags = in.ReadFlags(kTokenCount | kEmbedMicros);
  if (flags & kTokenCount) record.token_count = in.ReadVarint32();
  if (flags & kEmbedMicros) {
    record.embed_micros = in.ReadDouble();
    if (IsPlusZero(record.embed_micros)) in.Fail("an embedding time is announced and 0");
  }
  record.asserted_fields = in.ReadVarint();
  record.text = in.ReadString();
  if (in.ok() && !in.at_end()) ReadFilled(in, record.filled);
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

std::string EncodeChunkMetadata(const ChunkMetadataRecord& record) {
  Encoder out;
  out.PutMetadata(record.given);
  out.PutMetadata(record.merged);
  return out.Take();
}

Result<ChunkMetadataRecord> DecodeChunkMetadata(std::string_view bytes) {
  Decoder in(bytes, "chunk metadata");
  ChunkMetadataRecord record;
  record.given = in.ReadMetadata();
  record.merged = in.ReadMetadata();
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

std::string EncodeChunkOwners(const std::vector<DocumentNumber>& owners) {
  Encoder out;
  out.PutVarint(owners.size());
  for (const DocumentNumber owner : owners) out.PutVarint(Raw(owner));
  return out.Take();
}

Result<std::vector<DocumentNumber>> DecodeChunkOwners(std::string_view bytes) {
  Decoder in(bytes, "chunk owners");
  std::vector<DocumentNumber> owners;
  const std::size_t count = in.ReadCount(1);
  owners.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    owners.push_back(DocumentNumber{in.ReadVarint()});
  }
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return owners;
}

}  // namespace tracevec
