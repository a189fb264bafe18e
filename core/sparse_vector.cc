#include "core/sparse_vector.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <fmt/format.h>

namespace tracevec {

Result<SparseVector> SortSparse(const SparseVector& given, std::string_view what) {
  const std::size_t count = given.indices.size();
  if (given.values.size() != count) {
    return Status::InvalidArgument(
        fmt::format("{}: {} indices and {} values", what, count, given.values.size()));
  }
  if (count > kMostSparseEntries) {
    return Status::InvalidArgument(
        fmt::format("{}: {} entries, at most {}", what, count, kMostSparseEntries));
  }
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return given.indices[a] < given.indices[b]; });
  SparseVector sorted;
  sorted.indices.reserve(count);
  sorted.values.reserve(count);
  for (const std::size_t place : order) {
    const std::uint32_t index = given.indices[place];
    const float value = given.values[place];
    if (!std::isfinite(value)) {
      return Status::InvalidArgument(fmt::format(
          "{}: the value of index {} is {}, expected a finite one", what, index, value));
    }
    if (!sorted.indices.empty() && sorted.indices.back() == index) {
      return Status::InvalidArgument(fmt::format("{}: index {} is given twice", what, index));
    }
    sorted.indices.push_back(index);
    sorted.values.push_back(value);
  }
  double squares = 0;
  for (const float value : sorted.values) squares += static_cast<double>(value) * value;
  // Then no product of two such vectors overflows float32, by Cauchy-Schwarz.
  if (squares > static_cast<double>(std::numeric_limits<float>::max()) / 4) {
    return Status::InvalidArgument(fmt::format(
        "{}: the sum of its squares is {}, too large for products in float32", what, squares));
  }
  return sorted;
}

std::optional<float> SparseDot(const SparseVector& a, const SparseVector& b) {
  double sum = 0;
  bool in_common = false;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.indices.size() && j < b.indices.size()) {
    if (a.indices[i] == b.indices[j]) {
      sum += static_cast<double>(a.values[i++]) * b.values[j++];
      in_common = true;
    } else if (a.indices[i] < b.indices[j]) {
      ++i;
    } else {
      ++j;
    }
  }
  if (!in_common) return std::nullopt;
  return static_cast<float>(sum);
}

}  // namespace tracevec
