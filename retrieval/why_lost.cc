// Why a chunk that somebody expected is not among the hits of a kept receipt: the stages are gone
// through in their order, each with the exact answer as referee.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/clock.h"
#include "retrieval/document_reader.h"
#include "retrieval/read_chunks.h"
#include "retrieval/receipts.h"
#include "retrieval/replay.h"
#include "retrieval/replay_data.h"
#include "retrieval/search.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kDeepestRank = 16'384;

class LossFinder {
 public:
  LossFinder(const Engine& engine, const CollectionState& state, const KeptReceipt& receipt,
             LostChunk* lost)
      : engine_(engine), state_(state), receipt_(receipt), lost_(lost) {}

  Status Run() {
    for (const auto& step : {&LossFinder::Returned, &LossFinder::NotStored, &LossFinder::Filtered,
                             &LossFinder::Ranked}) {
      TRACEVEC_RETURN_IF_ERROR((this->*step)());
      if (!lost_->rule.empty()) return Status::Ok();
    }
    return Status::Ok();
  }

 private:
  Status Returned() {
    for (std::size_t i = 0; i < receipt_.hits.size(); ++i) {
      if (receipt_.hits[i].id != lost_->chunk_id) continue;
      lost_->rank = static_cast<std::uint32_t>(i + 1);
      Say("returned", "returned", fmt::format("it is hit {}", i + 1));
    }
    return Status::Ok();
  }

  Status NotStored() {
    const CommitNumber commit = state_.views.Current()->commit;
    TRACEVEC_ASSIGN_OR_RETURN(const auto found,
                              FindChunk(engine_.store(), state_.number, lost_->chunk_id, commit));
    if (!found) {
      Say("data", "not_stored",
          fmt::format("no chunk of this id is stored at commit {}", Raw(commit)));
      return Status::Ok();
    }
    if (Expired(found->version, Now())) {
      Say("data", "expired", "its document's time to live has passed");
      return Status::Ok();
    }
    if (receipt_.query.like == lost_->chunk_id) {
      Say("plan", "excluded", "the search was by this chunk's vector, which leaves it out");
      return Status::Ok();
    }
    return Status::Ok();
  }

  Status Filtered() {
    if (receipt_.filter.empty()) return Status::Ok();
    const Filter one = Filter(receipt_.filter) && Field("id") == Value(lost_->chunk_id);
    TRACEVEC_ASSIGN_OR_RETURN(const std::uint64_t matches, CountChunks(engine_, state_, one));
    if (matches == 0) {
      Say("plan", "filtered", fmt::format("it does not match the filter {}", receipt_.filter));
    }
    return Status::Ok();
  }

  Status Ranked() {
    const SearchRequest request = RequestOf(receipt_);
    const std::vector<OneSource> sources = SplitBySource(request);
    for (const OneSource& source : sources) {
      TRACEVEC_ASSIGN_OR_RETURN(const std::uint32_t rank, RankBy(source.request, kDeepestRank));
      lost_->sources.push_back(
          {std::string(SourceKindName(source.kind)), source.field, source.phrasing, rank});
    }
    if (sources.size() > 1) return RankedBySeveral(request);
    const LostChunkSource& only = lost_->sources.front();
    lost_->exact_rank = only.rank;
    if (only.rank == 0 && sources.front().kind == SourceKind::kDense) {
      TRACEVEC_ASSIGN_OR_RETURN(const bool has_vector, HasVector(only.field));
      if (!has_vector) {
        Say("search", "no_vector", fmt::format("it has no vector of field '{}'", only.field));
        return Status::Ok();
      }
    }
    SayRank(sources.front().kind == SourceKind::kDense ? "search" : only.name.c_str());
    return Status::Ok();
  }

  Result<bool> HasVector(const std::string& name) const {
    const CommitNumber commit = state_.views.Current()->commit;
    TRACEVEC_ASSIGN_OR_RETURN(const auto found,
                              FindChunk(engine_.store(), state_.number, lost_->chunk_id, commit));
    if (!found) return false;
    TRACEVEC_ASSIGN_OR_RETURN(const BoundField* field, FindField(state_, name));
    TRACEVEC_ASSIGN_OR_RETURN(const auto vector,
                              ReadVector(engine_.store(), state_.number, *field, found->document,
                                         found->version.entries[found->ordinal].chunk));
    return vector.has_value();
  }

  Status RankedBySeveral(const SearchRequest& request) {
    KeepBestRanks();
    const std::uint32_t candidates = std::max(receipt_.k, receipt_.query.fusion.candidates);
    TRACEVEC_ASSIGN_OR_RETURN(lost_->exact_rank, RankBy(request, candidates));
    const bool is_candidate = std::any_of(lost_->sources.begin(), lost_->sources.end(),
                                          [&](const LostChunkSource& source) {
                                            return source.rank > 0 && source.rank <= candidates;
                                          });
    if (!is_candidate) {
      Say("search", "ranked_below",
          fmt::format("no source has it among its {} candidates: {}", candidates, Ranks()));
    } else if (lost_->exact_rank > 0 && lost_->exact_rank <= receipt_.k) {
      SayRank("search");
    } else {
      Say("fuse", "fused_out",
          fmt::format("{}: fused it is {} of {} wanted", Ranks(), Ordinal(lost_->exact_rank),
                      receipt_.k));
    }
    return Status::Ok();
  }

  void KeepBestRanks() {
    for (const LostChunkSource& source : lost_->sources) {
      std::uint32_t& best = source.name == "dense"     ? lost_->dense_rank
                            : source.name == "lexical" ? lost_->lexical_rank
                                                       : lost_->sparse_rank;
      if (source.rank > 0 && (best == 0 || source.rank < best)) best = source.rank;
    }
  }

  /// "dense 'body' number 3, lexical of phrasing 1 not found"
  std::string Ranks() const {
    std::string list;
    for (const LostChunkSource& source : lost_->sources) {
      if (!list.empty()) list += ", ";
      list += source.name;
      if (!source.field.empty()) list += fmt::format(" '{}'", source.field);
      if (source.phrasing > 0) list += fmt::format(" of phrasing {}", source.phrasing);
      list += " " + Ordinal(source.rank);
    }
    return list;
  }

  /// Of one source, or of several as they were fused.
  void SayRank(const char* stage) {
    const std::uint32_t rank = lost_->exact_rank;
    if (rank == 0 && std::string_view(stage) == "lexical") {
      Say(stage, "no_term", "its text has nothing of what was searched for");
    } else if (rank == 0 && std::string_view(stage) == "sparse") {
      Say(stage, "no_term", "its sparse vector has no index in common with the query's");
    } else if (rank == 0 || rank > receipt_.k) {
      Say(stage, "ranked_below",
          fmt::format("by exact search it is {}, beyond the {} wanted", Ordinal(rank), receipt_.k));
    } else if (receipt_.deadline_cut) {
      Say(stage, "deadline",
          fmt::format("by exact search it is {}; the deadline came before it", Ordinal(rank)));
    } else {
      Say(stage, "not_reached",
          fmt::format("by exact search it is {} of {} wanted: the approximate search ({}) missed "
                      "it",
                      Ordinal(rank), receipt_.k, receipt_.plan));
    }
  }

  static std::string Ordinal(std::uint32_t rank) {
    return rank == 0 ? "not found" : fmt::format("number {}", rank);
  }

  /// By exact search for the first `k`.
  Result<std::uint32_t> RankBy(SearchRequest request, std::uint32_t k) const {
    request.k = k;
    request.exact = true;
    request.ef.reset();
    request.target_recall.reset();
    request.receipt = ReceiptLevel::kOff;
    TRACEVEC_ASSIGN_OR_RETURN(const SearchResponse response, Search(engine_, state_, request));
    for (std::size_t i = 0; i < response.hits.size(); ++i) {
      if (response.hits[i].id == lost_->chunk_id) return static_cast<std::uint32_t>(i + 1);
    }
    return 0U;
  }

  void Say(const char* stage, const char* rule, std::string detail) {
    lost_->stage = stage;
    lost_->rule = rule;
    lost_->detail = std::move(detail);
  }

  const Engine& engine_;
  const CollectionState& state_;
  const KeptReceipt& receipt_;
  LostChunk* lost_;
};

}  // namespace

Result<LostChunk> WhyLost(Engine& engine, std::string_view receipt_id, std::string_view chunk_id) {
  TRACEVEC_ASSIGN_OR_RETURN(const KeptReceipt receipt, GetReceipt(engine, receipt_id));
  TRACEVEC_RETURN_IF_ERROR(CheckReplayable(receipt));
  LostChunk lost;
  lost.receipt_id = receipt.id;
  lost.chunk_id = chunk_id;
  auto data = OpenReplayData(engine, receipt, "receipt");
  lost.data_of_then = data.ok();
  if (!data.ok()) data = OpenReplayData(engine, receipt, "now");
  if (!data.ok()) return data.status();
  lost.commit = Raw(data->state->views.Current()->commit);
  TRACEVEC_RETURN_IF_ERROR(LossFinder(engine, *data->state, receipt, &lost).Run());
  return lost;
}

}  // namespace tracevec
