#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tracevec/export.h"
#include "tracevec/receipt.h"

namespace tracevec {

/// A hit that a kept receipt has, its replay, or both. Ranks are from 1; 0: it is not there.
struct ReplayedHit {
  std::string id;  ///< Of the chunk.
  std::string document;
  std::uint32_t rank_then = 0;
  std::uint32_t rank_now = 0;
  float score_then = 0;
  float score_now = 0;
  friend bool operator==(const ReplayedHit&, const ReplayedHit&) = default;
};

/// Why one hit is not what it was.
struct ReplayCause {
  std::string id;      ///< Of the chunk.
  std::string change;  ///< "added", "removed", "moved" or "score".
  /// Of what is stored:
  /// "document_added", "document_replaced" (with versions), "document_deleted",
  /// "document_expired", "document_erased": what became of the chunk's document;
  /// "metadata_changed": the chunk did not match the filter, or does not any more;
  /// "displaced": it is as it was; others came in, left or changed above it;
  /// "statistics_changed": of a search by text or of several sources: chunks were added or removed,
  /// so that BM25 and ranks shifted.
  /// Of how was searched, by the exact answer to the replay's data as referee:
  /// "index_differs": an approximate search missed something; `closer` says which did not;
  /// "settings_changed": the same under other settings, which the replay lists;
  /// "build_changed": another library or instruction set computed the score;
  /// "space_changed": the field is of another embedding space; nothing can be compared;
  /// "deadline": the search of then was cut.
  /// "unexplained": none of these.
  std::string kind;
  std::uint32_t version_then = 0;  ///< Of its document; 0: not stored any more.
  std::uint32_t version_now = 0;   ///< 0: gone.
  std::uint32_t exact_rank = 0;    ///< In the exact answer; 0: not among the k.
  std::string closer;  ///< "then" or "now", with "index_differs" and "settings_changed".
  std::string detail;  ///< A sentence for people.
};

/// A setting that is not what it was.
struct SettingChange {
  std::string name;  ///< "plan", "code", "ef", "ef_source", "analyzer", "space", "kernels", "build"
  std::string then;
  std::string now;
};

/// A kept receipt's search, run again and compared.
struct TRACEVEC_EXPORT Replay {
  std::string receipt_id;
  std::string at;  ///< "now", "receipt", or the snapshot's name.
  std::uint64_t commit_then = 0;
  std::uint64_t commit = 0;          ///< Whose data it was run on.
  std::vector<ReplayedHit> same;     ///< At the same rank.
  std::vector<ReplayedHit> added;    ///< Only now.
  std::vector<ReplayedHit> removed;  ///< Only then.
  std::vector<ReplayedHit> moved;    ///< At another rank.
  std::vector<ReplayCause> causes;   ///< One for each added, removed, moved or scored otherwise.
  std::vector<SettingChange> settings;
  Receipt receipt;  ///< Of the replay.

  /// Equal ids at equal ranks with equal scores.
  bool equal() const { return causes.empty() && added.empty() && removed.empty() && moved.empty(); }
  std::string ToJson() const;
};

/// Where a source has a chunk, by exact search.
struct LostChunkSource {
  std::string name;            ///< "dense", "lexical" or "sparse"
  std::string field;           ///< The vector field; empty for "lexical".
  std::uint32_t phrasing = 0;  ///< Of the request, from 0.
  std::uint32_t rank = 0;      ///< From 1, among all; 0: not found, or beyond 16,384.
};

/// Why a chunk is not among the hits of a kept receipt.
struct TRACEVEC_EXPORT LostChunk {
  std::string receipt_id;
  std::string chunk_id;
  std::uint64_t commit = 0;   ///< Whose data was looked at:
  bool data_of_then = false;  ///< those that the search saw, or, where they are gone, those of now.
  /// "returned", or where it was lost: "data" (not stored, expired), "plan" (the filter, `like`
  /// itself), "search" (vectors), "lexical" (the text), "sparse" (a sparse vector), "fuse".
  std::string stage;
  /// "returned"; "not_stored", "expired"; "filtered", "excluded"; "no_vector", "no_term";
  /// "not_reached" (the exact rank is within k, but the approximate search missed it),
  /// "ranked_below" (the exact rank is beyond k), "fused_out", "deadline".
  std::string rule;
  std::uint32_t rank = 0;                ///< With "returned".
  std::uint32_t exact_rank = 0;          ///< By exact search; 0: beyond 16,384 (of several sources
                                         ///< their candidates), or not ranked.
  std::uint32_t dense_rank = 0;          ///< Of several sources: exact, the best by vectors,
  std::uint32_t lexical_rank = 0;        ///< by texts,
  std::uint32_t sparse_rank = 0;         ///< and by sparse vectors. 0: not found.
  std::vector<LostChunkSource> sources;  ///< Once it came to ranks: each, in the receipt's order.
  std::string detail;                    ///< A sentence for people.
  std::string ToJson() const;
};

}  // namespace tracevec
