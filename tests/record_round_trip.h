#pragma once

#include <string>
#include <string_view>

#include "storage/keys.h"
#include "storage/marker.h"
#include "storage/records.h"

namespace tracevec {

/// Decodes bytes as every kind of record. What is accepted must encode to the same bytes: there is
/// one encoding of each record. Returns what went wrong, or an empty string.
inline std::string CheckEveryDecoder(std::string_view bytes) {
  std::string failure;
  const auto check = [&](std::string_view name, const auto& decoded, auto encode) {
    if (decoded.ok() && encode(*decoded) != bytes) failure.append(name).append(" ");
  };
  check("format", DecodeFormat(bytes), EncodeFormat);
  check("commit", DecodeCommit(bytes), EncodeCommit);
  check("clean shutdown", DecodeCleanShutdown(bytes), EncodeCleanShutdown);
  check("collection number", DecodeCollectionNumber(bytes), EncodeCollectionNumber);
  check("collection", DecodeCollection(bytes), EncodeCollection);
  check("counters", DecodeCounters(bytes), EncodeCounters);
  check("document", DecodeDocument(bytes), EncodeDocument);
  check("version", DecodeVersion(bytes), EncodeVersion);
  check("body", DecodeBody(bytes), EncodeBody);
  check("chunk metadata", DecodeChunkMetadata(bytes), EncodeChunkMetadata);
  check("journal", DecodeJournal(bytes), EncodeJournal);
  check("migration", DecodeMigration(bytes), EncodeMigration);
  check("receipt", DecodeReceipt(bytes), EncodeReceipt);
  check("annotation", DecodeAnnotation(bytes), EncodeAnnotation);
  check("receipt policy", DecodeReceiptPolicy(bytes), EncodeReceiptPolicy);
  check("sparse vector", DecodeSparseVector(bytes), EncodeSparseVector);
  check("routes", DecodeRoutes("", bytes), EncodeRoutes);
  check("snapshot", DecodeSnapshot(bytes), EncodeSnapshot);
  check("pipeline", DecodePipeline(bytes), EncodePipeline);
  check("garbage", DecodeGarbage(bytes), EncodeGarbage);
  check("tuning", DecodeTuning(bytes), EncodeTuning);
  check("index checkpoint", DecodeIndexCheckpoint(bytes), EncodeIndexCheckpoint);
  check("index change", DecodeIndexChange(bytes), EncodeIndexChange);
  check("chunk owners", DecodeChunkOwners(bytes), EncodeChunkOwners);
  check("marker", DecodeMarker(bytes), EncodeMarker);

  const auto check_key = [&](std::string_view name, const std::string& rebuilt) {
    // The collection is not parsed: the caller has asked for one collection's keys.
    if (rebuilt.substr(5) != bytes.substr(5)) failure.append(name).append(" ");
  };
  const CollectionNumber collection{};
  if (const auto key = keys::ParseVersion(bytes); key.ok()) {
    check_key("version key", keys::Version(collection, key->document, key->version));
  }
  if (const auto key = keys::ParseBody(bytes); key.ok()) {
    check_key("body key", keys::Body(collection, key->document, key->chunk));
  }
  if (const auto key = keys::ParseChunkMetadata(bytes); key.ok()) {
    check_key("chunk metadata key",
              keys::ChunkMetadata(collection, key->document, key->chunk, key->commit));
  }
  return failure;
}

}  // namespace tracevec
