#pragma once

#include <hnswlib/hnswlib.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/kernels.h"
#include "index/code_rows.h"

// What hnswlib is told of rows. A part of graph_builder.cc, which alone may include hnswlib.

namespace tracevec {

using Hnsw = hnswlib::HierarchicalNSW<float>;

/// What hnswlib keeps of a row, beside its links, where its prefetching finds it.
struct StoredRow {
  float scale;
  float squared_norm;
  std::int32_t offset;  // See RowScorer::offset.
  // The codes follow.

  const std::uint8_t* codes() const { return reinterpret_cast<const std::uint8_t*>(this + 1); }
};

/// What a distance is told besides the two rows.
struct Distance {
  std::int32_t (*dot)(const std::uint8_t*, const std::uint8_t*, std::size_t);
  std::size_t dimension;
};

inline float ProductOf(const StoredRow& a, const StoredRow& b, const Distance& distance) {
  const std::int32_t dot = distance.dot(a.codes(), b.codes(), distance.dimension) - b.offset;
  return a.scale * b.scale * static_cast<float>(dot);
}

inline float NegatedProduct(const void* a, const void* b, const void* distance) {
  return -ProductOf(*static_cast<const StoredRow*>(a), *static_cast<const StoredRow*>(b),
                    *static_cast<const Distance*>(distance));
}

inline float SquaredL2(const void* a, const void* b, const void* distance) {
  const auto& row_a = *static_cast<const StoredRow*>(a);
  const auto& row_b = *static_cast<const StoredRow*>(b);
  return row_a.squared_norm + row_b.squared_norm -
         2 * ProductOf(row_a, row_b, *static_cast<const Distance*>(distance));
}

class RowSpace : public hnswlib::SpaceInterface<float> {
 public:
  RowSpace(const CodeRows& rows, const KernelTable& kernels)
      : rows_(rows), distance_{kernels.dot_u8u8, rows.dimension} {}
  // hnswlib puts rows side by side: whole words keep the next row's numbers aligned.
  std::size_t get_data_size() override { return (sizeof(StoredRow) + rows_.dimension + 3) / 4 * 4; }
  hnswlib::DISTFUNC<float> get_dist_func() override {
    return rows_.metric == Metric::kL2 ? SquaredL2 : NegatedProduct;
  }
  void* get_dist_func_param() override { return &distance_; }

  void Store(const RowScorer& scorer, std::uint32_t row, std::uint8_t* to) const {
    const StoredRow stored = {rows_.scale(row), rows_.squared_norm(row), scorer.offset(row)};
    std::memcpy(to, &stored, sizeof stored);
    std::memcpy(to + sizeof stored, rows_.row(row), rows_.dimension);
  }

 private:
  CodeRows rows_;
  Distance distance_;
};

}  // namespace tracevec
