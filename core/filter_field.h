#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/filter_program.h"
#include "tracevec/schema.h"
#include "tracevec/status.h"

namespace tracevec {

/// What a path in a filter stands for.
struct FilterField {
  enum class Source : std::uint8_t { kId, kDocument, kVersion, kText, kMetadata };

  Source source = Source::kMetadata;
  std::string name;  ///< Of metadata, without the `meta.` that may have stood before it.
  /// Of a declared field or a reserved name.
  std::optional<MetadataType> type;
};

/// Errors: InvalidArgument with the nearest name, for one that is neither reserved, declared nor
/// known. `known_fields` may be null: then every name is known.
Result<FilterField> ResolveFilterField(std::string_view path, const CollectionSchema& schema,
                                       const std::vector<std::string>* known_fields);

/// The metadata value of that name, or null: first as a single key, then as a path of names into
/// maps, at each map again first as a single key. What `own` has hides the same name of
/// `inherited`. No allocation.
const Value* FindMetadata(const FilterSubject& subject, std::string_view name);

}  // namespace tracevec
