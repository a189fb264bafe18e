#include "retrieval/chunk_metadata.h"

namespace tracevec {

OwnMetadata CombineOwn(const Metadata& document, const ChunkMetadataRecord& record) {
  OwnMetadata own;
  if (record.given.empty() && record.merged.empty()) return own;
  Metadata fields = record.given;
  for (const auto& [name, value] : record.merged) {
    if (!value.is_null()) {
      fields.insert_or_assign(name, value);
      continue;
    }
    fields.erase(name);
    if (document.contains(name)) own.complete = true;
  }
  if (own.complete) {
    for (const auto& [name, value] : document) {
      const auto merged = record.merged.find(name);
      const bool removed = merged != record.merged.end() && merged->second.is_null();
      if (!removed) fields.try_emplace(name, value);
    }
  }
  if (!fields.empty() || own.complete)
    own.fields = std::make_shared<const Metadata>(std::move(fields));
  return own;
}

Metadata EffectiveMetadata(const Metadata& document, const OwnMetadata& own) {
  if (own.fields == nullptr) return document;
  Metadata effective = *own.fields;
  if (!own.complete) effective.insert(document.begin(), document.end());
  return effective;
}

ChunkMetadataRecord CarryMetadata(const ChunkMetadataRecord& before, const Metadata& new_document,
                                  const Metadata& new_given) {
  ChunkMetadataRecord after;
  after.given = new_given;
  for (const auto& [name, value] : before.merged) {
    if (!new_document.contains(name) && !new_given.contains(name))
      after.merged.emplace(name, value);
  }
  return after;
}

ChunkMetadataRecord MergePatch(ChunkMetadataRecord before, const Metadata& patch) {
  for (const auto& [name, value] : patch) before.merged.insert_or_assign(name, value);
  return before;
}

}  // namespace tracevec
