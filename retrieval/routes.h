#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tracevec/routes.h"
#include "tracevec/status.h"

namespace tracevec {

class Engine;

/// A set of routes as it is asked: vectors under cosine are of unit length.
struct BoundRoutes {
  RouteSet set;
  std::vector<std::vector<float>> vectors;  ///< Of each route.
};

/// The sets that were asked lately, so that a question costs its products alone. Safe for
/// concurrent use.
class RouteCache {
 public:
  static constexpr std::size_t kMostSets = 64;

  /// Null when it is not there.
  std::shared_ptr<const BoundRoutes> Find(std::string_view name) const;
  void Keep(std::shared_ptr<const BoundRoutes> routes);
  void Forget(std::string_view name);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const BoundRoutes>, std::less<>> sets_;
};

// What Database says of routes, of an open database.

Status PutRoutes(Engine& engine, const RouteSet& set);
Result<RouteSet> GetRoutes(const Engine& engine, std::string_view name);
Status DeleteRoutes(Engine& engine, std::string_view name);
Result<std::vector<std::string>> ListRoutes(const Engine& engine);
Result<std::vector<RouteMatch>> MatchRoutes(Engine& engine, std::string_view name,
                                            std::span<const float> vector,
                                            const RouteOptions& options);

}  // namespace tracevec
