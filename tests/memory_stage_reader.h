#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/kernel_dispatch.h"
#include "core/utf8.h"
#include "retrieval/stage_reader.h"
#include "storage/records.h"
#include "tracevec/document.h"

namespace tracevec {

/// One version of a document that is all in memory.
class MemoryStageDocument final : public StageDocument {
 public:
  MemoryStageDocument(VersionRecord version, std::string source, std::vector<std::string> apart)
      : version_(std::move(version)), source_(std::move(source)), apart_(std::move(apart)) {}

  const VersionRecord& version() const override { return version_; }
  std::optional<std::size_t> OrdinalOf(ChunkNumber chunk) override {
    if (Raw(chunk) >= version_.entries.size()) return std::nullopt;
    return Raw(chunk);
  }
  Result<std::string_view> Source() override { return std::string_view(source_); }
  Result<std::string> ChunkText(std::size_t ordinal) override {
    const VersionEntry& entry = version_.entries[ordinal];
    if (entry.text_apart) return apart_[ordinal];
    return source_.substr(entry.bytes.start, entry.bytes.end - entry.bytes.start);
  }

 private:
  VersionRecord version_;
  std::string source_;
  std::vector<std::string> apart_;  // One a chunk; used where the entry says so.
};

/// Documents and vectors for stages without a store: chunk n of a document has number n and the id
/// "<document>#<n>".
class MemoryStageReader final : public StageReader {
 public:
  static constexpr std::string_view kField = "body";

  /// Its number. Chunks without span and text are as loose vectors are.
  DocumentNumber Add(const tracevec::Document& document) {
    VersionRecord version;
    version.document_id = document.id;
    version.version = 1;
    std::vector<std::string> apart;
    CodePointIndex index(document.text);
    for (const ChunkInput& chunk : document.chunks) {
      VersionEntry& entry = version.entries.emplace_back();
      entry.chunk = ChunkNumber{static_cast<std::uint32_t>(version.entries.size() - 1)};
      entry.given_id = document.id + "#" + std::to_string(version.entries.size() - 1);
      entry.span = chunk.span;
      if (chunk.span)
        entry.bytes = {index.ToByte(chunk.span->start), index.ToByte(chunk.span->end)};
      entry.section = chunk.section;
      entry.page = chunk.page;
      entry.parent = chunk.parent;
      entry.text_apart = chunk.text.has_value() || !chunk.span;
      apart.push_back(chunk.text.value_or(""));
    }
    documents_.push_back(
        std::make_unique<MemoryStageDocument>(std::move(version), document.text, std::move(apart)));
    metadata_.push_back(document.metadata);
    return DocumentNumber{documents_.size() - 1};
  }
  void SetVector(DocumentNumber document, std::uint32_t chunk, std::vector<float> vector) {
    vectors_[{Raw(document), chunk}] = std::move(vector);
  }
  void Clear() {
    documents_.clear();
    metadata_.clear();
    vectors_.clear();
    read_.clear();
  }
  void set_metric(Metric metric) { metric_ = metric; }
  /// Documents that were read, each once.
  std::size_t documents_read() const { return read_.size(); }

  std::string_view CollectionName(std::uint32_t /*collection*/) const override { return "pages"; }
  std::string ChunkIdOf(const CandidateKey& key) override {
    return At(key).version().entries[Raw(key.chunk)].given_id;
  }
  Result<StageDocument*> Document(const CandidateKey& key) override {
    read_[Raw(key.document)] = true;
    return &At(key);
  }
  Result<Metadata> MetadataOf(const CandidateKey& key) override {
    return metadata_[Raw(key.document)];
  }
  Result<std::vector<StageVector>> Vectors(std::string_view field,
                                           std::span<const CandidateKey> keys) override {
    if (!field.empty() && field != kField) {
      return Status::InvalidArgument("no vector field '" + std::string(field) + "'");
    }
    std::vector<StageVector> vectors;
    for (const CandidateKey& key : keys) {
      const auto found = vectors_.find({Raw(key.document), Raw(key.chunk)});
      StageVector& vector = vectors.emplace_back();
      vector.metric = metric_;
      if (found == vectors_.end()) continue;
      vector.data = found->second.data();
      vector.dimension = static_cast<std::uint32_t>(found->second.size());
    }
    return vectors;
  }

 private:
  MemoryStageDocument& At(const CandidateKey& key) { return *documents_[Raw(key.document)]; }

  std::vector<std::unique_ptr<MemoryStageDocument>> documents_;
  std::vector<Metadata> metadata_;
  std::map<std::pair<std::uint64_t, std::uint32_t>, std::vector<float>> vectors_;
  std::map<std::uint64_t, bool> read_;
  Metric metric_ = Metric::kCosine;
};

}  // namespace tracevec
