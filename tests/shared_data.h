#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tracevec {

// Real texts and vectors for tests and benchmarks. They are not part of the repository: who has
// them says where by TRACEVEC_SHARED, or puts them beside the repository as ../shared. Damaged
// files throw std::runtime_error.

/// Path of a file or folder below data/ ("cppdocs/documents.jsonl.gz"), or nothing when absent.
std::optional<std::string> SharedDataPath(std::string_view relative);

/// What to say when SharedDataPath found nothing: GTEST_SKIP() << MissingSharedData("...").
std::string MissingSharedData(std::string_view relative);

/// Reads a gzip file with one JSON value a line, without holding more than a line.
class JsonlGzReader {
 public:
  explicit JsonlGzReader(const std::string& path);
  ~JsonlGzReader();
  JsonlGzReader(const JsonlGzReader&) = delete;
  JsonlGzReader& operator=(const JsonlGzReader&) = delete;
  /// The next row, or nothing at the end of the file.
  std::optional<nlohmann::json> Next();

 private:
  bool ReadLine();

  struct File;
  std::unique_ptr<File> file_;
  std::string path_;
  std::string line_;
  std::size_t line_number_ = 0;
};

/// A matrix of floats, row after row.
struct FloatMatrix {
  std::size_t rows = 0;
  std::size_t dimension = 0;
  std::vector<float> values;

  std::span<const float> Row(std::size_t row) const {
    return std::span(values).subspan(row * dimension, dimension);
  }
};

/// Reads the first rows of a two-dimensional .npy file of half-precision numbers, widened.
FloatMatrix ReadHalfNpy(const std::string& path,
                        std::size_t max_rows = std::numeric_limits<std::size_t>::max());

}  // namespace tracevec
