#include "retrieval/routes.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/nearest_name.h"
#include "core/return_if_error.h"
#include "core/utf8.h"
#include "core/vector_math.h"
#include "retrieval/engine.h"
#include "retrieval/validate.h"
#include "storage/features.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace tracevec {
namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kMostRoutes = 1'000;
constexpr std::size_t kMostUtterances = 10'000;
constexpr std::uint32_t kLargestDimension = 65'536;

Status InRoute(const SemanticRoute& route, const Status& status) {
  if (status.ok()) return status;
  return {status.code(), fmt::format("route '{}': {}", route.name, status.message())};
}

Status WrongRoute(const SemanticRoute& route, std::string_view what) {
  return InRoute(route, Status::InvalidArgument(std::string(what)));
}

Status CheckRouteVectors(const RouteSet& set, const SemanticRoute& route) {
  const std::size_t wanted = route.utterances.size() * set.dimension;
  if (route.vectors.size() != wanted) {
    return WrongRoute(route,
                      fmt::format("expected {} x {} = {} floats, got {}", route.utterances.size(),
                                  set.dimension, wanted, route.vectors.size()));
  }
  for (std::size_t i = 0; i < route.utterances.size(); ++i) {
    const std::string what = fmt::format("vector of utterance {}", i);
    TRACEVEC_RETURN_IF_ERROR(InRoute(route, CheckVector(route.vectors.data() + i * set.dimension,
                                                        set.dimension, set.metric, what.c_str())));
  }
  return Status::Ok();
}

Status CheckRoute(const RouteSet& set, const SemanticRoute& route) {
  TRACEVEC_RETURN_IF_ERROR(CheckId(route.name, kLongestName, "name of a route"));
  if (route.utterances.empty()) return WrongRoute(route, "it has no utterances");
  for (const std::string& utterance : route.utterances) {
    TRACEVEC_RETURN_IF_ERROR(InRoute(route, CheckText(utterance, "utterance")));
  }
  if (!std::isfinite(route.threshold)) {
    return WrongRoute(route,
                      fmt::format("threshold: {}, expected a finite number", route.threshold));
  }
  for (const std::string& collection : route.collections) {
    TRACEVEC_RETURN_IF_ERROR(
        InRoute(route, CheckId(collection, kLongestName, "name of a collection")));
  }
  TRACEVEC_RETURN_IF_ERROR(InRoute(route, route.where.status()));
  return CheckRouteVectors(set, route);
}

Status CheckRoutes(const RouteSet& set) {
  TRACEVEC_RETURN_IF_ERROR(CheckId(set.name, kLongestName, "name of a set of routes"));
  if (set.dimension == 0 || set.dimension > kLargestDimension) {
    return Status::InvalidArgument(fmt::format("routes '{}': dimension: expected 1 to {}, got {}",
                                               set.name, kLargestDimension, set.dimension));
  }
  if (set.metric > Metric::kL2) {
    return Status::InvalidArgument(fmt::format("routes '{}': no metric has the number {}", set.name,
                                               static_cast<int>(set.metric)));
  }
  for (const std::string* text : {&set.space.model, &set.space.revision, &set.space.normalization,
                                  &set.space.document_prompt, &set.space.query_prompt}) {
    TRACEVEC_RETURN_IF_ERROR(CheckUtf8(*text, "embedding space"));
  }
  std::set<std::string_view> names;
  std::size_t utterances = 0;
  for (const SemanticRoute& route : set.routes) {
    TRACEVEC_RETURN_IF_ERROR(CheckRoute(set, route));
    if (!names.insert(route.name).second) return WrongRoute(route, "the name is given twice");
    utterances += route.utterances.size();
  }
  if (set.routes.size() <= kMostRoutes && utterances <= kMostUtterances) return Status::Ok();
  return Status::InvalidArgument(
      fmt::format("routes '{}': {} routes with {} utterances, at most {} with {}", set.name,
                  set.routes.size(), utterances, kMostRoutes, kMostUtterances));
}

Status NoRoutes(const Engine& engine, std::string_view name) {
  TRACEVEC_ASSIGN_OR_RETURN(const std::vector<std::string> known, ListRoutes(engine));
  return Status::NotFound(
      fmt::format("there is no set of routes '{}'{}", name, DidYouMean(name, known)));
}

std::shared_ptr<const BoundRoutes> BindRoutes(RouteSet set) {
  auto bound = std::make_shared<BoundRoutes>();
  for (const SemanticRoute& route : set.routes) {
    std::vector<float>& vectors = bound->vectors.emplace_back(route.vectors);
    if (set.metric != Metric::kCosine) continue;
    for (std::size_t at = 0; at < vectors.size(); at += set.dimension) {
      Normalise(vectors.data() + at, set.dimension, vectors.data() + at);
    }
  }
  bound->set = std::move(set);
  return bound;
}

/// The best utterance of a route.
std::pair<float, std::size_t> BestUtterance(const KernelTable& kernels, const BoundRoutes& routes,
                                            std::size_t route, const float* question) {
  const std::uint32_t dimension = routes.set.dimension;
  const std::vector<float>& vectors = routes.vectors[route];
  std::pair<float, std::size_t> best;
  for (std::size_t i = 0; i * dimension < vectors.size(); ++i) {
    const float* vector = vectors.data() + i * dimension;
    const float score = routes.set.metric == Metric::kL2
                            ? -kernels.l2_f32(question, vector, dimension)
                            : kernels.dot_f32(question, vector, dimension);
    if (i == 0 || score > best.first) best = {score, i};
  }
  return best;
}

}  // namespace

std::shared_ptr<const BoundRoutes> RouteCache::Find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = sets_.find(name);
  return found == sets_.end() ? nullptr : found->second;
}

void RouteCache::Keep(std::shared_ptr<const BoundRoutes> routes) {
  const std::lock_guard lock(mutex_);
  if (sets_.size() >= kMostSets) sets_.clear();
  const std::string& name = routes->set.name;
  sets_.insert_or_assign(name, std::move(routes));
}

void RouteCache::Forget(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto found = sets_.find(name);
  if (found != sets_.end()) sets_.erase(found);
}

Status PutRoutes(Engine& engine, const RouteSet& set) {
  TRACEVEC_RETURN_IF_ERROR(engine.CheckWritable());
  TRACEVEC_RETURN_IF_ERROR(CheckRoutes(set));
  const std::lock_guard writer(engine.writer_mutex());
  TRACEVEC_RETURN_IF_ERROR(engine.EnableFeature(kRoutesFeature));
  StoreBatch batch;
  batch.Put(Table::kRecords, keys::Routes(set.name), EncodeRoutes(set));
  TRACEVEC_RETURN_IF_ERROR(engine.store().Write(batch, /*sync=*/true));
  engine.route_cache().Keep(BindRoutes(set));
  return Status::Ok();
}

Result<RouteSet> GetRoutes(const Engine& engine, std::string_view name) {
  TRACEVEC_RETURN_IF_ERROR(engine.CheckOpen());
  TRACEVEC_ASSIGN_OR_RETURN(const auto bytes,
                            engine.store().Get(Table::kRecords, keys::Routes(name)));
  if (!bytes) return NoRoutes(engine, name);
  return DecodeRoutes(name, *bytes);
}

Status DeleteRoutes(Engine& engine, std::string_view name) {
  TRACEVEC_RETURN_IF_ERROR(engine.CheckWritable());
  const std::lock_guard writer(engine.writer_mutex());
  TRACEVEC_RETURN_IF_ERROR(GetRoutes(engine, name).status());
  StoreBatch batch;
  batch.Delete(Table::kRecords, keys::Routes(name));
  TRACEVEC_RETURN_IF_ERROR(engine.store().Write(batch, /*sync=*/true));
  engine.route_cache().Forget(name);
  return Status::Ok();
}

Result<std::vector<std::string>> ListRoutes(const Engine& engine) {
  TRACEVEC_RETURN_IF_ERROR(engine.CheckOpen());
  const std::string prefix = keys::RoutesPrefix();
  std::vector<std::string> names;
  StoreCursor cursor = engine.store().NewCursor(Table::kRecords, prefix);
  for (; cursor.Valid(); cursor.Next()) {
    names.emplace_back(cursor.key().substr(prefix.size()));
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return names;
}

namespace {

/// Under the writer's lock where it has to be read, so that what is kept is not older than a write.
Result<std::shared_ptr<const BoundRoutes>> FindRoutes(Engine& engine, std::string_view name) {
  TRACEVEC_RETURN_IF_ERROR(engine.CheckOpen());
  if (auto kept = engine.route_cache().Find(name)) return kept;
  const std::lock_guard writer(engine.writer_mutex());
  TRACEVEC_ASSIGN_OR_RETURN(RouteSet set, GetRoutes(engine, name));
  auto bound = BindRoutes(std::move(set));
  engine.route_cache().Keep(bound);
  return bound;
}

Status CheckQuestion(const RouteSet& set, std::span<const float> vector,
                     const EmbeddingSpace& space) {
  if (vector.size() != set.dimension) {
    return Status::InvalidArgument(fmt::format("routes '{}': dimension: expected {}, got {}",
                                               set.name, set.dimension, vector.size()));
  }
  TRACEVEC_RETURN_IF_ERROR(CheckVector(vector.data(), set.dimension, set.metric, "query vector"));
  if (!space.declared() || !set.space.declared() || space == set.space) return Status::Ok();
  return Status::EmbeddingSpaceMismatch(
      fmt::format("routes '{}' are of model '{}' revision '{}'; got '{}' revision '{}'", set.name,
                  set.space.model, set.space.revision, space.model, space.revision));
}

}  // namespace

Result<std::vector<RouteMatch>> MatchRoutes(Engine& engine, std::string_view name,
                                            std::span<const float> vector,
                                            const RouteOptions& options) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto routes, FindRoutes(engine, name));
  const RouteSet& set = routes->set;
  TRACEVEC_RETURN_IF_ERROR(CheckQuestion(set, vector, options.space));
  std::vector<float> question(vector.begin(), vector.end());
  if (set.metric == Metric::kCosine) {
    Normalise(question.data(), question.size(), question.data());
  }
  std::vector<RouteMatch> matches;
  for (std::size_t i = 0; i < set.routes.size(); ++i) {
    const auto [score, utterance] = BestUtterance(engine.kernels(), *routes, i, question.data());
    const SemanticRoute& route = set.routes[i];
    if (score < route.threshold) continue;
    matches.push_back(
        {route.name, score, route.utterances[utterance], route.collections, route.where});
  }
  std::sort(matches.begin(), matches.end(), [](const RouteMatch& a, const RouteMatch& b) {
    return a.score != b.score ? a.score > b.score : a.name < b.name;
  });
  if (options.top != 0 && matches.size() > options.top) matches.resize(options.top);
  return matches;
}

}  // namespace tracevec
