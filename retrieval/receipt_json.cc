#include "retrieval/receipt_json.h"

#include "core/content_hash.h"
#include "retrieval/receipt_pipeline_json.h"
#include "tracevec/search.h"

namespace tracevec {

nlohmann::ordered_json SpaceJson(const EmbeddingSpace& space) {
  return {{"model", space.model},
          {"revision", space.revision},
          {"normalization", space.normalization},
          {"document_prompt", space.document_prompt},
          {"query_prompt", space.query_prompt}};
}

std::string JsonText(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

namespace {

nlohmann::ordered_json PartsJson(const std::vector<SearchPart>& parts) {
  auto list = nlohmann::ordered_json::array();
  for (const SearchPart& part : parts) {
    nlohmann::ordered_json json = {{"way", part.way},
                                   {"rows", part.rows},
                                   {"matches_estimated", part.matches_estimated},
                                   {"matches_low", part.matches_low},
                                   {"matches_high", part.matches_high},
                                   {"matches", nullptr},
                                   {"other_ways", part.other_ways}};
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

}  // namespace

std::string Explanation::ToJson() const {
  return JsonText({{"field", field},
                   {"plan", plan},
                   {"filter", filter},
                   {"k", k},
                   {"live", live},
                   {"commit", commit},
                   {"parts", PartsJson(parts)}});
}

nlohmann::ordered_json ReceiptJson(const Receipt& receipt) {
  return {
      {"schema", Receipt::kSchema},
      {"id", receipt.id},
      {"time", FormatTimestamp(receipt.time)},
      {"label", receipt.label},
      {"collection", receipt.collection},
      {"field", receipt.field},
      {"plan", receipt.plan},
      {"filter", receipt.filter},
      {"metric", receipt.metric},
      {"code", receipt.code},
      {"exact", receipt.exact},
      {"k", receipt.k},
      {"returned", receipt.returned},
      {"short_reason", receipt.short_reason},
      {"deadline_cut", receipt.deadline_cut},
      {"outcome", receipt.outcome},
      {"kept", receipt.kept},
      {"query_hash", ToHex(receipt.query_hash)},
      {"ef", receipt.ef},
      {"ef_source", receipt.ef_source},
      {"segments_searched", receipt.segments_searched},
      {"nodes_visited", receipt.nodes_visited},
      {"rows_scanned", receipt.rows_scanned},
      {"distances", receipt.distances},
      {"filter_tested", receipt.filter_tested},
      {"filter_passed", receipt.filter_passed},
      {"live", receipt.live},
      {"commit", receipt.commit},
      {"timeline", receipt.timeline},
      {"space", SpaceJson(receipt.space)},
      {"space_asserted", receipt.space_asserted},
      {"kernels", receipt.kernels},
      {"build", receipt.build},
      {"total_micros", receipt.total_micros},
      {"stages", StagesJson(receipt.stages)},
      {"parts", PartsJson(receipt.parts)},
      {"analyzer", receipt.analyzer},
      {"fusion", receipt.fusion},
      {"sources", SourcesJson(receipt.sources)},
      {"ledger", LedgerJson(receipt.ledger)},
      {"pipeline", receipt.pipeline},
      {"prompt_template", receipt.prompt_template},
      {"phrasings", receipt.phrasings},
      {"passages", PassagesJson(receipt.passages)},
  };
}

std::string Receipt::ToJson() const { return JsonText(ReceiptJson(*this)); }

}  // namespace tracevec
