// A pipeline as JSON: docs/pipeline.md defines the form.

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "core/content_hash.h"
#include "core/filter_json_syntax.h"
#include "core/return_if_error.h"
#include "retrieval/guard.h"
#include "retrieval/json_members.h"
#include "retrieval/pipeline_members.h"
#include "retrieval/stage.h"
#include "tracevec/pipeline_spec.h"

namespace tracevec {
namespace {

using Json = nlohmann::json;

/// Of the form. A later one is refused.
constexpr std::uint32_t kFormVersion = 1;
/// A filter may nest 64 deep, within a pipeline.
constexpr int kDeepest = 140;

/// A variant with the alternative of that number.
template <typename Variant, std::size_t... I>
Variant Alternative(std::size_t number, std::index_sequence<I...>) {
  Variant made;
  ((I == number ? void(made = std::variant_alternative_t<I, Variant>{}) : void()), ...);
  return made;
}

/// An object that says in `kind_member` which alternative it is.
template <typename Variant>
Result<Variant> ReadAlternative(const Json& object, const std::string& place,
                                std::string_view kind_member,
                                std::span<const std::string_view> kinds) {
  MemberReader reader(object, place);
  const auto number = reader.ChoiceNumber(kind_member, kinds);
  if (!number) {
    if (object.is_object() && !object.contains(kind_member)) {
      reader.Fail(kind_member, fmt::format("missing; expected one of {}", fmt::join(kinds, ", ")));
    }
    return reader.Finish();
  }
  constexpr std::size_t kAlternatives = std::variant_size_v<Variant>;
  Variant made = Alternative<Variant>(*number, std::make_index_sequence<kAlternatives>());
  std::visit([&](auto& part) { VisitMembers(reader, part); }, made);
  TRACEVEC_RETURN_IF_ERROR(reader.Finish());
  return made;
}

template <typename Variant>
Result<std::vector<Variant>> ReadAlternatives(const Json* list, std::string_view name,
                                              std::string_view kind_member,
                                              std::span<const std::string_view> kinds) {
  std::vector<Variant> made;
  if (list == nullptr) return made;
  if (!list->is_array()) return Status::InvalidArgument(fmt::format("{}: expected an array", name));
  for (std::size_t i = 0; i < list->size(); ++i) {
    TRACEVEC_ASSIGN_OR_RETURN(
        Variant part,
        ReadAlternative<Variant>((*list)[i], fmt::format("{}[{}]", name, i), kind_member, kinds));
    made.push_back(std::move(part));
  }
  return made;
}

/// Filter text, or the dialect of Python users.
Result<Filter> ReadFilter(const Json& where, const std::string& place) {
  if (!where.is_string() && !where.is_object()) {
    return Status::InvalidArgument(place + ": expected filter text or an object");
  }
  Result<Filter> filter =
      where.is_string() ? Filter::Parse(where.get<std::string>()) : Filter::FromJson(where.dump());
  if (filter.ok()) return filter;
  return Status(filter.status().code(), place + ": " + filter.status().message());
}

/// A filter, or several in an array, joined by AND.
Result<Filter> ReadWhere(const Json* where) {
  if (where == nullptr) return Filter();
  if (!where->is_array()) return ReadFilter(*where, "where");
  Filter all;
  for (std::size_t i = 0; i < where->size(); ++i) {
    TRACEVEC_ASSIGN_OR_RETURN(const Filter each,
                              ReadFilter((*where)[i], fmt::format("where[{}]", i)));
    all = all.empty() ? each : all && each;
  }
  return all;
}

Status CheckFormVersion(MemberReader& reader) {
  std::uint32_t version = kFormVersion;
  reader.Count("version", &version);
  if (version == kFormVersion) return Status::Ok();
  return Status::Unsupported(fmt::format(
      "version: {} of the form of a pipeline; this library knows {}", version, kFormVersion));
}

Result<PipelineSpec> ReadSpec(const Json& document) {
  MemberReader reader(document, "");
  TRACEVEC_RETURN_IF_ERROR(CheckFormVersion(reader));
  PipelineSpec spec;
  if (const Json* expand = reader.Find("expand")) {
    MemberReader members(*expand, "expand");
    VisitMembers(members, spec.expand.emplace());
    TRACEVEC_RETURN_IF_ERROR(members.Finish());
  }
  if (const Json* fuse = reader.Find("fuse")) {
    MemberReader members(*fuse, "fuse");
    VisitMembers(members, spec.fuse);
    TRACEVEC_RETURN_IF_ERROR(members.Finish());
  }
  const Json* sources = reader.Find("sources");
  const Json* where = reader.Find("where");
  const Json* stages = reader.Find("stages");
  TRACEVEC_RETURN_IF_ERROR(reader.Finish());
  TRACEVEC_ASSIGN_OR_RETURN(
      spec.sources, ReadAlternatives<PipelineSource>(sources, "sources", "kind", kSourceKinds));
  TRACEVEC_ASSIGN_OR_RETURN(spec.where, ReadWhere(where));
  TRACEVEC_ASSIGN_OR_RETURN(
      spec.stages, ReadAlternatives<PipelineStage>(stages, "stages", "stage", StageNames()));
  return spec;
}

template <typename Part>
Json WritePart(Part part) {
  MemberWriter writer;
  VisitMembers(writer, part);
  return writer.Take();
}

template <typename Variant>
Json WriteAlternatives(const std::vector<Variant>& list, const char* kind_member,
                       std::span<const std::string_view> kinds) {
  Json array = Json::array();
  for (const Variant& part : list) {
    Json object = std::visit([](const auto& each) { return WritePart(each); }, part);
    object[kind_member] = kinds[part.index()];
    array.push_back(std::move(object));
  }
  return array;
}

Json WriteSpec(const PipelineSpec& spec) {
  Json document = {{"version", kFormVersion},
                   {"fuse", WritePart(spec.fuse)},
                   {"sources", WriteAlternatives(spec.sources, "kind", kSourceKinds)},
                   {"stages", WriteAlternatives(spec.stages, "stage", StageNames())}};
  if (spec.expand) document["expand"] = WritePart(*spec.expand);
  if (!spec.where.empty()) document["where"] = spec.where.ToString();
  return document;
}

}  // namespace

Result<Pipeline> Pipeline::FromJson(std::string_view json) {
  return Guard([&]() -> Result<Pipeline> {
    Json document;
    TRACEVEC_RETURN_IF_ERROR(ParseJsonSafely(json, kDeepest, &document));
    TRACEVEC_ASSIGN_OR_RETURN(PipelineSpec spec, ReadSpec(document));
    Pipeline pipeline(std::move(spec));
    TRACEVEC_RETURN_IF_ERROR(pipeline.Check());
    return pipeline;
  });
}

Result<std::string> Pipeline::ToJson() const {
  return Guard([&]() -> Result<std::string> {
    TRACEVEC_RETURN_IF_ERROR(Check());
    return WriteSpec(spec()).dump(-1, ' ', false, Json::error_handler_t::replace);
  });
}

Result<std::string> Pipeline::Hash() const {
  return Guard([&]() -> Result<std::string> {
    TRACEVEC_ASSIGN_OR_RETURN(const std::string json, ToJson());
    return HashContent(json).ToHex();
  });
}

}  // namespace tracevec
