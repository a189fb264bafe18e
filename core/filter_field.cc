#include "core/filter_field.h"

#include <algorithm>
#include <array>

#include "core/nearest_name.h"

namespace tracevec {
namespace {

using Source = FilterField::Source;

struct ReservedName {
  std::string_view name;
  Source source;
  MetadataType type;
};

constexpr std::array<ReservedName, 4> kReservedNames = {{
    {"id", Source::kId, MetadataType::kString},
    {"document", Source::kDocument, MetadataType::kString},
    {"version", Source::kVersion, MetadataType::kInt},
    {"text", Source::kText, MetadataType::kString},
}};

constexpr std::string_view kMetadataPrefix = "meta.";

std::string_view FirstName(std::string_view path) { return path.substr(0, path.find('.')); }

Status UnknownField(std::string_view path, const CollectionSchema& schema,
                    const std::vector<std::string>& known_fields) {
  std::vector<std::string> names = known_fields;
  for (const auto& [name, type] : schema.metadata) names.push_back(name);
  for (const ReservedName& reserved : kReservedNames) names.emplace_back(reserved.name);
  return Status::InvalidArgument("filter: unknown field '" + std::string(path) + "'" +
                                 DidYouMean(path, names));
}

const Value* FindKey(const Metadata* fields, std::string_view name) {
  if (fields == nullptr) return nullptr;
  const auto found = fields->find(name);
  return found != fields->end() ? &found->second : nullptr;
}

const Value* FindKey(const FilterSubject& subject, std::string_view name) {
  const Value* own = FindKey(subject.own, name);
  return own != nullptr ? own : FindKey(subject.inherited, name);
}

}  // namespace

Result<FilterField> ResolveFilterField(std::string_view path, const CollectionSchema& schema,
                                       const std::vector<std::string>* known_fields) {
  for (const ReservedName& reserved : kReservedNames) {
    if (path == reserved.name) return FilterField{reserved.source, {}, reserved.type};
  }
  const std::string_view name =
      path.starts_with(kMetadataPrefix) ? path.substr(kMetadataPrefix.size()) : path;
  FilterField field{Source::kMetadata, std::string(name), {}};
  if (const auto declared = schema.metadata.find(name); declared != schema.metadata.end()) {
    field.type = declared->second;
    return field;
  }
  if (known_fields != nullptr &&
      std::none_of(known_fields->begin(), known_fields->end(), [&](std::string_view known) {
        return known == name || known == FirstName(name);
      })) {
    return UnknownField(path, schema, *known_fields);
  }
  return field;
}

const Value* FindMetadata(const FilterSubject& subject, std::string_view name) {
  if (const Value* value = FindKey(subject, name)) return value;
  std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const Value* value = FindKey(subject, name.substr(0, dot));
  while (value != nullptr) {
    name.remove_prefix(dot + 1);
    const Value::Map* map = value->AsMap();
    if (const Value* whole = FindKey(map, name)) return whole;
    dot = name.find('.');
    if (dot == std::string_view::npos) return nullptr;
    value = FindKey(map, name.substr(0, dot));
  }
  return nullptr;
}

}  // namespace tracevec
