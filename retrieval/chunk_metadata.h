#pragma once

#include <memory>

#include "storage/records.h"

namespace tracevec {

/// A chunk's own fields as an index row holds them.
struct OwnMetadata {
  std::shared_ptr<const Metadata> fields;  ///< Null when there are none.
  bool complete = false;                   ///< The document's fields are not inherited.
};

/// The fields in force, from those given with the chunk and those merged by UpdateMetadata. Where
/// a merge removed a field the document has, the result is complete: it holds the document's
/// other fields too.
OwnMetadata CombineOwn(const Metadata& document, const ChunkMetadataRecord& record);

/// What a user sees: the document's fields with the own ones over them.
Metadata EffectiveMetadata(const Metadata& document, const OwnMetadata& own);

/// The record of a chunk that is kept while its document is put anew: what the put says wins,
/// what UpdateMetadata merged under other names stays.
ChunkMetadataRecord CarryMetadata(const ChunkMetadataRecord& before, const Metadata& new_document,
                                  const Metadata& new_given);

/// The record after UpdateMetadata with this patch.
ChunkMetadataRecord MergePatch(ChunkMetadataRecord before, const Metadata& patch);

}  // namespace tracevec
