#include "retrieval/receipt_json.h"
#include "tracevec/kept_receipt.h"

namespace tracevec {
namespace {

nlohmann::ordered_json VectorsJson(const std::vector<AskedVector>& vectors) {
  auto list = nlohmann::ordered_json::array();
  for (const AskedVector& each : vectors) {
    list.push_back({{"field", each.field}, {"vector", each.vector}});
  }
  return list;
}

nlohmann::ordered_json SparseVectorsJson(const std::vector<AskedSparseVector>& vectors) {
  auto list = nlohmann::ordered_json::array();
  for (const AskedSparseVector& each : vectors) {
    list.push_back(
        {{"field", each.field}, {"indices", each.vector.indices}, {"values", each.vector.values}});
  }
  return list;
}

nlohmann::ordered_json PhrasingsJson(const std::vector<AskedPhrasing>& phrasings) {
  auto list = nlohmann::ordered_json::array();
  for (const AskedPhrasing& phrasing : phrasings) {
    list.push_back({{"text", phrasing.text},
                    {"vector", phrasing.vector},
                    {"vectors", VectorsJson(phrasing.vectors)},
                    {"sparse_vectors", SparseVectorsJson(phrasing.sparse_vectors)}});
  }
  return list;
}

nlohmann::ordered_json QueryJson(const AskedQuery& query) {
  return {{"text", query.text},
          {"field", query.field},
          {"vector", query.vector},
          {"like", query.like},
          {"vectors", VectorsJson(query.vectors)},
          {"sparse_vectors", SparseVectorsJson(query.sparse_vectors)},
          {"phrasings", PhrasingsJson(query.phrasings)},
          {"ef", OrNull(query.ef)},
          {"target_recall", OrNull(query.target_recall)},
          {"deadline_ms", OrNull(query.deadline_ms)},
          {"fusion",
           {{"method", FusionMethodName(query.fusion.method)},
            {"k", query.fusion.k},
            {"weights", query.fusion.weights},
            {"normalization", ScoreNormalizationName(query.fusion.normalization)},
            {"candidates", query.fusion.candidates}}},
          {"space", SpaceJson(query.space)}};
}

nlohmann::ordered_json HitsJson(const std::vector<ReceiptHit>& hits) {
  auto list = nlohmann::ordered_json::array();
  for (const ReceiptHit& hit : hits) {
    nlohmann::ordered_json json = {{"id", hit.id},
                                   {"score", hit.score},
                                   {"document", hit.document},
                                   {"version", hit.version},
                                   {"span", nullptr}};
    if (hit.span) json["span"] = {hit.span->start, hit.span->end};
    list.push_back(std::move(json));
  }
  return list;
}

nlohmann::ordered_json AnnotationJson(const ReceiptAnnotation& annotation) {
  return {{"time", FormatTimestamp(annotation.time)},
          {"prompt", annotation.prompt},
          {"response", annotation.response},
          {"usage", nlohmann::ordered_json::parse(Value(annotation.usage).ToJson())},
          {"rating", OrNull(annotation.rating)}};
}

}  // namespace

std::string KeptReceipt::ToJson() const {
  nlohmann::ordered_json json = ReceiptJson(*this);
  json["redacted"] = redacted;
  json["query"] = nullptr;
  if (!redacted) json["query"] = QueryJson(query);
  json["hits"] = HitsJson(hits);
  json["annotation"] = nullptr;
  if (annotation) json["annotation"] = AnnotationJson(*annotation);
  return JsonText(json);
}

}  // namespace tracevec
