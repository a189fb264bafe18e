#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/ids.h"
#include "index/row_set.h"
#include "retrieval/collection_state.h"
#include "retrieval/collection_view.h"
#include "retrieval/stage_reader.h"
#include "storage/store.h"

namespace tracevec {

/// Reads for stages from the views of collections. Keys have their rows there.
class ViewStageReader final : public StageReader {
 public:
  explicit ViewStageReader(const Store& store) : store_(store) {}

  /// Adds a collection, and returns its place for CandidateKey::collection. All must outlive this.
  /// Rows of a small collection may have been read without vectors: those asked for are read then.
  std::uint32_t Add(const CollectionState& state, const CollectionView& view,
                    const IndexView& rows);

  std::string_view CollectionName(std::uint32_t collection) const override;
  std::string ChunkIdOf(const CandidateKey& key) override;
  Result<StageDocument*> Document(const CandidateKey& key) override;
  Result<Metadata> MetadataOf(const CandidateKey& key) override;
  Result<std::vector<StageVector>> Vectors(std::string_view field,
                                           std::span<const CandidateKey> keys) override;

 private:
  struct Source {
    const CollectionState* state;
    const CollectionView* view;
    const IndexView* rows;
    std::unordered_map<std::uint64_t, std::unique_ptr<StageDocument>> documents;  ///< By number.
  };

  const ChunkState& StateOf(const CandidateKey& key);
  Result<const float*> VectorOf(const BoundField& field, const CandidateKey& key);

  const Store& store_;
  std::vector<Source> sources_;
  std::deque<std::vector<float>> vectors_;  // Read from the store.
  StateScratch scratch_;
};

}  // namespace tracevec
