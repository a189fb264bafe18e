#include "core/schema_check.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/analyzer.h"
#include "core/embed_template.h"
#include "core/return_if_error.h"
#include "core/utf8.h"

namespace tracevec {
namespace {

constexpr std::size_t kMaxVectorFields = 16;
constexpr std::uint32_t kMaxDimension = 65'536;
constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxMetadataBytes = std::size_t{1} << 20;
// What a value costs beside its text: a byte of type and up to eight of number or length.
constexpr std::size_t kValueBytes = 9;
constexpr std::array<std::string_view, 4> kBuiltInFields = {"id", "document", "text", "version"};

std::string Field(std::string_view kind, std::string_view name) {
  return std::string(kind).append(" field '").append(name).append("'");
}

/// A name inside metadata, at any level.
Status CheckName(std::string_view name) {
  if (name.empty()) return Status::InvalidArgument("a metadata field has an empty name");
  TRACEVEC_RETURN_IF_ERROR(CheckUtf8(name, "name of a metadata field"));
  if (name.size() <= kMaxNameBytes) return Status::Ok();
  return Status::InvalidArgument("name of a metadata field: expected at most " +
                                 std::to_string(kMaxNameBytes) + " bytes, got " +
                                 std::to_string(name.size()));
}

/// A name declared in a schema.
Status CheckFieldName(std::string_view kind, std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) {
    return Status::InvalidArgument("name of a " + std::string(kind) + " field: expected 1 to " +
                                   std::to_string(kMaxNameBytes) + " bytes, got " +
                                   std::to_string(name.size()));
  }
  TRACEVEC_RETURN_IF_ERROR(CheckUtf8(name, "name of a " + std::string(kind) + " field"));
  if (name.front() != '$') return Status::Ok();
  return Status::InvalidArgument(Field(kind, name) +
                                 ": names that start with '$' are operators in JSON filters");
}

Status CheckSpace(const EmbeddingSpace& space, const std::string& field) {
  TRACEVEC_RETURN_IF_ERROR(CheckUtf8(space.model, field + ": model"));
  TRACEVEC_RETURN_IF_ERROR(CheckUtf8(space.revision, field + ": revision"));
  TRACEVEC_RETURN_IF_ERROR(CheckUtf8(space.normalization, field + ": normalization"));
  TRACEVEC_RETURN_IF_ERROR(CheckUtf8(space.document_prompt, field + ": document_prompt"));
  return CheckUtf8(space.query_prompt, field + ": query_prompt");
}

/// Of a vector field, sparse or not.
Status CheckVectorName(std::string_view kind, const std::string& name) {
  TRACEVEC_RETURN_IF_ERROR(CheckFieldName(kind, name));
  if (std::find(kBuiltInFields.begin(), kBuiltInFields.end(), name) == kBuiltInFields.end()) {
    return Status::Ok();
  }
  return Status::InvalidArgument(Field(kind, name) + ": the name is taken by a built-in field");
}

Status CheckSparseFields(const CollectionSchema& schema) {
  if (schema.sparse_vectors.size() > kMaxVectorFields) {
    return Status::InvalidArgument("sparse fields: expected at most " +
                                   std::to_string(kMaxVectorFields) + ", got " +
                                   std::to_string(schema.sparse_vectors.size()));
  }
  for (const auto& [name, unused] : schema.sparse_vectors) {
    TRACEVEC_RETURN_IF_ERROR(CheckVectorName("sparse", name));
    if (!schema.vectors.contains(name)) continue;
    return Status::InvalidArgument(Field("sparse", name) + ": a vector field has this name");
  }
  return Status::Ok();
}

Status CheckVectorField(const std::string& name, const VectorField& vector) {
  TRACEVEC_RETURN_IF_ERROR(CheckVectorName("vector", name));
  const std::string field = Field("vector", name);
  if (vector.dimension == 0 || vector.dimension > kMaxDimension) {
    return Status::InvalidArgument(field + ": dimension: expected 1 to " +
                                   std::to_string(kMaxDimension) + ", got " +
                                   std::to_string(vector.dimension));
  }
  if (vector.metric > Metric::kL2) {
    return Status::InvalidArgument(field + ": metric: no metric has the number " +
                                   std::to_string(static_cast<int>(vector.metric)));
  }
  if (vector.codes > CodeChoice::kInt4) {
    return Status::InvalidArgument(field + ": codes: no kind has the number " +
                                   std::to_string(static_cast<int>(vector.codes)));
  }
  TRACEVEC_RETURN_IF_ERROR(CheckSpace(vector.space, field));
  const Status status = CheckEmbedTemplate(vector.embed_template);
  return status.ok() ? status : Status(status.code(), field + ": " + status.message());
}

Status CheckTextField(const TextField& text) {
  constexpr std::size_t kMostStopWords = 1000;
  TRACEVEC_RETURN_IF_ERROR(CheckUtf8(text.analyzer, "analyzer"));
  if (text.stop_words.size() > kMostStopWords) {
    return Status::InvalidArgument("text field: " + std::to_string(text.stop_words.size()) +
                                   " stop words, at most " + std::to_string(kMostStopWords));
  }
  for (const std::string& word : text.stop_words) {
    TRACEVEC_RETURN_IF_ERROR(CheckUtf8(word, "stop word"));
    if (!word.empty() && word.size() <= kMaxNameBytes) continue;
    return Status::InvalidArgument("stop word: expected 1 to " + std::to_string(kMaxNameBytes) +
                                   " bytes, got " + std::to_string(word.size()));
  }
  if (!(text.k1 >= 0 && text.k1 <= 100)) {
    return Status::InvalidArgument("text field: k1: expected 0 to 100, got " +
                                   std::to_string(text.k1));
  }
  if (!(text.b >= 0 && text.b <= 1)) {
    return Status::InvalidArgument("text field: b: expected 0 to 1, got " + std::to_string(text.b));
  }
  return Analyzer::Make(text).status();
}

/// Walks a value and adds up what it takes, so that no limit is passed by much before it is seen.
class ValueChecker {
 public:
  Status Check(std::string_view name, const Value& value, std::size_t depth) {
    TRACEVEC_RETURN_IF_ERROR(CheckName(name));
    TRACEVEC_RETURN_IF_ERROR(Count(kValueBytes + name.size()));
    return CheckContent(value, depth);
  }

 private:
  Status CheckContent(const Value& value, std::size_t depth) {
    if (const std::string* text = value.AsString()) {
      TRACEVEC_RETURN_IF_ERROR(CheckUtf8(*text, "string"));
      return Count(text->size());
    }
    const Value::List* list = value.AsList();
    const Value::Map* map = value.AsMap();
    if ((list != nullptr || map != nullptr) && depth == kMaxDepth) {
      return Status::InvalidArgument("lists and maps are nested deeper than " +
                                     std::to_string(kMaxDepth) + " levels");
    }
    if (list != nullptr) {
      for (const Value& item : *list) {
        TRACEVEC_RETURN_IF_ERROR(Count(kValueBytes));
        TRACEVEC_RETURN_IF_ERROR(CheckContent(item, depth + 1));
      }
    }
    if (map != nullptr) {
      for (const auto& [name, item] : *map) {
        TRACEVEC_RETURN_IF_ERROR(Check(name, item, depth + 1));
      }
    }
    return Status::Ok();
  }

  Status Count(std::size_t bytes) {
    bytes_ += bytes;
    if (bytes_ <= kMaxMetadataBytes) return Status::Ok();
    return Status::InvalidArgument("metadata is larger than " + std::to_string(kMaxMetadataBytes) +
                                   " bytes; put long texts into the document's text");
  }

  std::size_t bytes_ = 0;
};

constexpr std::uint8_t kFirstListType = static_cast<std::uint8_t>(MetadataType::kBoolList);

bool IsListType(MetadataType type) { return static_cast<std::uint8_t>(type) >= kFirstListType; }

MetadataType ItemType(MetadataType list_type) {
  return static_cast<MetadataType>(static_cast<std::uint8_t>(list_type) - kFirstListType);
}

bool HasScalarType(const Value& value, MetadataType type) {
  switch (type) {
    case MetadataType::kBool: return value.AsBool() != nullptr;
    case MetadataType::kInt: return value.AsInt() != nullptr;
    case MetadataType::kDouble: return value.AsDouble() != nullptr || value.AsInt() != nullptr;
    case MetadataType::kString: return value.AsString() != nullptr;
    case MetadataType::kTimestamp: return value.AsTimestamp() != nullptr;
    default: return false;
  }
}

Status CheckDeclaredType(const Value& value, MetadataType type) {
  if (value.is_null()) return Status::Ok();
  const std::string expected = "expected " + std::string(MetadataTypeName(type)) + ", got ";
  const Value::List* list = value.AsList();
  if (!IsListType(type) || list == nullptr) {
    if (!IsListType(type) && HasScalarType(value, type)) return Status::Ok();
    return Status::InvalidArgument(expected + std::string(ValueTypeName(value.type())));
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (HasScalarType((*list)[i], ItemType(type))) continue;
    return Status::InvalidArgument(expected + "a list whose item " + std::to_string(i) + " is " +
                                   std::string(ValueTypeName((*list)[i].type())));
  }
  return Status::Ok();
}

}  // namespace

Status CheckSchema(const CollectionSchema& schema) {
  if (schema.vectors.size() > kMaxVectorFields) {
    return Status::InvalidArgument("vector fields: expected at most " +
                                   std::to_string(kMaxVectorFields) + ", got " +
                                   std::to_string(schema.vectors.size()));
  }
  for (const auto& [name, vector] : schema.vectors) {
    TRACEVEC_RETURN_IF_ERROR(CheckVectorField(name, vector));
  }
  TRACEVEC_RETURN_IF_ERROR(CheckSparseFields(schema));
  for (const auto& [name, type] : schema.metadata) {
    TRACEVEC_RETURN_IF_ERROR(CheckFieldName("metadata", name));
    if (type > MetadataType::kTimestampList) {
      return Status::InvalidArgument(Field("metadata", name) + ": no type has the number " +
                                     std::to_string(static_cast<int>(type)));
    }
  }
  return schema.text ? CheckTextField(*schema.text) : Status::Ok();
}

Status CheckMetadata(const Metadata& metadata, const CollectionSchema& schema,
                     std::string_view what) {
  const std::string prefix = what.empty() ? std::string() : std::string(what) + ": ";
  ValueChecker checker;
  for (const auto& [name, value] : metadata) {
    // The name goes into messages only after its own check.
    Status status = CheckName(name);
    if (!status.ok()) return {status.code(), prefix + status.message()};
    status = checker.Check(name, value, 0);
    if (const auto declared = schema.metadata.find(name);
        status.ok() && declared != schema.metadata.end()) {
      status = CheckDeclaredType(value, declared->second);
    }
    if (!status.ok()) {
      return {status.code(), prefix + Field("metadata", name) + ": " + status.message()};
    }
  }
  return Status::Ok();
}

}  // namespace tracevec
