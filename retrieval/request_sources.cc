#include "retrieval/request_sources.h"

#include <string>

#include <fmt/format.h>

#include "core/return_if_error.h"

namespace tracevec {
namespace {

void AddSource(const SourceSpec& spec, const SourceInput& input, RequestSources* sources) {
  sources->specs.push_back(spec);
  sources->inputs.push_back(input);
}

SourceInput InputOf(std::span<const float> vector) {
  SourceInput input;
  input.vector = vector;
  return input;
}

void AddText(const std::string& text, std::uint32_t phrasing, RequestSources* sources) {
  if (text.empty()) return;
  SourceInput input;
  input.text = text;
  AddSource({SourceKind::kLexical, {}, phrasing}, input, sources);
}

void AddVectors(const std::vector<FieldVector>& vectors, std::uint32_t phrasing,
                RequestSources* sources) {
  for (const FieldVector& each : vectors) {
    AddSource({SourceKind::kDense, each.field, phrasing}, InputOf(each.vector), sources);
  }
}

void AddSparse(const std::vector<SparseFieldVector>& vectors, std::uint32_t phrasing,
               RequestSources* sources) {
  for (const SparseFieldVector& each : vectors) {
    SourceInput input;
    input.sparse = &each.vector;
    AddSource({SourceKind::kSparse, each.field, phrasing}, input, sources);
  }
}

Status AddPhrasings(const SearchRequest& request, RequestSources* sources) {
  for (std::uint32_t i = 0; i < request.phrasings.size(); ++i) {
    const Phrasing& phrasing = request.phrasings[i];
    const std::size_t before = sources->specs.size();
    if (!phrasing.vector.empty()) {
      AddSource({SourceKind::kDense, request.field, i + 1}, InputOf(phrasing.vector), sources);
    }
    AddVectors(phrasing.vectors, i + 1, sources);
    AddSparse(phrasing.sparse_vectors, i + 1, sources);
    AddText(phrasing.text, i + 1, sources);
    if (sources->specs.size() == before) {
      return Status::InvalidArgument(
          fmt::format("phrasings[{}]: neither a vector nor a text is given", i));
    }
  }
  return Status::Ok();
}

bool HasVector(const SearchRequest& request) {
  if (!request.vector.empty() || !request.like.empty()) return true;
  for (const Phrasing& phrasing : request.phrasings) {
    if (!phrasing.vector.empty()) return true;
  }
  return false;
}

}  // namespace

Result<RequestSources> SourcesOf(const SearchRequest& request, bool may_be_empty) {
  if (!request.vector.empty() && !request.like.empty()) {
    return Status::InvalidArgument("both vector and like are given; give one");
  }
  RequestSources sources;
  if (!request.vector.empty() || !request.like.empty()) {
    AddSource({SourceKind::kDense, request.field}, InputOf(request.vector), &sources);
  }
  AddVectors(request.vectors, 0, &sources);
  AddSparse(request.sparse_vectors, 0, &sources);
  AddText(request.text, 0, &sources);
  TRACEVEC_RETURN_IF_ERROR(AddPhrasings(request, &sources));
  if (sources.specs.empty()) {
    if (!may_be_empty) return Status::InvalidArgument("neither vector, like nor text is given");
    AddSource({SourceKind::kDense, request.field}, {}, &sources);
  } else if (!request.field.empty() && !HasVector(request)) {
    return Status::InvalidArgument(
        fmt::format("field '{}' is given without a vector; a search by text alone, and one that "
                    "names its fields with their vectors, has no vector field",
                    request.field));
  }
  return sources;
}

}  // namespace tracevec
