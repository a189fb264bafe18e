#include <nlohmann/json.hpp>

#include "retrieval/receipt_pipeline_json.h"
#include "tracevec/receipt.h"
#include "tracevec/search.h"

namespace tracevec {
namespace {

nlohmann::ordered_json SpaceJson(const EmbeddingSpace& space) {
  return {{"model", space.model},
          {"revision", space.revision},
          {"normalization", space.normalization},
          {"document_prompt", space.document_prompt},
          {"query_prompt", space.query_prompt}};
}

nlohmann::ordered_json PartsJson(const std::vector<SearchPart>& parts) {
  auto list = nlohmann::ordered_json::array();
  for (const SearchPart& part : parts) {
    nlohmann::ordered_json json = {{"way", part.way},
                                   {"rows", part.rows},
                                   {"matches_estimated", part.matches_estimated},
                                   {"matches_low", part.matches_low},
                                   {"matches_high", part.matches_high},
                                   {"matches", nullptr}};
    if (part.matches) json["matches"] = *part.matches;
    list.push_back(std::move(json));
  }
  return list;
}

nlohmann::ordered_json SourcesJson(const std::vector<ReceiptSource>& sources) {
  auto list = nlohmann::ordered_json::array();
  for (const ReceiptSource& source : sources) {
    list.push_back({{"name", source.name},
                    {"field", source.field},
                    {"phrasing", source.phrasing},
                    {"weight", source.weight},
                    {"candidates", source.candidates},
                    {"found", source.found},
                    {"rows_scored", source.rows_scored}});
  }
  return list;
}

nlohmann::ordered_json LedgerSourcesJson(const std::vector<ReceiptLedgerSource>& sources) {
  auto list = nlohmann::ordered_json::array();
  for (const ReceiptLedgerSource& source : sources) {
    list.push_back({{"source", source.source}, {"rank", source.rank}, {"score", source.score}});
  }
  return list;
}

nlohmann::ordered_json LedgerJson(const std::vector<ReceiptLedgerEntry>& ledger) {
  auto list = nlohmann::ordered_json::array();
  for (const ReceiptLedgerEntry& entry : ledger) {
    list.push_back({{"id", entry.id},
                    {"score", entry.score},
                    {"dense_rank", entry.dense_rank},
                    {"dense_score", entry.dense_score},
                    {"lexical_rank", entry.lexical_rank},
                    {"lexical_score", entry.lexical_score},
                    {"sparse_rank", entry.sparse_rank},
                    {"sparse_score", entry.sparse_score},
                    {"sources", LedgerSourcesJson(entry.sources)}});
  }
  return list;
}

std::string Text(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string Explanation::ToJson() const {
  return Text({{"field", field},
               {"plan", plan},
               {"filter", filter},
               {"k", k},
               {"live", live},
               {"commit", commit},
               {"parts", PartsJson(parts)}});
}

std::string Receipt::ToJson() const {
  const nlohmann::ordered_json json = {
      {"id", id},
      {"time", FormatTimestamp(time)},
      {"label", label},
      {"collection", collection},
      {"field", field},
      {"plan", plan},
      {"filter", filter},
      {"metric", metric},
      {"code", code},
      {"exact", exact},
      {"k", k},
      {"returned", returned},
      {"short_reason", short_reason},
      {"deadline_cut", deadline_cut},
      {"ef", ef},
      {"ef_source", ef_source},
      {"segments_searched", segments_searched},
      {"nodes_visited", nodes_visited},
      {"rows_scanned", rows_scanned},
      {"distances", distances},
      {"filter_tested", filter_tested},
      {"filter_passed", filter_passed},
      {"live", live},
      {"commit", commit},
      {"timeline", timeline},
      {"space", SpaceJson(space)},
      {"space_asserted", space_asserted},
      {"kernels", kernels},
      {"build", build},
      {"total_micros", total_micros},
      {"stages", StagesJson(stages)},
      {"parts", PartsJson(parts)},
      {"analyzer", analyzer},
      {"fusion", fusion},
      {"sources", SourcesJson(sources)},
      {"ledger", LedgerJson(ledger)},
      {"pipeline", pipeline},
      {"prompt_template", prompt_template},
      {"phrasings", phrasings},
      {"passages", PassagesJson(passages)},
  };
  return Text(json);
}

}  // namespace tracevec
