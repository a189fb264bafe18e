#include "core/chunk_diff.h"

#include <cstddef>
#include <string_view>
#include <unordered_map>

namespace tracevec {
namespace {

struct ChunkKey {
  ContentHash embed_hash;
  std::string_view given_id;
  bool operator==(const ChunkKey&) const = default;
};

struct ChunkKeyHash {
  std::size_t operator()(const ChunkKey& key) const {
    return static_cast<std::size_t>(key.embed_hash.low ^ HashBytes(key.given_id));
  }
};

}  // namespace

ChunkDiff DiffChunks(std::span<const OldChunk> old_chunks, std::span<const NewChunk> new_chunks) {
  constexpr std::int64_t kNone = -1;
  // Old chunks of one key form a list threaded through `next`, in document order: filled from the
  // back, so that the first stands at its head.
  std::unordered_map<ChunkKey, std::int64_t, ChunkKeyHash> heads;
  heads.reserve(old_chunks.size());
  std::vector<std::int64_t> next(old_chunks.size(), kNone);
  for (std::size_t i = old_chunks.size(); i-- > 0;) {
    const ChunkKey key{old_chunks[i].embed_hash, old_chunks[i].given_id};
    const auto [head, inserted] = heads.try_emplace(key, kNone);
    next[i] = head->second;
    head->second = static_cast<std::int64_t>(i);
  }

  ChunkDiff diff;
  diff.kept_from.reserve(new_chunks.size());
  std::vector<bool> kept(old_chunks.size(), false);
  for (const NewChunk& chunk : new_chunks) {
    const auto head = heads.find({chunk.embed_hash, chunk.given_id});
    if (head == heads.end() || head->second == kNone) {
      diff.kept_from.push_back(ChunkDiff::kAdded);
      ++diff.added;
      continue;
    }
    const auto old_index = static_cast<std::size_t>(head->second);
    diff.kept_from.push_back(head->second);
    kept[old_index] = true;
    head->second = next[old_index];
    ++diff.kept;
  }
  for (std::size_t i = 0; i < old_chunks.size(); ++i) {
    if (!kept[i]) diff.removed.push_back(static_cast<std::uint32_t>(i));
  }
  return diff;
}

}  // namespace tracevec
