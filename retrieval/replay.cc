#include "retrieval/replay.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/receipts.h"
#include "retrieval/replay_causes.h"
#include "retrieval/replay_data.h"
#include "retrieval/search.h"

namespace tracevec {
namespace {

/// A writer may come between a search and its exact twin: then both are run again.
constexpr int kMostRuns = 4;

std::string Shown(const EmbeddingSpace& space) {
  if (!space.declared()) return "";
  return space.revision.empty() ? space.model
                                : fmt::format("{} revision {}", space.model, space.revision);
}

std::vector<SettingChange> ChangedSettings(const Receipt& then, const Receipt& now) {
  std::vector<SettingChange> changes;
  const auto compare = [&](const char* name, const std::string& before, const std::string& after) {
    if (before != after) changes.push_back({name, before, after});
  };
  compare("plan", then.plan, now.plan);
  compare("code", then.code, now.code);
  compare("ef", std::to_string(then.ef), std::to_string(now.ef));
  compare("ef_source", then.ef_source, now.ef_source);
  compare("analyzer", then.analyzer, now.analyzer);
  compare("kernels", then.kernels, now.kernels);
  compare("build", then.build, now.build);
  return changes;
}

/// Which hits are in both answers, and where.
void Compare(const std::vector<ReceiptHit>& then, const std::vector<Hit>& now, Replay* replay) {
  std::map<std::string_view, const Hit*> found;
  for (const Hit& hit : now) found.emplace(hit.id, &hit);
  std::map<std::string_view, bool> known;
  for (std::size_t i = 0; i < then.size(); ++i) {
    known.emplace(then[i].id, true);
    ReplayedHit hit;
    hit.id = then[i].id;
    hit.document = then[i].document;
    hit.rank_then = static_cast<std::uint32_t>(i + 1);
    hit.score_then = then[i].score;
    const auto again = found.find(hit.id);
    if (again == found.end()) {
      replay->removed.push_back(std::move(hit));
      continue;
    }
    hit.rank_now = static_cast<std::uint32_t>(again->second - now.data() + 1);
    hit.score_now = again->second->score;
    (hit.rank_now == hit.rank_then ? replay->same : replay->moved).push_back(std::move(hit));
  }
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (known.contains(now[i].id)) continue;
    ReplayedHit hit;
    hit.id = now[i].id;
    hit.document = now[i].document;
    hit.rank_now = static_cast<std::uint32_t>(i + 1);
    hit.score_now = now[i].score;
    replay->added.push_back(std::move(hit));
  }
}

/// A vector field whose space is another.
struct OtherSpace {
  std::string field;
  EmbeddingSpace then;
  EmbeddingSpace now;
};

/// The receipt has the space of its first field. That of another is known where the query declared
/// one, which is of all fields that declare theirs.
Result<std::optional<OtherSpace>> FindOtherSpace(const CollectionState& state,
                                                 const KeptReceipt& receipt) {
  const SearchRequest request = RequestOf(receipt);
  for (const OneSource& source : SplitBySource(request)) {
    if (source.kind != SourceKind::kDense) continue;
    const bool is_first = source.field == receipt.field;
    if (!is_first && !receipt.query.space.declared()) continue;
    TRACEVEC_ASSIGN_OR_RETURN(const BoundField* field, FindField(state, source.field));
    const EmbeddingSpace& then = is_first ? receipt.space : receipt.query.space;
    const EmbeddingSpace& now = field->field.space;
    const bool is_known = is_first || now.declared();
    if (is_known && now != then) return std::optional(OtherSpace{source.field, then, now});
  }
  return std::optional<OtherSpace>();
}

/// Nothing can be compared across spaces: all that was given is gone, for that reason.
void SayOtherSpace(const KeptReceipt& receipt, const OtherSpace& other, Replay* replay) {
  replay->settings.push_back({"space", Shown(other.then), Shown(other.now)});
  Compare(receipt.hits, {}, replay);
  for (const ReplayedHit& hit : replay->removed) {
    ReplayCause& cause = replay->causes.emplace_back();
    cause.id = hit.id;
    cause.change = "removed";
    cause.kind = "space_changed";
    cause.detail = fmt::format("vectors of '{}' are compared in space '{}', not '{}' any more",
                               other.field, Shown(other.now), Shown(other.then));
  }
}

Status RunBoth(const Engine& engine, const CollectionState& state, const KeptReceipt& receipt,
               SearchResponse* now, SearchResponse* exact) {
  SearchRequest request = RequestOf(receipt);
  for (int attempt = 1;; ++attempt) {
    request.exact = receipt.exact;
    TRACEVEC_ASSIGN_OR_RETURN(*now, Search(engine, state, request));
    SearchRequest referee = request;
    referee.exact = true;
    referee.ef.reset();
    referee.target_recall.reset();
    TRACEVEC_ASSIGN_OR_RETURN(*exact, Search(engine, state, referee));
    if (now->receipt.commit == exact->receipt.commit) return Status::Ok();
    if (attempt == kMostRuns) {
      return Status::Conflict(
          fmt::format("replay: collection '{}' was written between the search and its exact twin, "
                      "{} times; replay on a snapshot",
                      receipt.collection, attempt));
    }
  }
}

}  // namespace

Result<Replay> ReplayReceipt(Engine& engine, std::string_view receipt_id, std::string_view at) {
  TRACEVEC_ASSIGN_OR_RETURN(const KeptReceipt receipt, GetReceipt(engine, receipt_id));
  TRACEVEC_RETURN_IF_ERROR(CheckReplayable(receipt));
  TRACEVEC_ASSIGN_OR_RETURN(const ReplayData data, OpenReplayData(engine, receipt, at));
  const CollectionState& state = *data.state;
  Replay replay;
  replay.receipt_id = receipt.id;
  replay.at = at;
  replay.commit_then = receipt.commit;
  replay.commit = Raw(state.views.Current()->commit);
  TRACEVEC_ASSIGN_OR_RETURN(const auto other_space, FindOtherSpace(state, receipt));
  if (other_space) {
    SayOtherSpace(receipt, *other_space, &replay);
    return replay;
  }
  SearchResponse now;
  SearchResponse exact;
  TRACEVEC_RETURN_IF_ERROR(RunBoth(engine, state, receipt, &now, &exact));
  replay.commit = now.receipt.commit;
  replay.settings = ChangedSettings(receipt, now.receipt);
  replay.receipt = now.receipt;
  Compare(receipt.hits, now.hits, &replay);
  const ReplayEvidence evidence = {engine, state, receipt, now, exact};
  TRACEVEC_ASSIGN_OR_RETURN(replay.causes, FindCauses(evidence, replay));
  return replay;
}

}  // namespace tracevec
