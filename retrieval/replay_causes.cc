#include "retrieval/replay_causes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/clock.h"
#include "retrieval/document_reader.h"
#include "retrieval/read_chunks.h"

namespace tracevec {
namespace {

/// Scores that differ by less are one: kernels add in different orders.
bool SameScore(float a, float b) {
  return a == b || std::abs(a - b) <= 1e-6F * std::max(std::abs(a), std::abs(b));
}

class CauseFinder {
 public:
  CauseFinder(const ReplayEvidence& evidence, const Replay& replay)
      : engine_(evidence.engine),
        state_(evidence.state),
        then_(evidence.then),
        replay_(replay),
        then_commit_{evidence.then.commit},
        now_commit_{evidence.now.receipt.commit},
        data_changed_(then_commit_ != now_commit_),
        by_text_(IsByText(evidence.then.query)),
        scores_shift_(by_text_ || evidence.then.sources.size() > 1) {
    for (std::size_t i = 0; i < evidence.exact.hits.size(); ++i) {
      exact_ranks_[evidence.exact.hits[i].id] = static_cast<std::uint32_t>(i + 1);
    }
    for (const SettingChange& change : replay.settings) {
      const bool of_build = change.name == "kernels" || change.name == "build";
      std::string& list = of_build ? changed_build_ : changed_settings_;
      list += fmt::format("{}{} '{}' then, '{}' now", list.empty() ? "" : ", ", change.name,
                          change.then, change.now);
    }
  }

  Result<std::vector<ReplayCause>> Run() {
    for (const ReplayedHit& hit : replay_.removed) {
      TRACEVEC_RETURN_IF_ERROR(
          Explain(hit, "removed", [&](ReplayCause* c) { return Data(hit, c); }));
    }
    for (const ReplayedHit& hit : replay_.added) {
      TRACEVEC_RETURN_IF_ERROR(
          Explain(hit, "added", [&](ReplayCause* c) { return Origin(hit, c); }));
    }
    // Those that are as they were: by what came and went, and by the exact answer.
    const bool came = HasNamed("added") || HasOtherScores();
    const bool went = HasNamed("removed") || HasOtherScores();
    for (ReplayCause& cause : causes_) {
      if (cause.kind.empty()) Judge(cause.change == "removed" ? came : went, &cause);
    }
    for (const auto* list : {&replay_.moved, &replay_.same}) {
      for (const ReplayedHit& hit : *list) TRACEVEC_RETURN_IF_ERROR(ExplainChange(hit));
    }
    return std::move(causes_);
  }

 private:
  static bool IsByText(const AskedQuery& query) {
    return !query.text.empty() ||
           std::any_of(query.phrasings.begin(), query.phrasings.end(),
                       [](const AskedPhrasing& phrasing) { return !phrasing.text.empty(); });
  }
  const char* WhatShifted() const {
    return by_text_ ? "texts came and went: scores and ranks shifted"
                    : "chunks came and went: ranks among the sources shifted";
  }

  template <typename Find>
  Status Explain(const ReplayedHit& hit, const char* change, const Find& find) {
    ReplayCause& cause = causes_.emplace_back();
    cause.id = hit.id;
    cause.change = change;
    if (const auto rank = exact_ranks_.find(hit.id); rank != exact_ranks_.end()) {
      cause.exact_rank = rank->second;
    }
    return find(&cause);
  }

  bool HasNamed(std::string_view change) const {
    return std::any_of(causes_.begin(), causes_.end(), [&](const ReplayCause& cause) {
      return cause.change == change && !cause.kind.empty();
    });
  }
  bool HasOtherScores() const {
    const auto is_other = [](const ReplayedHit& hit) {
      return !SameScore(hit.score_then, hit.score_now);
    };
    return std::any_of(replay_.moved.begin(), replay_.moved.end(), is_other) ||
           std::any_of(replay_.same.begin(), replay_.same.end(), is_other);
  }

  /// What became of a hit of then in the data of now; leaves the kind empty when it is as it was.
  Status Data(const ReplayedHit& hit, ReplayCause* cause) {
    cause->version_then = VersionThen(hit.id);
    if (hit.id.starts_with("erased:")) {
      return Named(cause, "document_erased", "its document was erased");
    }
    TRACEVEC_ASSIGN_OR_RETURN(const auto version, VersionOf(hit.document, now_commit_));
    if (!version) return Named(cause, "document_deleted", "its document is not there any more");
    cause->version_now = version->version;
    if (Expired(*version, Now())) {
      return Named(cause, "document_expired", "its document's time to live has passed");
    }
    const bool is_loose_and_new = version->loose && version->version != cause->version_then;
    if (!Find(*version, hit.id) || is_loose_and_new) return SayReplaced(cause);
    if (then_.filter.empty()) return Status::Ok();
    const Filter one = Filter(then_.filter) && Field("id") == Value(hit.id);
    TRACEVEC_ASSIGN_OR_RETURN(const std::uint64_t matches, CountChunks(engine_, state_, one));
    if (matches > 0) return Status::Ok();
    return Named(cause, "metadata_changed", "it does not match the filter any more");
  }

  /// Where a hit of now comes from; leaves the kind empty when it could have been one then.
  Status Origin(const ReplayedHit& hit, ReplayCause* cause) {
    TRACEVEC_ASSIGN_OR_RETURN(const auto record,
                              ReadDocumentRecord(engine_.store(), state_.number, hit.document));
    TRACEVEC_ASSIGN_OR_RETURN(const auto now, VersionOf(hit.document, now_commit_));
    TRACEVEC_ASSIGN_OR_RETURN(const auto then, VersionOf(hit.document, then_commit_));
    if (!record || !now) return Status::Ok();
    cause->version_now = now->version;
    if (!then) {
      if (now->version == 1) return Named(cause, "document_added", "its document is new");
      return SayReplaced(cause);
    }
    cause->version_then = then->version;
    const VersionEntry* entry = Find(*then, hit.id);
    const bool is_loose_and_new = now->loose && now->version != then->version;
    if (entry == nullptr || is_loose_and_new) return SayReplaced(cause);
    if (then_.filter.empty() || !data_changed_) return Status::Ok();
    const auto metadata = [&](CommitNumber commit) {
      return ReadChunkMetadata(engine_.store(), state_.number, record->number, entry->chunk,
                               commit);
    };
    TRACEVEC_ASSIGN_OR_RETURN(const ChunkMetadataRecord own_then, metadata(then_commit_));
    TRACEVEC_ASSIGN_OR_RETURN(const ChunkMetadataRecord own_now, metadata(now_commit_));
    if (then->metadata == now->metadata && own_then.given == own_now.given &&
        own_then.merged == own_now.merged) {
      return Status::Ok();
    }
    return Named(cause, "metadata_changed", "it did not match the filter then");
  }

  /// A hit that came or went though nothing about it changed.
  void Judge(bool data_explains, ReplayCause* cause) const {
    const bool removed = cause->change == "removed";
    const bool in_exact = cause->exact_rank > 0;
    if (!removed && then_.deadline_cut) {
      Say(cause, "deadline", "the deadline cut the search of then");
      return;
    }
    if (scores_shift_ && data_changed_ && (removed != in_exact)) {
      Say(cause, "statistics_changed", WhatShifted());
      return;
    }
    // The exact answer agrees with that of now, and others explain it.
    if (removed != in_exact && data_explains && !BeatsThen(*cause)) {
      Say(cause, "displaced",
          removed ? "others came in above it" : "others above it went, and left it a place");
      return;
    }
    if (then_.exact && replay_.receipt.exact) {
      Say(cause, "unexplained", "both searches were exact");
      return;
    }
    SayMissed(removed == in_exact ? "then" : "now", cause);
  }

  /// An approximate search missed something: that of the side that is not closer.
  void SayMissed(const char* closer, ReplayCause* cause) const {
    cause->closer = closer;
    const bool settings = !changed_settings_.empty();
    cause->kind = settings ? "settings_changed" : "index_differs";
    cause->detail =
        fmt::format("the exact answer has it {}: the approximate search of {} was closer{}{}",
                    cause->exact_rank > 0 ? fmt::format("at rank {}", cause->exact_rank)
                                          : std::string("beyond the hits"),
                    closer, settings ? "; " : "", changed_settings_);
  }

  /// A hit that is there now though it scored better than one that was given then: it was missed.
  bool BeatsThen(const ReplayCause& cause) const {
    if (cause.change != "added" || scores_shift_) return false;
    if (then_.hits.size() < then_.k) return true;
    const auto hit = std::find_if(replay_.added.begin(), replay_.added.end(),
                                  [&](const ReplayedHit& added) { return added.id == cause.id; });
    const ReceiptHit& worst = then_.hits.back();
    return hit->score_now > worst.score || (hit->score_now == worst.score && hit->id < worst.id);
  }

  Status ExplainChange(const ReplayedHit& hit) {
    const bool moved = hit.rank_then != hit.rank_now;
    const bool scored = !SameScore(hit.score_then, hit.score_now);
    if (!moved && !scored) return Status::Ok();
    return Explain(hit, moved ? "moved" : "score", [&](ReplayCause* cause) -> Status {
      TRACEVEC_RETURN_IF_ERROR(Data(hit, cause));
      if (!cause->kind.empty()) return Status::Ok();
      if (!scored) return Named(cause, "displaced", "others came, went or changed above it");
      if (scores_shift_ && data_changed_) {
        return Named(cause, "statistics_changed", WhatShifted());
      }
      if (!changed_settings_.empty()) return Named(cause, "settings_changed", changed_settings_);
      if (!changed_build_.empty()) return Named(cause, "build_changed", changed_build_);
      if (!scores_shift_ || replay_.receipt.exact) {
        return Named(cause, "unexplained", "its score is another");
      }
      SayMissed("now", cause);  // Ranks of an approximate source went into the fused score.
      return Status::Ok();
    });
  }

  Result<std::optional<VersionRecord>> VersionOf(const std::string& id, CommitNumber commit) const {
    TRACEVEC_ASSIGN_OR_RETURN(const auto record,
                              ReadDocumentRecord(engine_.store(), state_.number, id));
    if (!record) return std::optional<VersionRecord>();
    return VersionAt(engine_.store(), state_.number, record->number, commit);
  }

  static const VersionEntry* Find(const VersionRecord& version, const std::string& chunk_id) {
    for (const VersionEntry& entry : version.entries) {
      if (ChunkId(version, entry) == chunk_id) return &entry;
    }
    return nullptr;
  }

  std::uint32_t VersionThen(const std::string& id) const {
    for (const ReceiptHit& hit : then_.hits) {
      if (hit.id == id) return hit.version;
    }
    return 0;
  }

  static Status SayReplaced(ReplayCause* cause) {
    const std::string then = cause->version_then == 0
                                 ? "a version not stored any more"
                                 : fmt::format("version {}", cause->version_then);
    return Named(
        cause, "document_replaced",
        fmt::format("its document was replaced: {} then, {} now", then, cause->version_now));
  }

  static void Say(ReplayCause* cause, const char* kind, std::string detail) {
    cause->kind = kind;
    cause->detail = std::move(detail);
  }
  static Status Named(ReplayCause* cause, const char* kind, std::string detail) {
    Say(cause, kind, std::move(detail));
    return Status::Ok();
  }

  const Engine& engine_;
  const CollectionState& state_;
  const KeptReceipt& then_;
  const Replay& replay_;
  const CommitNumber then_commit_;
  const CommitNumber now_commit_;
  const bool data_changed_;
  const bool by_text_;
  const bool scores_shift_;  // With what else is stored: BM25, and what is fused by rank.
  std::map<std::string, std::uint32_t, std::less<>> exact_ranks_;
  std::string changed_settings_;
  std::string changed_build_;
  std::vector<ReplayCause> causes_;
};

}  // namespace

Result<std::vector<ReplayCause>> FindCauses(const ReplayEvidence& evidence, const Replay& replay) {
  return CauseFinder(evidence, replay).Run();
}

}  // namespace tracevec
