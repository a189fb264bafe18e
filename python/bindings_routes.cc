#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "python/bindings.h"
#include "python/bindings_arguments.h"
#include "python/bindings_records.h"
#include "python/bindings_status.h"
#include "tracevec/database.h"

namespace tracevec::python {
namespace {

nb::object FilterToPython(const Filter& filter) {
  if (filter.empty()) return nb::none();
  const std::string text = filter.ToString();
  return nb::str(text.data(), text.size());
}

/// A tuple of name, utterances, vectors, threshold, collections and filter.
SemanticRoute TakeRoute(nb::handle object) {
  SemanticRoute route;
  route.name = TakeString(object[0], "name of a route");
  route.utterances = TakeStrings(object[1], "utterances");
  const auto vectors = nb::cast<FloatMatrix>(object[2]);
  route.vectors.assign(vectors.data(), vectors.data() + vectors.size());
  route.threshold = TakeOptionalDouble(object[3], "threshold").value_or(route.threshold);
  route.collections = TakeStrings(object[4], "collections");
  route.where = TakeFilter(object[5]);
  return route;
}

void PutRoutes(Database& self, nb::handle name, std::uint32_t dimension, nb::handle metric,
               nb::handle space, const nb::list& routes) {
  RouteSet set;
  set.name = TakeString(name, "name");
  set.dimension = dimension;
  set.metric = Unwrap(ParseMetric(TakeString(metric, "metric")));
  set.space = TakeSpace(space);
  for (nb::handle route : routes) set.routes.push_back(TakeRoute(route));
  WithoutGil([&] { return self.PutRoutes(set); });
}

/// RouteSet of the package, made of its own dataclasses.
nb::object GetRoutes(const Database& self, nb::handle name) {
  const std::string wanted = TakeString(name, "name");
  const RouteSet set = WithoutGil([&] { return self.Routes(wanted); });
  nb::list routes;
  for (const SemanticRoute& route : set.routes) {
    const nb::object vectors = FloatsToPython(route.vectors).attr("reshape")(-1, set.dimension);
    routes.append(PackageType("Route")(route.name, nb::tuple(nb::cast(route.utterances)), vectors,
                                       route.threshold, nb::tuple(nb::cast(route.collections)),
                                       FilterToPython(route.where)));
  }
  return PackageType("RouteSet")(set.name, nb::tuple(routes), set.dimension, MetricName(set.metric),
                                 ToPython(set.space));
}

std::vector<RouteMatch> Route(const Database& self, nb::handle name, const FloatVector& vector,
                              nb::handle space, nb::handle top) {
  const std::string wanted = TakeString(name, "name");
  RouteOptions options;
  options.space = TakeSpace(space);
  options.top = TakeOptionalUint32(top, "top").value_or(0);
  const std::span<const float> question(vector.data(), vector.size());
  return WithoutGil([&] { return self.Route(wanted, question, options); });
}

}  // namespace

void BindRoutes(nb::module_& module, nb::class_<Database>& database) {
  Record<RouteMatch>(module, "RouteMatch", "A route that a question takes.")
      .Field("name", &RouteMatch::name, "Its name.")
      .Field("score", &RouteMatch::score, "Of the best utterance, by the set's metric.")
      .Field("utterance", &RouteMatch::utterance, "That utterance.")
      .Field("collections", &RouteMatch::collections, "Names of the collections to be searched.")
      .Computed(
          "where", [](const RouteMatch& self) { return FilterToPython(self.where); },
          "The filter to search with, as text, or None.")
      .Finish();
  database
      .def("put_routes", &PutRoutes, nb::arg("name").none(), nb::arg("dimension"),
           nb::arg("metric").none(), nb::arg("space").none(), nb::arg("routes"))
      .def("routes", &GetRoutes, nb::arg("name").none())
      .def(
          "delete_routes",
          [](Database& self, nb::handle name) {
            const std::string wanted = TakeString(name, "name");
            WithoutGil([&] { return self.DeleteRoutes(wanted); });
          },
          nb::arg("name").none())
      .def("list_routes",
           [](const Database& self) { return WithoutGil([&] { return self.ListRoutes(); }); })
      .def("route", &Route, nb::arg("name").none(), nb::arg("vector").noconvert(),
           nb::arg("space").none(), nb::arg("top").none());
}

}  // namespace tracevec::python
