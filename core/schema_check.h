#pragma once

#include <string_view>

#include "tracevec/schema.h"
#include "tracevec/status.h"
#include "tracevec/value.h"

namespace tracevec {

/// Checks a schema before a collection is made of it: 0 to 16 vector fields of dimension 1 to
/// 65,536, and 0 to 16 sparse fields; field names of 1 to 255 bytes of UTF-8 that do not start with
/// '$' (the operators of the JSON filter dialect do); no vector field named like a built-in field
/// (id, document, text, version; a metadata field may be, filters reach it as meta.id); templates;
/// all texts UTF-8. Errors: InvalidArgument that names the field.
Status CheckSchema(const CollectionSchema& schema);

/// Checks metadata against a schema: the types of declared fields, names of 1 to 255 bytes at
/// every level, UTF-8, lists and maps nested at most 16 deep, at most 1 MiB in all.
/// `what` says whose metadata it is and starts the message:
/// "document 'a': metadata field 'year': expected int, got string". It may be empty.
/// Errors: InvalidArgument.
Status CheckMetadata(const Metadata& metadata, const CollectionSchema& schema,
                     std::string_view what);

}  // namespace tracevec
