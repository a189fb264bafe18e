#include "retrieval/view_stage_reader.h"

#include <optional>
#include <utility>

#include "core/return_if_error.h"
#include "core/vector_math.h"
#include "retrieval/chunk_metadata.h"
#include "retrieval/document_reader.h"

namespace tracevec {
namespace {

class StoredStageDocument final : public StageDocument {
 public:
  explicit StoredStageDocument(VersionReader reader) : reader_(std::move(reader)) {}

  const VersionRecord& version() const override { return reader_.version(); }
  std::optional<std::size_t> OrdinalOf(ChunkNumber chunk) override {
    return reader_.OrdinalOf(chunk);
  }
  Result<std::string_view> Source() override { return reader_.Source(); }
  Result<std::string> ChunkText(std::size_t ordinal) override { return reader_.ChunkText(ordinal); }

 private:
  VersionReader reader_;
};

}  // namespace

std::uint32_t ViewStageReader::Add(const CollectionState& state, const CollectionView& view,
                                   const IndexView& rows) {
  sources_.push_back({&state, &view, &rows, {}});
  return static_cast<std::uint32_t>(sources_.size() - 1);
}

std::string_view ViewStageReader::CollectionName(std::uint32_t collection) const {
  return sources_[collection].state->name;
}

std::string ViewStageReader::ChunkIdOf(const CandidateKey& key) {
  return std::string(sources_[key.collection].rows->sets[key.row.set]->id(key.row.row));
}

const ChunkState& ViewStageReader::StateOf(const CandidateKey& key) {
  const IndexView& rows = *sources_[key.collection].rows;
  return rows.sets[key.row.set]->StateAt(key.row.row, rows.commit, &scratch_);
}

Result<StageDocument*> ViewStageReader::Document(const CandidateKey& key) {
  Source& source = sources_[key.collection];
  std::unique_ptr<StageDocument>& document = source.documents[Raw(key.document)];
  if (document == nullptr) {
    const CollectionNumber collection = source.state->number;
    TRACEVEC_ASSIGN_OR_RETURN(
        VersionReader reader,
        VersionReader::OfChunk(store_, collection, *StateOf(key).document, key.chunk));
    document = std::make_unique<StoredStageDocument>(std::move(reader));
  }
  return document.get();
}

Result<Metadata> ViewStageReader::MetadataOf(const CandidateKey& key) {
  const ChunkState& chunk = StateOf(key);
  return EffectiveMetadata(chunk.document->metadata, {chunk.own, chunk.own_is_complete});
}

Result<const float*> ViewStageReader::VectorOf(const BoundField& field, const CandidateKey& key) {
  const Source& source = sources_[key.collection];
  const RowSet& set = *source.rows->sets[key.row.set];
  if (set.HasVector(field.index, key.row.row)) return set.vector(field.index, key.row.row);
  if (source.view->in_memory) return nullptr;
  TRACEVEC_ASSIGN_OR_RETURN(
      auto stored, ReadVector(store_, source.state->number, field, key.document, key.chunk));
  if (!stored) return nullptr;
  if (field.field.metric == Metric::kCosine) {
    Normalise(stored->data(), stored->size(), stored->data());
  }
  vectors_.push_back(*std::move(stored));
  return vectors_.back().data();
}

Result<std::vector<StageVector>> ViewStageReader::Vectors(std::string_view field,
                                                          std::span<const CandidateKey> keys) {
  std::vector<const BoundField*> fields(sources_.size());
  Status none;
  bool found = false;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    Result<const BoundField*> bound = FindField(*sources_[i].state, field);
    if (!bound.ok()) {
      none = bound.status();
      continue;
    }
    fields[i] = *bound;
    found = true;
  }
  if (!found) return none;
  std::vector<StageVector> vectors;
  vectors.reserve(keys.size());
  for (const CandidateKey& key : keys) {
    StageVector& vector = vectors.emplace_back();
    const BoundField* bound = fields[key.collection];
    if (bound == nullptr) continue;
    vector.dimension = bound->field.dimension;
    vector.metric = bound->field.metric;
    TRACEVEC_ASSIGN_OR_RETURN(vector.data, VectorOf(*bound, key));
  }
  return vectors;
}

}  // namespace tracevec
