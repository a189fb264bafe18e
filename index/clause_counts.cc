#include "index/clause_counts.h"

#include <utility>

namespace tracevec {

std::string ClauseCounts::KeyOf(const TextClause& clause) {
  std::string key(1, static_cast<char>('0' + static_cast<int>(clause.kind)));
  for (std::size_t i = 0; i < clause.terms.size(); ++i) {
    // A term has no byte of this value: it is valid UTF-8.
    key += clause.terms[i] + '\xFF';
    if (!clause.offsets.empty()) key += std::to_string(clause.offsets[i]) + '\xFF';
  }
  return key;
}

std::optional<std::uint64_t> ClauseCounts::Find(const TextClause& clause) const {
  const std::string key = KeyOf(clause);
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(key);
  if (found == counts_.end()) return std::nullopt;
  return found->second;
}

void ClauseCounts::Add(const TextClause& clause, std::uint64_t count) {
  std::string key = KeyOf(clause);
  const std::lock_guard lock(mutex_);
  if (counts_.size() < kMostClauses) counts_.emplace(std::move(key), count);
}

}  // namespace tracevec
