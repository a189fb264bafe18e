#include <nlohmann/json.hpp>

#include "tracevec/receipt.h"

namespace tracevec {
namespace {

nlohmann::ordered_json SpaceJson(const EmbeddingSpace& space) {
  return {{"model", space.model},
          {"revision", space.revision},
          {"normalization", space.normalization},
          {"document_prompt", space.document_prompt},
          {"query_prompt", space.query_prompt}};
}

nlohmann::ordered_json StagesJson(const std::vector<ReceiptStage>& stages) {
  auto list = nlohmann::ordered_json::array();
  for (const ReceiptStage& stage : stages) {
    list.push_back({{"name", stage.name},
                    {"micros", stage.micros},
                    {"n_in", stage.n_in},
                    {"n_out", stage.n_out}});
  }
  return list;
}

}  // namespace

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
  };
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tracevec
