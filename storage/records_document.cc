// A document's own record and its versions.

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/codec.h"
#include "core/return_if_error.h"
#include "storage/records.h"

namespace tracevec {
namespace {

// Flag bits. Stored: do not renumber.
constexpr std::uint8_t kDeleted = 1;
constexpr std::uint8_t kLoose = 2;
constexpr std::uint8_t kDocumentFlags = kDeleted | kLoose;

constexpr std::uint8_t kHasSource = 4;
constexpr std::uint8_t kExpires = 8;
constexpr std::uint8_t kVersionFlags = kDocumentFlags | kHasSource | kExpires;

constexpr std::uint8_t kRepeat = 1;
constexpr std::uint8_t kGivenId = 2;
constexpr std::uint8_t kSpan = 4;
constexpr std::uint8_t kSection = 8;
constexpr std::uint8_t kPage = 16;
constexpr std::uint8_t kParent = 32;
constexpr std::uint8_t kTextApart = 64;
constexpr std::uint8_t kEntryFlags =
    kRepeat | kGivenId | kSpan | kSection | kPage | kParent | kTextApart;

// Flags, chunk, embed hash, text hash.
constexpr std::size_t kLeastEntryBytes = 1 + 1 + 16 + 8;

std::uint8_t FlagIf(bool condition, std::uint8_t flag) {
  return condition ? flag : std::uint8_t{0};
}

std::uint8_t Flags(const VersionEntry& entry) {
  return static_cast<std::uint8_t>(
      FlagIf(entry.repeat != 0, kRepeat) | FlagIf(!entry.given_id.empty(), kGivenId) |
      FlagIf(entry.span.has_value(), kSpan) | FlagIf(!entry.section.empty(), kSection) |
      FlagIf(entry.page.has_value(), kPage) | FlagIf(entry.parent.has_value(), kParent) |
      FlagIf(entry.text_apart, kTextApart));
}

void PutEntry(Encoder& out, const VersionEntry& entry) {
  const std::uint8_t flags = Flags(entry);
  out.PutByte(flags);
  out.PutVarint(Raw(entry.chunk));
  out.PutHash(entry.embed_hash);
  out.PutFixed64(entry.text_hash);
  if (flags & kRepeat) out.PutVarint(entry.repeat);
  if (flags & kGivenId) out.PutString(entry.given_id);
  if (flags & kSpan) {
    out.PutSpan(*entry.span);
    out.PutSpan(entry.bytes);
  }
  if (flags & kSection) out.PutString(entry.section);
  if (flags & kPage) out.PutVarint(*entry.page);
  if (flags & kParent) out.PutVarint(*entry.parent);
}

/// A string whose flag says that it is there, so it is not empty.
std::string ReadFlaggedString(Decoder& in) {
  std::string value = in.ReadString();
  if (value.empty()) in.Fail("a string is announced and empty");
  return value;
}

void ReadEntry(Decoder& in, VersionEntry& entry) {
  const std::uint8_t flags = in.ReadFlags(kEntryFlags);
  entry.chunk = ChunkNumber{in.ReadVarint32()};
  entry.embed_hash = in.ReadHash();
  entry.text_hash = in.ReadFixed64();
  if (flags & kRepeat) {
    entry.repeat = in.ReadVarint32();
    if (entry.repeat == 0) in.Fail("a repeat is announced and 0");
  }
  if (flags & kGivenId) entry.given_id = ReadFlaggedString(in);
  if (flags & kSpan) {
    entry.span = in.ReadSpan();
    entry.bytes = in.ReadSpan();
  }
  if (flags & kSection) entry.section = ReadFlaggedString(in);
  if (flags & kPage) entry.page = in.ReadVarint32();
  if (flags & kParent) entry.parent = in.ReadVarint32();
  entry.text_apart = (flags & kTextApart) != 0;
}

void PutChunker(Encoder& out, const Chunker& chunker) {
  out.PutString(chunker.strategy);
  out.PutVarint(chunker.size);
  out.PutVarint(chunker.overlap);
}

Chunker ReadChunker(Decoder& in) {
  Chunker chunker;
  chunker.strategy = in.ReadString();
  chunker.size = in.ReadVarint32();
  chunker.overlap = in.ReadVarint32();
  return chunker;
}

void ReadEntries(Decoder& in, std::vector<VersionEntry>& entries) {
  const std::size_t count = in.ReadCount(kLeastEntryBytes);
  entries.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) ReadEntry(in, entries.emplace_back());
}

}  // namespace

std::string EncodeDocument(const DocumentRecord& record) {
  Encoder out;
  out.PutVarint(Raw(record.number));
  out.PutVarint(record.version);
  out.PutByte(FlagIf(record.deleted, kDeleted) | FlagIf(record.loose, kLoose));
  out.PutVarint(Raw(record.commit));
  out.PutVarint(record.next_chunk);
  out.PutHash(record.content_hash);
  return out.Take();
}

Result<DocumentRecord> DecodeDocument(std::string_view bytes) {
  Decoder in(bytes, "document");
  DocumentRecord record;
  record.number = DocumentNumber{in.ReadVarint()};
  record.version = in.ReadVarint32();
  const std::uint8_t flags = in.ReadFlags(kDocumentFlags);
  record.deleted = (flags & kDeleted) != 0;
  record.loose = (flags & kLoose) != 0;
  record.commit = CommitNumber{in.ReadVarint()};
  record.next_chunk = in.ReadVarint32();
  record.content_hash = in.ReadHash();
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

std::string EncodeVersion(const VersionRecord& record) {
  Encoder out;
  out.PutString(record.document_id);
  out.PutVarint(record.version);
  out.PutVarint(Raw(record.commit));
  out.PutSignedVarint(record.created.micros);
  out.PutByte(static_cast<std::uint8_t>(
      FlagIf(record.deleted, kDeleted) | FlagIf(record.loose, kLoose) |
      FlagIf(record.has_source, kHasSource) | FlagIf(record.expires_at.has_value(), kExpires)));
  out.PutString(record.title);
  out.PutString(record.uri);
  out.PutString(record.parser);
  PutChunker(out, record.chunker);
  out.PutMetadata(record.metadata);
  out.PutHash(record.content_hash);
  if (record.expires_at) out.PutSignedVarint(record.expires_at->micros);
  out.PutString(record.label);
  out.PutVarint(record.kept);
  out.PutVarint(record.added);
  out.PutVarint(record.removed);
  out.PutVarint(record.entries.size());
  for (const VersionEntry& entry : record.entries) PutEntry(out, entry);
  return out.Take();
}

Result<VersionRecord> DecodeVersion(std::string_view bytes) {
  Decoder in(bytes, "version");
  VersionRecord record;
  record.document_id = in.ReadString();
  record.version = in.ReadVarint32();
  record.commit = CommitNumber{in.ReadVarint()};
  record.created = Timestamp{in.ReadSignedVarint()};
  const std::uint8_t flags = in.ReadFlags(kVersionFlags);
  record.deleted = (flags & kDeleted) != 0;
  record.loose = (flags & kLoose) != 0;
  record.has_source = (flags & kHasSource) != 0;
  record.title = in.ReadString();
  record.uri = in.ReadString();
  record.parser = in.ReadString();
  record.chunker = ReadChunker(in);
  record.metadata = in.ReadMetadata();
  record.content_hash = in.ReadHash();
  if (flags & kExpires) record.expires_at = Timestamp{in.ReadSignedVarint()};
  record.label = in.ReadString();
  record.kept = in.ReadVarint32();
  record.added = in.ReadVarint32();
  record.removed = in.ReadVarint32();
  ReadEntries(in, record.entries);
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

std::string ChunkId(const VersionRecord& version, const VersionEntry& entry) {
  if (version.loose) return version.document_id;
  if (!entry.given_id.empty()) return entry.given_id;
  std::string id;
  id.reserve(version.document_id.size() + 1 + 16 + 11);  // "#", the hash, "-" and a 32-bit number.
  id.append(version.document_id).append("#").append(ToHex(entry.text_hash));
  if (entry.repeat > 0) id.append("-").append(std::to_string(std::uint64_t{entry.repeat} + 1));
  return id;
}

}  // namespace tracevec
