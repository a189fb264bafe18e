#include "python/bindings_query.h"

#include <optional>
#include <utility>

#include "python/bindings_status.h"

namespace tracevec::python {

std::string TakeText(nb::handle object) {
  if (object.is_none()) return {};
  std::string text = TakeString(object, "text");
  if (text.empty()) Raise(Status::InvalidArgument("text is empty"));
  return text;
}

Fusion TakeFusion(nb::handle object) {
  Fusion fusion;
  if (object.is_none()) return fusion;
  fusion.method = Unwrap(ParseFusionMethod(TakeString(object.attr("method"), "fusion")));
  fusion.k = TakeOptionalDouble(object.attr("k"), "fusion: k").value_or(fusion.k);
  fusion.normalization =
      Unwrap(ParseScoreNormalization(TakeString(object.attr("normalization"), "normalization")));
  fusion.candidates = TakeUint32(object.attr("candidates"), "fusion: candidates");
  const nb::object weights = object.attr("weights");
  if (weights.is_none()) return fusion;
  for (nb::handle weight : weights) {
    fusion.weights.push_back(TakeOptionalDouble(weight, "fusion: weights").value_or(0));
  }
  return fusion;
}

std::span<const float> QueryArguments::TakeVector(nb::handle array) {
  if (array.is_none()) return {};
  arrays_.push_back(nb::cast<FloatVector>(array));
  return {arrays_.back().data(), arrays_.back().size()};
}

void QueryArguments::TakeVectors(nb::handle pairs, std::vector<FieldVector>* vectors,
                                 std::vector<SparseFieldVector>* sparse) {
  if (pairs.is_none()) return;
  for (nb::handle pair : pairs) {
    std::string field = TakeString(pair[0], "vector: field");
    const nb::object vector = pair[1];
    if (PyTuple_Check(vector.ptr())) {
      sparse->push_back({std::move(field), TakeSparse(vector)});
    } else {
      vectors->push_back({std::move(field), TakeVector(vector)});
    }
  }
}

void QueryArguments::Take(nb::handle vector, nb::handle vectors, nb::handle text,
                          nb::handle phrasings, SearchRequest* request) {
  request->vector = TakeVector(vector);
  TakeVectors(vectors, &request->vectors, &request->sparse_vectors);
  request->text = TakeText(text);
  if (phrasings.is_none()) return;
  for (nb::handle each : phrasings) {
    Phrasing& phrasing = request->phrasings.emplace_back();
    phrasing.vector = TakeVector(each[0]);
    TakeVectors(each[1], &phrasing.vectors, &phrasing.sparse_vectors);
    phrasing.text = TakeText(each[2]);
  }
}

}  // namespace tracevec::python
