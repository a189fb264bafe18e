#pragma once

#include <string>

#include "retrieval/put_document.h"

namespace tracevec {

/// Of a document that another takes the place of: gives each added chunk of `put` the vectors,
/// measurements and merged metadata of a chunk of the former that has the same text, as embedders
/// see it, and notes the document in `put`. Errors: NotFound; InvalidArgument for a loose vector.
Status TakeMoved(const Store& store, const CollectionState& state, const std::string& from,
                 ReadyPut* put);

}  // namespace tracevec
