// Sets of routes.

#include <cstring>

#include <fmt/format.h>

#include "core/codec.h"
#include "core/return_if_error.h"
#include "storage/record_parts.h"
#include "storage/records.h"

namespace tracevec {

namespace {

void PutRoute(Encoder& out, const SemanticRoute& route) {
  out.PutString(route.name);
  out.PutDouble(route.threshold);
  out.PutVarint(route.collections.size());
  for (const std::string& collection : route.collections) out.PutString(collection);
  out.PutString(route.where.ToString());
  out.PutVarint(route.utterances.size());
  for (const std::string& utterance : route.utterances) out.PutString(utterance);
  out.PutString(
      {reinterpret_cast<const char*>(route.vectors.data()), route.vectors.size() * sizeof(float)});
}

SemanticRoute ReadRoute(Decoder& in, std::uint32_t dimension) {
  SemanticRoute route;
  route.name = in.ReadString();
  route.threshold = in.ReadDouble();
  for (std::size_t left = in.ReadCount(1); left > 0 && in.ok(); --left) {
    route.collections.push_back(in.ReadString());
  }
  const std::string where = in.ReadString();
  if (!where.empty()) route.where = Filter(where);
  if (!route.where.status().ok() || route.where.ToString() != where) {
    in.Fail("the filter of a route is none, or not as it is printed");
  }
  for (std::size_t left = in.ReadCount(1); left > 0 && in.ok(); --left) {
    route.utterances.push_back(in.ReadString());
  }
  const std::string_view vectors = in.ReadStringView();
  if (vectors.size() != route.utterances.size() * dimension * sizeof(float)) {
    in.Fail(fmt::format("{} bytes are not the vectors of {} utterances", vectors.size(),
                        route.utterances.size()));
    return route;
  }
  route.vectors.resize(route.utterances.size() * dimension);
  if (!vectors.empty()) std::memcpy(route.vectors.data(), vectors.data(), vectors.size());
  return route;
}

}  // namespace

std::string EncodeRoutes(const RouteSet& set) {
  Encoder out;
  out.PutVarint(set.dimension);
  out.PutByte(static_cast<std::uint8_t>(set.metric));
  PutSpace(out, set.space);
  out.PutVarint(set.routes.size());
  for (const SemanticRoute& route : set.routes) PutRoute(out, route);
  return out.Take();
}

Result<RouteSet> DecodeRoutes(std::string_view name, std::string_view bytes) {
  constexpr std::size_t kLeastBytes = 13;  // A threshold and five empty parts.
  Decoder in(bytes, "routes");
  RouteSet set;
  set.name = name;
  set.dimension = in.ReadVarint32();
  set.metric =
      static_cast<Metric>(in.ReadByteUpTo(static_cast<std::uint8_t>(Metric::kL2), "metric"));
  set.space = ReadSpace(in);
  for (std::size_t left = in.ReadCount(kLeastBytes); left > 0 && in.ok(); --left) {
    set.routes.push_back(ReadRoute(in, set.dimension));
  }
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return set;
}

}  // namespace tracevec
