#pragma once

#include <vector>

#include "python/bindings_casters.h"
#include "tracevec/document.h"

namespace tracevec::python {

/// A tracevec.Document with its chunker and chunks. Raises InvalidArgument.
Document TakeDocument(nanobind::handle object);
std::vector<Document> TakeDocuments(const nanobind::list& objects);

}  // namespace tracevec::python
