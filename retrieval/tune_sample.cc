#include "retrieval/tune_sample.h"

#include <algorithm>

#include <fmt/format.h>

namespace tracevec {
namespace {

/// Fewer queries than these say too little of a recall.
constexpr std::size_t kLeastRecent = 100;

/// At most `most` rows of a matrix, spread evenly.
TuneSample Spread(std::string kind, std::span<const float> vectors, std::size_t dimension,
                  std::size_t most) {
  TuneSample sample;
  sample.kind = std::move(kind);
  const std::size_t rows = vectors.size() / dimension;
  sample.count = std::min(rows, most);
  for (std::size_t i = 0; i < sample.count; ++i) {
    const auto row = vectors.subspan(i * rows / sample.count * dimension, dimension);
    sample.vectors.insert(sample.vectors.end(), row.begin(), row.end());
  }
  return sample;
}

TuneSample DrawStored(const QueryPlan& plan, std::size_t dimension, std::size_t most) {
  const IndexView& view = plan.rows;
  std::vector<RowRef> rows;
  for (std::uint32_t set = 0; set < view.sets.size(); ++set) {
    for (std::uint32_t row = 0; row < view.sizes[set]; ++row) {
      const RowSet& rows_of_set = *view.sets[set];
      if (rows_of_set.HasVector(plan.field()->index, row) &&
          rows_of_set.VisibleAt(row, view.commit))
        rows.push_back({set, row});
    }
  }
  TuneSample sample;
  sample.kind = "stored";
  sample.count = std::min(rows.size(), most);
  for (std::size_t i = 0; i < sample.count; ++i) {
    const RowRef ref = rows[i * rows.size() / sample.count];
    sample.hidden.push_back(ref);
    const float* vector = view.sets[ref.set]->vector(plan.field()->index, ref.row);
    sample.vectors.insert(sample.vectors.end(), vector, vector + dimension);
  }
  return sample;
}

}  // namespace

Result<TuneSample> DrawTuneSample(const CollectionState& state, const QueryPlan& plan,
                                  const TuneOptions& options) {
  const std::size_t dimension = plan.field()->field.dimension;
  if (options.queries.size() % dimension != 0) {
    return Status::InvalidArgument(
        fmt::format("queries for '{}': {} floats are not rows of dimension {}", plan.field()->name,
                    options.queries.size(), dimension));
  }
  if (!options.queries.empty()) {
    return Spread("given", options.queries, dimension, options.most_queries);
  }
  const std::vector<float> recent = state.query_memories[plan.field()->index].Queries();
  if (recent.size() / dimension >= kLeastRecent) {
    return Spread("recent", recent, dimension, options.most_queries);
  }
  TuneSample stored = DrawStored(plan, dimension, options.most_queries);
  if (stored.count == 0) {
    return Status::InvalidArgument(
        fmt::format("collection '{}' has no vectors of field '{}' to tune with", state.name,
                    plan.field()->name));
  }
  return stored;
}

}  // namespace tracevec
