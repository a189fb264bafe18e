#include "bench/vector_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "core/content_hash.h"

namespace tracevec::bench {
namespace {

std::string HashOf(const VectorData& data) {
  const auto bytes = [](const FloatMatrix& matrix) {
    return std::string_view(reinterpret_cast<const char*>(matrix.values.data()),
                            matrix.values.size() * sizeof(float));
  };
  ContentHasher hasher;
  hasher.Add(bytes(data.base));
  hasher.Add(bytes(data.queries));
  return hasher.Finish().ToHex();
}

/// Draws rows around the centres, one after the other.
class ClusterSource {
 public:
  explicit ClusterSource(const ClusterOptions& options)
      : dimension_(options.dimension),
        clusters_(options.clusters > 0 ? options.clusters
                                       : std::max<std::size_t>(1, options.rows / 150)),
        random_(options.seed) {
    for (std::size_t i = 0; i < dimension_; ++i) {
      spread_.push_back(1 / std::sqrt(1 + static_cast<float>(i) / 8));
    }
    centres_.resize(clusters_ * dimension_);
    for (float& value : centres_) value = normal_(random_);
  }

  FloatMatrix Draw(std::size_t rows) {
    FloatMatrix matrix{rows, dimension_, {}};
    matrix.values.reserve(rows * dimension_);
    for (std::size_t row = 0; row < rows; ++row) {
      const float* centre = centres_.data() + random_() % clusters_ * dimension_;
      for (std::size_t i = 0; i < dimension_; ++i) {
        matrix.values.push_back((centre[i] + normal_(random_)) * spread_[i]);
      }
    }
    NormaliseRows(&matrix);
    return matrix;
  }

 private:
  std::size_t dimension_;
  std::size_t clusters_;
  std::mt19937_64 random_;
  std::normal_distribution<float> normal_;
  std::vector<float> spread_;
  std::vector<float> centres_;
};

}  // namespace

FloatMatrix ReadNpy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<unsigned char, 10> start{};  // Magic, two bytes of version, two of header length.
  file.read(reinterpret_cast<char*>(start.data()), start.size());
  std::string header(start[8] + 256u * start[9], ' ');
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  FloatMatrix matrix;
  const std::size_t shape = header.find("'shape': (");
  if (!file || shape == std::string::npos || header.find("'<f4'") == std::string::npos ||
      std::sscanf(header.c_str() + shape, "'shape': (%zu, %zu)", &matrix.rows, &matrix.dimension) !=
          2) {
    throw std::runtime_error(path + ": expected float32 rows, header is " + header);
  }
  matrix.values.resize(matrix.rows * matrix.dimension);
  file.read(reinterpret_cast<char*>(matrix.values.data()),
            static_cast<std::streamsize>(matrix.values.size() * sizeof(float)));
  if (!file) throw std::runtime_error(path + ": ends early");
  return matrix;
}

void NormaliseRows(FloatMatrix* matrix) {
  for (std::size_t row = 0; row < matrix->rows; ++row) {
    float* values = matrix->values.data() + row * matrix->dimension;
    double squared_norm = 0;
    for (std::size_t i = 0; i < matrix->dimension; ++i) {
      squared_norm += double{values[i]} * double{values[i]};
    }
    const double inverse = 1.0 / std::sqrt(squared_norm);
    for (std::size_t i = 0; i < matrix->dimension; ++i) {
      values[i] = static_cast<float>(values[i] * inverse);
    }
  }
}

VectorData ReadVectorData(const std::string& folder) {
  const std::filesystem::path path = std::filesystem::path(folder).lexically_normal();
  VectorData data;
  data.name = path.has_filename() ? path.filename() : path.parent_path().filename();
  data.base = ReadNpy(path / "base.npy");
  data.queries = ReadNpy(path / "queries.npy");
  data.hash = HashOf(data);
  return data;
}

VectorData GenerateClusters(const ClusterOptions& options) {
  ClusterSource source(options);
  VectorData data;
  data.name = fmt::format("clusters-{}x{}, seed {}", options.rows, options.dimension, options.seed);
  data.base = source.Draw(options.rows);
  data.queries = source.Draw(options.queries);
  data.hash = HashOf(data);
  return data;
}

}  // namespace tracevec::bench
