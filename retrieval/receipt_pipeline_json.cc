#include "retrieval/receipt_pipeline_json.h"

#include <optional>
#include <utility>

#include "retrieval/receipt_json.h"

namespace tracevec {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson SpanJson(const std::optional<Span>& span) {
  return span ? OrderedJson::array({span->start, span->end}) : OrderedJson();
}

OrderedJson CallInfoJson(const std::optional<CallInfo>& info) {
  if (!info) return nullptr;
  return {{"model", info->model},         {"version", info->version},
          {"tokens_in", info->tokens_in}, {"tokens_out", info->tokens_out},
          {"cost", info->cost},           {"attempts", info->attempts}};
}

OrderedJson CallsJson(const std::vector<ReceiptCall>& calls) {
  auto list = OrderedJson::array();
  for (const ReceiptCall& call : calls) {
    list.push_back(
        {{"texts", call.texts}, {"micros", call.micros}, {"info", CallInfoJson(call.info)}});
  }
  return list;
}

OrderedJson DroppedJson(const std::vector<ReceiptDrop>& dropped) {
  auto list = OrderedJson::array();
  for (const ReceiptDrop& drop : dropped) {
    list.push_back({{"chunk", drop.chunk},
                    {"rule", drop.rule},
                    {"into", drop.into},
                    {"value", OrNull(drop.value)},
                    {"against", OrNull(drop.against)}});
  }
  return list;
}

OrderedJson CitationsJson(const std::vector<Citation>& citations) {
  auto list = OrderedJson::array();
  for (const Citation& citation : citations) {
    auto scores = OrderedJson::array();
    for (const StageScore& score : citation.scores) {
      scores.push_back({{"stage", score.stage}, {"score", score.score}, {"rank", score.rank}});
    }
    list.push_back({{"chunk", citation.chunk},
                    {"collection", citation.collection},
                    {"document", citation.document},
                    {"version", citation.version},
                    {"span", SpanJson(citation.span)},
                    {"role", CitationRoleName(citation.role)},
                    {"scores", std::move(scores)}});
  }
  return list;
}

}  // namespace

std::string_view CitationRoleName(CitationRole role) {
  switch (role) {
    case CitationRole::kContext: return "context";
    case CitationRole::kDuplicate: return "duplicate";
    case CitationRole::kMatch: break;
  }
  return "match";
}

OrderedJson StagesJson(const std::vector<ReceiptStage>& stages) {
  auto list = OrderedJson::array();
  for (const ReceiptStage& stage : stages) {
    list.push_back({{"name", stage.name},
                    {"micros", stage.micros},
                    {"n_in", stage.n_in},
                    {"n_out", stage.n_out},
                    {"available", stage.available},
                    {"skipped", stage.skipped},
                    {"degraded", stage.degraded},
                    {"calls", CallsJson(stage.calls)},
                    {"dropped", DroppedJson(stage.dropped)}});
  }
  return list;
}

OrderedJson PassagesJson(const std::vector<ReceiptPassage>& passages) {
  auto list = OrderedJson::array();
  for (const ReceiptPassage& passage : passages) {
    list.push_back({{"document", passage.document},
                    {"version", passage.version},
                    {"span", SpanJson(passage.span)},
                    {"score", passage.score},
                    {"tokens", passage.tokens},
                    {"citations", CitationsJson(passage.citations)}});
  }
  return list;
}

}  // namespace tracevec
