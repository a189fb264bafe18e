#include "retrieval/receipt_json.h"
#include "tracevec/replay.h"

namespace tracevec {
namespace {

nlohmann::ordered_json ReplayedJson(const std::vector<ReplayedHit>& hits) {
  auto list = nlohmann::ordered_json::array();
  for (const ReplayedHit& hit : hits) {
    list.push_back({{"id", hit.id},
                    {"document", hit.document},
                    {"rank_then", hit.rank_then},
                    {"rank_now", hit.rank_now},
                    {"score_then", hit.score_then},
                    {"score_now", hit.score_now}});
  }
  return list;
}

nlohmann::ordered_json CausesJson(const std::vector<ReplayCause>& causes) {
  auto list = nlohmann::ordered_json::array();
  for (const ReplayCause& cause : causes) {
    list.push_back({{"id", cause.id},
                    {"change", cause.change},
                    {"kind", cause.kind},
                    {"version_then", cause.version_then},
                    {"version_now", cause.version_now},
                    {"exact_rank", cause.exact_rank},
                    {"closer", cause.closer},
                    {"detail", cause.detail}});
  }
  return list;
}

nlohmann::ordered_json LostSourcesJson(const std::vector<LostChunkSource>& sources) {
  auto list = nlohmann::ordered_json::array();
  for (const LostChunkSource& source : sources) {
    list.push_back({{"name", source.name},
                    {"field", source.field},
                    {"phrasing", source.phrasing},
                    {"rank", source.rank}});
  }
  return list;
}

}  // namespace

std::string Replay::ToJson() const {
  auto changes = nlohmann::ordered_json::array();
  for (const SettingChange& change : settings) {
    changes.push_back({{"name", change.name}, {"then", change.then}, {"now", change.now}});
  }
  nlohmann::ordered_json json = {{"receipt_id", receipt_id},
                                 {"at", at},
                                 {"equal", equal()},
                                 {"commit_then", commit_then},
                                 {"commit", commit},
                                 {"same", ReplayedJson(same)},
                                 {"added", ReplayedJson(added)},
                                 {"removed", ReplayedJson(removed)},
                                 {"moved", ReplayedJson(moved)},
                                 {"causes", CausesJson(causes)},
                                 {"settings", changes},
                                 {"receipt", nullptr}};
  if (!receipt.id.empty()) json["receipt"] = ReceiptJson(receipt);
  return JsonText(json);
}

std::string LostChunk::ToJson() const {
  return JsonText({{"receipt_id", receipt_id},
                   {"chunk_id", chunk_id},
                   {"commit", commit},
                   {"data_of_then", data_of_then},
                   {"stage", stage},
                   {"rule", rule},
                   {"rank", rank},
                   {"exact_rank", exact_rank},
                   {"dense_rank", dense_rank},
                   {"lexical_rank", lexical_rank},
                   {"sparse_rank", sparse_rank},
                   {"sources", LostSourcesJson(sources)},
                   {"detail", detail}});
}

}  // namespace tracevec
