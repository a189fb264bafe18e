#include "tests/model_search.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "tests/model_operation.h"

namespace tracevec {
namespace {

using Rows = std::map<std::string, ModelRow>;

double Score(Metric metric, const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0;
  double aa = 0;
  double bb = 0;
  double distance = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += double{a[i]} * b[i];
    aa += double{a[i]} * a[i];
    bb += double{b[i]} * b[i];
    distance += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  }
  if (metric == Metric::kL2) return -distance;
  return metric == Metric::kIp ? dot : dot / std::sqrt(aa * bb);
}

/// What float32 sums may be off by.
bool Near(double a, double b) { return std::abs(a - b) <= 1e-5 * (1 + std::abs(a)); }

class SearchCheck {
 public:
  SearchCheck(const ModelCollection& model, const Rows& matching, std::string field)
      : field_(std::move(field)), metric_(model.schema().vectors.at(field_).metric) {
    for (const auto& [id, row] : matching) {
      if (row.chunk().vectors.contains(field_)) candidates_.emplace(id, row);
    }
  }

  const Rows& candidates() const { return candidates_; }

  /// `complete`: every chunk that scores above the last hit must be a hit.
  std::string Compare(const std::vector<float>& vector, const std::string& like, std::uint32_t k,
                      bool complete, const std::vector<Hit>& hits) const {
    std::map<std::string, double> scores;
    for (const auto& [id, row] : candidates_) {
      if (id != like) scores[id] = Score(metric_, vector, row.chunk().vectors.at(field_));
    }
    const std::size_t expected = std::min<std::size_t>(k, scores.size());
    if (hits.size() != expected) {
      return std::to_string(hits.size()) + " hits, expected " + std::to_string(expected);
    }
    for (std::size_t i = 0; i < hits.size(); ++i) {
      const auto found = scores.find(hits[i].id);
      if (found == scores.end()) return "hit '" + hits[i].id + "' does not match, or comes twice";
      std::string difference = CompareHit(hits[i], found->second);
      if (!difference.empty()) return difference;
      if (i > 0 && !InOrder(hits[i - 1], hits[i])) return "the order at '" + hits[i].id + "'";
      scores.erase(found);
    }
    for (const auto& [id, score] : scores) {
      if (!complete || hits.empty() || score <= hits.back().score) continue;
      if (!Near(score, hits.back().score)) return "'" + id + "' scores more than the last hit";
    }
    return "";
  }

 private:
  static bool InOrder(const Hit& a, const Hit& b) {
    return a.score > b.score || (a.score == b.score && a.id < b.id);
  }

  std::string CompareHit(const Hit& hit, double score) const {
    const ModelRow& row = candidates_.at(hit.id);
    if (!Near(score, hit.score)) {
      return "score of '" + hit.id + "': expected " + std::to_string(score) + ", got " +
             std::to_string(hit.score);
    }
    const bool same = hit.document == row.document->put.id && hit.ordinal == row.ordinal &&
                      hit.version == row.document->version && hit.text == row.chunk().text &&
                      hit.span == row.chunk().span && hit.section == row.chunk().section &&
                      hit.page == row.chunk().page &&
                      hit.metadata == row.document->EffectiveMetadata(row.chunk()) &&
                      hit.vector == row.chunk().vectors.at(field_);
    return same ? "" : "content of hit '" + hit.id + "'";
  }

  std::string field_;
  Metric metric_;
  Rows candidates_;
};

}  // namespace

std::string DifferenceOfSearches(const Collection& collection, const ModelCollection& model,
                                 const std::string& where, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto matching = model.Matching(where);
  if (!matching.ok()) return matching.status().ToString();
  for (const auto& [field, definition] : model.schema().vectors) {
    const SearchCheck check(model, *matching, field);
    const std::vector<float> query = TestVector("query", random(), definition.dimension);
    for (const bool exact : {true, false}) {
      SearchRequest request;
      request.field = field;
      request.where = where;
      request.k = static_cast<std::uint32_t>(1 + random() % 12);
      request.exact = exact;
      request.with_vectors = true;
      const std::vector<float>* vector = &query;
      if (!check.candidates().empty() && random() % 3 == 0) {
        const auto chosen = std::next(check.candidates().begin(),
                                      static_cast<int>(random() % check.candidates().size()));
        request.like = chosen->first;
        vector = &chosen->second.chunk().vectors.at(field);
      } else {
        request.vector = query;
      }
      const auto response = collection.Search(request);
      const std::string what = std::string(exact ? "exact " : "") + "search in '" + field + "'" +
                               (request.like.empty() ? "" : " like '" + request.like + "'") +
                               (where.empty() ? "" : " where " + where) + ": ";
      if (!response.ok()) return what + response.status().ToString();
      // Codes and graphs may miss some; that is measured elsewhere.
      const bool complete = exact;
      std::string difference =
          check.Compare(*vector, request.like, request.k, complete, response->hits);
      if (!difference.empty()) return what + difference;
    }
  }
  return "";
}

}  // namespace tracevec
