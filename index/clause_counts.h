#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/text_query.h"

namespace tracevec {

/// How many rows of a view each clause of a query matches, for clauses that were asked for before:
/// where rows have died since their segment was built, counting them means looking at each row.
/// Safe for concurrent use.
class ClauseCounts {
 public:
  /// Some 100 bytes each; the view goes with the next commit.
  static constexpr std::size_t kMostClauses = 4096;

  std::optional<std::uint64_t> Find(const TextClause& clause) const;
  void Add(const TextClause& clause, std::uint64_t count);

 private:
  static std::string KeyOf(const TextClause& clause);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::uint64_t> counts_;
};

}  // namespace tracevec
