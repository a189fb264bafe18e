#include "retrieval/erasure_evidence.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/codec.h"
#include "core/return_if_error.h"
#include "core/vector_math.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

constexpr std::size_t kMostFindings = 100;

class EvidenceCollector {
 public:
  EvidenceCollector(const Store& store, const CollectionState& state, DocumentNumber document)
      : store_(store), state_(state), document_(document) {}

  Result<ErasureEvidence> Collect() {
    TRACEVEC_RETURN_IF_ERROR(AddVersions());
    TRACEVEC_RETURN_IF_ERROR(AddBodies());
    TRACEVEC_RETURN_IF_ERROR(AddChunkMetadata());
    for (const BoundField& field : state_.fields) {
      TRACEVEC_RETURN_IF_ERROR(AddVectors(field.number, field.field));
    }
    for (const BoundSparseField& field : state_.sparse_fields) {
      TRACEVEC_RETURN_IF_ERROR(AddSparseVectors(field.number));
    }
    if (const auto& migration = state_.migration) {
      TRACEVEC_RETURN_IF_ERROR(AddVectors(migration->other_number, migration->other));
    }
    std::sort(evidence_.chunk_ids.begin(), evidence_.chunk_ids.end());
    const auto twice = std::unique(evidence_.chunk_ids.begin(), evidence_.chunk_ids.end());
    evidence_.chunk_ids.erase(twice, evidence_.chunk_ids.end());
    return std::move(evidence_);
  }

 private:
  void AddPattern(std::string_view bytes, bool is_content = false) {
    if (bytes.empty()) return;
    if (evidence_.patterns.Add(bytes)) {
      evidence_.shared_with.push_back(evidence_.patterns.size() - 1);
      evidence_.is_content.push_back(is_content);
    } else if (bytes.size() < BytePatterns::kShortest) {
      ++evidence_.short_patterns;
    }
  }

  void AddValue(const Value& value) {
    if (const std::string* text = value.AsString()) AddPattern(*text);
    if (const Value::List* list = value.AsList()) {
      for (const Value& item : *list) AddValue(item);
    }
    if (const Value::Map* map = value.AsMap()) AddMetadata(*map);
  }

  /// Its strings, and all of it as it is encoded in records and images.
  void AddMetadata(const Metadata& metadata) {
    if (metadata.empty()) return;
    Encoder encoder;
    encoder.PutMetadata(metadata);
    AddPattern(encoder.Take());
    for (const auto& [name, value] : metadata) AddValue(value);
  }

  Status AddVersions() {
    StoreCursor cursor =
        store_.NewCursor(Table::kRecords, keys::VersionsPrefix(state_.number, document_));
    for (; cursor.Valid(); cursor.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(const VersionRecord version, DecodeVersion(cursor.value()));
      ++evidence_.versions;
      AddPattern(version.title);
      AddPattern(version.uri);
      AddMetadata(version.metadata);
      TRACEVEC_ASSIGN_OR_RETURN(
          const auto source,
          store_.GetPinned(Table::kRecords,
                           keys::Source(state_.number, document_, version.version)));
      const std::string_view text = source ? source->view() : std::string_view();
      if (version.entries.empty()) AddPattern(text, /*is_content=*/true);
      for (const VersionEntry& entry : version.entries) {
        evidence_.chunk_ids.push_back(ChunkId(version, entry));
        if (entry.span && entry.bytes.start <= entry.bytes.end && entry.bytes.end <= text.size()) {
          AddPattern(text.substr(entry.bytes.start, entry.bytes.end - entry.bytes.start),
                     /*is_content=*/true);
        }
      }
    }
    return cursor.status();
  }

  Status AddBodies() {
    StoreCursor cursor =
        store_.NewCursor(Table::kRecords, keys::BodiesPrefix(state_.number, document_));
    for (; cursor.Valid(); cursor.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(const BodyRecord body, DecodeBody(cursor.value()));
      ++evidence_.chunks;
      AddPattern(body.text, /*is_content=*/true);
    }
    return cursor.status();
  }

  Status AddChunkMetadata() {
    StoreCursor cursor =
        store_.NewCursor(Table::kRecords, keys::ChunkMetadataPrefix(state_.number, document_));
    for (; cursor.Valid(); cursor.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(const ChunkMetadataRecord record,
                                DecodeChunkMetadata(cursor.value()));
      AddMetadata(record.given);
      AddMetadata(record.merged);
    }
    return cursor.status();
  }

  /// As the store has them. Images scatter their entries over postings, where nothing tells one
  /// from another.
  Status AddSparseVectors(FieldNumber number) {
    StoreCursor cursor =
        store_.NewCursor(Table::kVectors, keys::VectorsPrefix(state_.number, number, document_));
    for (; cursor.Valid(); cursor.Next()) {
      ++evidence_.vectors;
      AddPattern(cursor.value(), /*is_content=*/true);
    }
    return cursor.status();
  }

  /// As given, as the store has them, and normalised, as images have those of a cosine field.
  Status AddVectors(FieldNumber number, const VectorField& field) {
    StoreCursor cursor =
        store_.NewCursor(Table::kVectors, keys::VectorsPrefix(state_.number, number, document_));
    const std::size_t dimension = field.dimension;
    std::vector<float> given(dimension);
    std::vector<float> normalised(dimension);
    for (; cursor.Valid(); cursor.Next()) {
      ++evidence_.vectors;
      if (cursor.value().find_first_not_of('\0') == std::string_view::npos) {
        ++evidence_.short_patterns;  // Zeros stand everywhere.
        continue;
      }
      const std::size_t as_given = evidence_.patterns.size();
      AddPattern(cursor.value(), /*is_content=*/true);
      const bool is_new = evidence_.patterns.size() > as_given;
      if (!is_new || field.metric != Metric::kCosine) continue;
      if (cursor.value().size() != dimension * sizeof(float)) continue;
      std::memcpy(given.data(), cursor.value().data(), cursor.value().size());
      Normalise(given.data(), dimension, normalised.data());
      const std::string_view bytes(reinterpret_cast<const char*>(normalised.data()),
                                   dimension * sizeof(float));
      if (!evidence_.patterns.Add(bytes)) continue;
      evidence_.shared_with.push_back(as_given);
      evidence_.is_content.push_back(true);
    }
    return cursor.status();
  }

  const Store& store_;
  const CollectionState& state_;
  const DocumentNumber document_;
  ErasureEvidence evidence_;
};

/// "store/000123.sst", the parts of a path that say something.
std::string ShortName(std::string_view path) {
  const std::size_t last = path.rfind('/');
  const std::size_t before = last == 0 ? last : path.rfind('/', last - 1);
  return std::string(path.substr(before == std::string_view::npos ? 0 : before + 1));
}

}  // namespace

Result<ErasureEvidence> CollectEvidence(const Store& store, const CollectionState& state,
                                        DocumentNumber document) {
  return EvidenceCollector(store, state, document).Collect();
}

Status VerifyErasure(const Store& store, const ErasureEvidence& evidence, keys::Owner erased,
                     ErasureCertificate* certificate) {
  std::vector<bool> shared(evidence.patterns.size(), false);
  std::set<std::string> findings;
  const auto found = [&](const BytePlace& place, std::size_t pattern) {
    // What receipts and annotations have of a document was copied from it.
    if (place.decompressed && evidence.is_content[pattern] && keys::IsOfReceipt(place.key)) {
      if (findings.size() < kMostFindings) {
        findings.insert(ShortName(place.file) + ", a kept receipt");
      }
      return;
    }
    // Records of no document, as the journal, have it of their own: nothing is copied into them.
    if (place.decompressed && keys::OwnerOf(place.key) != erased) {
      shared[pattern] = true;
      return;
    }
    if (!place.decompressed && shared[evidence.shared_with[pattern]]) return;
    if (findings.size() < kMostFindings) {
      findings.insert(
          fmt::format("{}{}", ShortName(place.file), place.decompressed ? ", decompressed" : ""));
    }
  };
  TRACEVEC_ASSIGN_OR_RETURN(const ByteScan scan, store.ScanFiles(evidence.patterns, found));
  certificate->verified = true;
  certificate->files_scanned = scan.files;
  certificate->bytes_scanned = scan.bytes;
  certificate->values_scanned = scan.values;
  certificate->patterns = static_cast<std::uint32_t>(evidence.patterns.size());
  certificate->patterns_shared =
      static_cast<std::uint32_t>(std::count(shared.begin(), shared.end(), true));
  certificate->patterns_short = evidence.short_patterns;
  certificate->findings.assign(findings.begin(), findings.end());
  return Status::Ok();
}

}  // namespace tracevec
