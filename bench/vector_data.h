#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/shared_data.h"

namespace tracevec::bench {

/// Rows to index, and queries, all of unit length.
struct VectorData {
  std::string name;
  std::string hash;  ///< Equal in two runs means equal vectors.
  FloatMatrix base;
  FloatMatrix queries;
};

/// Reads a two-dimensional .npy file of float32 rows, as np.save writes them.
FloatMatrix ReadNpy(const std::string& path);

/// Brings every row to unit length.
void NormaliseRows(FloatMatrix* matrix);

/// What `python -m bench.search prepare` left in a folder.
VectorData ReadVectorData(const std::string& folder);

struct ClusterOptions {
  std::size_t rows = 0;
  std::size_t dimension = 0;
  std::size_t queries = 0;
  std::size_t clusters = 0;  ///< 0: one for 150 rows.
  std::uint64_t seed = 0;
};

/// Gaussian clusters with the spread of those of bench/search/sources.py: few directions carry most
/// of it, so that the nearest rows of a query are of several clusters.
VectorData GenerateClusters(const ClusterOptions& options);

}  // namespace tracevec::bench
