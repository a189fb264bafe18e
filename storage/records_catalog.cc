// Records of the database and of a collection as a whole.

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>

#include "core/codec.h"
#include "core/return_if_error.h"
#include "storage/record_parts.h"
#include "storage/records.h"

namespace tracevec {
namespace {

// A collection's durability. Stored: do not renumber.
enum class StoredDurability : std::uint8_t { kOfDatabase = 0, kAsync = 1, kSync = 2 };

/// Fails unless `name` comes after every key of `map`: names are written in order.
template <typename Map>
void CheckNameOrder(Decoder& in, const Map& map, std::string_view name) {
  if (!map.empty() && name <= map.rbegin()->first) in.Fail("names are not in ascending order");
}

void PutVectorFields(Encoder& out, const CollectionRecord& record) {
  out.PutVarint(record.schema.vectors.size());
  for (const auto& [name, field] : record.schema.vectors) {
    out.PutString(name);
    const auto number = record.field_numbers.find(name);
    PutVectorField(out, number == record.field_numbers.end() ? FieldNumber{} : number->second,
                   field);
  }
}

void ReadVectorFields(Decoder& in, CollectionRecord& record) {
  constexpr std::size_t kLeastBytes = 10;  // Seven empty strings and three numbers.
  for (std::size_t left = in.ReadCount(kLeastBytes); left > 0 && in.ok(); --left) {
    const std::string name = in.ReadString();
    CheckNameOrder(in, record.schema.vectors, name);
    ReadVectorField(in, record.field_numbers[name], record.schema.vectors[name]);
  }
}

void ReadDeclaredMetadata(Decoder& in, CollectionSchema& schema) {
  constexpr std::size_t kLeastBytes = 2;  // An empty name and a type.
  for (std::size_t left = in.ReadCount(kLeastBytes); left > 0 && in.ok(); --left) {
    const std::string name = in.ReadString();
    CheckNameOrder(in, schema.metadata, name);
    schema.metadata[name] = static_cast<MetadataType>(
        in.ReadByteUpTo(static_cast<std::uint8_t>(MetadataType::kTimestampList), "metadata type"));
  }
}

void ReadKnownFields(Decoder& in, std::vector<std::string>& fields) {
  for (std::size_t left = in.ReadCount(1); left > 0 && in.ok(); --left) {
    std::string name = in.ReadString();
    if (!fields.empty() && name <= fields.back()) in.Fail("names are not in ascending order");
    fields.push_back(std::move(name));
  }
}

/// How a text field is stored. Stored: do not renumber.
enum class StoredText : std::uint8_t { kNone = 0, kByDefault = 1, kWithOptions = 2 };
/// Beside it: sparse fields follow.
constexpr std::uint8_t kSparseFieldsFollow = 0x10;

void PutTextField(Encoder& out, const CollectionSchema& schema) {
  const std::optional<TextField>& text = schema.text;
  const bool by_default = text && *text == TextField{text->analyzer};
  const StoredText stored = !text        ? StoredText::kNone
                            : by_default ? StoredText::kByDefault
                                         : StoredText::kWithOptions;
  const std::uint8_t follow = schema.sparse_vectors.empty() ? 0 : kSparseFieldsFollow;
  out.PutByte(static_cast<std::uint8_t>(static_cast<std::uint8_t>(stored) | follow));
  if (!text) return;
  out.PutString(text->analyzer);
  if (by_default) return;
  out.PutVarint(text->stop_words.size());
  for (const std::string& word : text->stop_words) out.PutString(word);
  out.PutDouble(text->k1);
  out.PutDouble(text->b);
}

std::optional<TextField> ReadTextField(Decoder& in, bool* sparse_fields_follow) {
  constexpr auto kLast = static_cast<std::uint8_t>(StoredText::kWithOptions);
  const std::uint8_t both = in.ReadByteUpTo(kSparseFieldsFollow | kLast, "text field");
  *sparse_fields_follow = (both & kSparseFieldsFollow) != 0;
  const std::uint8_t number = both & ~kSparseFieldsFollow;
  if (number > kLast) in.Fail(fmt::format("text field: {} is no number of one", number));
  const auto stored = static_cast<StoredText>(number);
  if (stored == StoredText::kNone) return std::nullopt;
  TextField text{in.ReadString()};
  if (stored == StoredText::kByDefault) return text;
  for (std::size_t left = in.ReadCount(1); left > 0 && in.ok(); --left) {
    text.stop_words.push_back(in.ReadString());
  }
  text.k1 = in.ReadDouble();
  text.b = in.ReadDouble();
  const bool in_range = text.k1 >= 0 && text.k1 <= 100 && text.b >= 0 && text.b <= 1;
  if (!in_range) in.Fail(fmt::format("a text field has k1 {} and b {}", text.k1, text.b));
  if (text == TextField{text.analyzer}) in.Fail("options of a text field are the default");
  return text;
}

void PutSparseFields(Encoder& out, const CollectionRecord& record) {
  if (record.schema.sparse_vectors.empty()) return;
  out.PutVarint(record.schema.sparse_vectors.size());
  for (const auto& [name, unused] : record.schema.sparse_vectors) {
    out.PutString(name);
    const auto number = record.field_numbers.find(name);
    out.PutVarint(number == record.field_numbers.end() ? 0 : Raw(number->second));
  }
}

void ReadSparseFields(Decoder& in, CollectionRecord& record) {
  constexpr std::size_t kLeastBytes = 2;  // An empty name and a number.
  std::size_t left = in.ReadCount(kLeastBytes);
  if (left == 0) in.Fail("sparse fields are said to follow, and there are none");
  for (; left > 0 && in.ok(); --left) {
    const std::string name = in.ReadString();
    CheckNameOrder(in, record.schema.sparse_vectors, name);
    if (record.schema.vectors.contains(name)) in.Fail("a vector field is sparse too");
    record.schema.sparse_vectors[name] = {};
    record.field_numbers[name] = ReadFieldNumber(in);
  }
}

constexpr unsigned kCodesAt = 4;  // Bits of the metric before those of the kind of codes.

}  // namespace

void PutSpace(Encoder& out, const EmbeddingSpace& space) {
  out.PutString(space.model);
  out.PutString(space.revision);
  out.PutString(space.normalization);
  out.PutString(space.document_prompt);
  out.PutString(space.query_prompt);
}

EmbeddingSpace ReadSpace(Decoder& in) {
  EmbeddingSpace space;
  space.model = in.ReadString();
  space.revision = in.ReadString();
  space.normalization = in.ReadString();
  space.document_prompt = in.ReadString();
  space.query_prompt = in.ReadString();
  return space;
}

FieldNumber ReadFieldNumber(Decoder& in) {
  const std::uint64_t number = in.ReadVarint();
  if (number > std::numeric_limits<std::uint16_t>::max()) {
    in.Fail(fmt::format("a field number of 16 bits is {}", number));
    return {};
  }
  return FieldNumber{static_cast<std::uint16_t>(number)};
}

void PutVectorField(Encoder& out, FieldNumber number, const VectorField& field) {
  out.PutVarint(Raw(number));
  out.PutVarint(field.dimension);
  out.PutByte(static_cast<std::uint8_t>(static_cast<unsigned>(field.metric) |
                                        static_cast<unsigned>(field.codes) << kCodesAt));
  PutSpace(out, field.space);
  out.PutString(field.embed_template);
}

void ReadVectorField(Decoder& in, FieldNumber& number, VectorField& field) {
  number = ReadFieldNumber(in);
  field.dimension = in.ReadVarint32();
  constexpr unsigned kLastMetric = static_cast<unsigned>(Metric::kL2);
  constexpr unsigned kLastCodes = static_cast<unsigned>(CodeChoice::kInt4);
  const unsigned both = in.ReadByteUpTo(kLastCodes << kCodesAt | kLastMetric, "metric and codes");
  const unsigned metric = both & ((1U << kCodesAt) - 1);
  if (metric > kLastMetric) in.Fail(fmt::format("metric: {} is no number of one", metric));
  field.metric = static_cast<Metric>(metric);
  field.codes = static_cast<CodeChoice>(both >> kCodesAt);
  field.space = ReadSpace(in);
  field.embed_template = in.ReadString();
}

std::string EncodeFormat(const FormatRecord& record) {
  Encoder out;
  out.PutVarint(record.version);
  out.PutFixed64(record.feature_flags);
  out.PutString(record.created_by);
  return out.Take();
}

Result<FormatRecord> DecodeFormat(std::string_view bytes) {
  Decoder in(bytes, "format");
  FormatRecord record;
  record.version = in.ReadVarint32();
  record.feature_flags = in.ReadFixed64();
  record.created_by = in.ReadString();
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

std::string EncodeCommit(const CommitRecord& record) {
  Encoder out;
  out.PutVarint(Raw(record.commit));
  out.PutVarint(record.timeline);
  return out.Take();
}

Result<CommitRecord> DecodeCommit(std::string_view bytes) {
  Decoder in(bytes, "commit");
  CommitRecord record;
  record.commit = CommitNumber{in.ReadVarint()};
  record.timeline = in.ReadVarint();
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

std::string EncodeCleanShutdown(bool clean) {
  Encoder out;
  out.PutByte(clean ? 1 : 0);
  return out.Take();
}

Result<bool> DecodeCleanShutdown(std::string_view bytes) {
  Decoder in(bytes, "clean shutdown");
  const bool clean = in.ReadBool();
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return clean;
}

std::string EncodeCollectionNumber(CollectionNumber collection) {
  Encoder out;
  out.PutFixed32(Raw(collection));
  return out.Take();
}

Result<CollectionNumber> DecodeCollectionNumber(std::string_view bytes) {
  Decoder in(bytes, "collection number");
  const CollectionNumber collection{in.ReadFixed32()};
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return collection;
}

std::string EncodeCollection(const CollectionRecord& record) {
  Encoder out;
  out.PutString(record.name);
  PutVectorFields(out, record);
  PutTextField(out, record.schema);
  PutSparseFields(out, record);
  out.PutVarint(record.schema.metadata.size());
  for (const auto& [name, type] : record.schema.metadata) {
    out.PutString(name);
    out.PutByte(static_cast<std::uint8_t>(type));
  }
  const StoredDurability durability = !record.sync   ? StoredDurability::kOfDatabase
                                      : *record.sync ? StoredDurability::kSync
                                                     : StoredDurability::kAsync;
  out.PutByte(static_cast<std::uint8_t>(durability));
  out.PutVarint(record.known_fields.size());
  for (const std::string& name : record.known_fields) out.PutString(name);
  const bool has_default = record.kept_versions == CollectionRecord::kDefaultKeptVersions;
  if (!has_default || record.chunk_identity) out.PutVarint(record.kept_versions);
  if (record.chunk_identity) {
    out.PutHash(*record.chunk_identity);
    out.PutVarint(record.next_field);
  }
  return out.Take();
}

Result<CollectionRecord> DecodeCollection(std::string_view bytes) {
  Decoder in(bytes, "collection");
  CollectionRecord record;
  record.name = in.ReadString();
  ReadVectorFields(in, record);
  bool sparse_fields_follow = false;
  record.schema.text = ReadTextField(in, &sparse_fields_follow);
  if (sparse_fields_follow) ReadSparseFields(in, record);
  ReadDeclaredMetadata(in, record.schema);
  const auto durability = static_cast<StoredDurability>(
      in.ReadByteUpTo(static_cast<std::uint8_t>(StoredDurability::kSync), "durability"));
  if (durability != StoredDurability::kOfDatabase) {
    record.sync = durability == StoredDurability::kSync;
  }
  ReadKnownFields(in, record.known_fields);
  if (!in.at_end()) {
    record.kept_versions = in.ReadVarint32();
    const bool has_default = record.kept_versions == CollectionRecord::kDefaultKeptVersions;
    if (in.at_end()) {
      if (has_default) in.Fail("a trailing field is its default");
    } else {
      record.chunk_identity = in.ReadHash();
      record.next_field = Raw(ReadFieldNumber(in));
    }
  }
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

std::string EncodeCounters(const CollectionCounters& record) {
  Encoder out;
  out.PutVarint(record.next_document);
  out.PutVarint(record.chunks);
  out.PutVarint(record.documents);
  out.PutVarint(Raw(record.commit));
  return out.Take();
}

Result<CollectionCounters> DecodeCounters(std::string_view bytes) {
  Decoder in(bytes, "counters");
  CollectionCounters record;
  record.next_document = in.ReadVarint();
  record.chunks = in.ReadVarint();
  record.documents = in.ReadVarint();
  record.commit = CommitNumber{in.ReadVarint()};
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

}  // namespace tracevec
