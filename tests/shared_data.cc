#include "tests/shared_data.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace tracevec {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> SharedFolders() {
  if (const char* folder = std::getenv("TRACEVEC_SHARED")) return {fs::path(folder)};
#ifdef TRACEVEC_SOURCE_DIR
  return {fs::path(TRACEVEC_SOURCE_DIR).parent_path() / "shared"};
#else
  return {};
#endif
}

float HalfToFloat(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1Fu;
  const std::uint32_t fraction = half & 0x3FFu;
  if (exponent == 0) {  // Zero, or a subnormal: a multiple of 2^-24.
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide_exponent = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | (wide_exponent << 23) | (fraction << 13));
}

struct NpyShape {
  std::size_t rows = 0;
  std::size_t dimension = 0;
};

/// Reads the header up to the first number.
NpyShape ReadNpyHeader(std::ifstream& file, const std::string& path) {
  std::array<char, 10> start{};  // Magic, two bytes of version, two of header length.
  file.read(start.data(), start.size());
  if (!file || std::string_view(start.data(), 6) != "\x93NUMPY" || start[6] != 1) {
    throw std::runtime_error(path + ": not a .npy file of version 1");
  }
  const auto low = static_cast<unsigned char>(start[8]);
  const auto high = static_cast<unsigned char>(start[9]);
  std::string header(low + 256u * high, ' ');
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  const std::size_t shape = header.find("'shape': (");
  if (!file || shape == std::string::npos || header.find("'<f2'") == std::string::npos ||
      header.find("'fortran_order': False") == std::string::npos) {
    throw std::runtime_error(path + ": expected half-precision rows, header is " + header);
  }
  char* rest = nullptr;
  NpyShape result;
  result.rows = std::strtoull(header.c_str() + shape + 10, &rest, 10);
  if (*rest != ',')
    throw std::runtime_error(path + ": expected two dimensions, header is " + header);
  result.dimension = std::strtoull(rest + 1, &rest, 10);
  if (result.dimension == 0 || *rest != ')') {
    throw std::runtime_error(path + ": expected two dimensions, header is " + header);
  }
  return result;
}

}  // namespace

std::optional<std::string> SharedDataPath(std::string_view relative) {
  for (const fs::path& folder : SharedFolders()) {
    const fs::path path = folder / "data" / relative;
    std::error_code error;
    if (fs::exists(path, error)) return path.string();
  }
  return std::nullopt;
}

std::string MissingSharedData(std::string_view relative) {
  return "skipped: no shared data/" + std::string(relative) +
         "; set TRACEVEC_SHARED to the folder that holds data/";
}

struct JsonlGzReader::File {
  gzFile handle = nullptr;
};

JsonlGzReader::JsonlGzReader(const std::string& path)
    : file_(std::make_unique<File>(File{gzopen(path.c_str(), "rb")})), path_(path) {
  if (file_->handle == nullptr) throw std::runtime_error(path + ": cannot be opened");
  gzbuffer(file_->handle, 1u << 17);
}

JsonlGzReader::~JsonlGzReader() { gzclose(file_->handle); }

std::optional<nlohmann::json> JsonlGzReader::Next() {
  if (!ReadLine()) return std::nullopt;
  nlohmann::json row = nlohmann::json::parse(line_, nullptr, false);
  if (row.is_discarded()) {
    throw std::runtime_error(path_ + ":" + std::to_string(line_number_) + ": not JSON");
  }
  return row;
}

/// False at the end of the file.
bool JsonlGzReader::ReadLine() {
  std::array<char, 1u << 14> buffer;
  line_.clear();
  while (gzgets(file_->handle, buffer.data(), static_cast<int>(buffer.size())) != nullptr) {
    line_ += buffer.data();
    if (line_.back() == '\n') break;
  }
  int error = Z_OK;
  const char* message = gzerror(file_->handle, &error);
  if (error != Z_OK && error != Z_STREAM_END) throw std::runtime_error(path_ + ": " + message);
  ++line_number_;
  return !line_.empty();
}

FloatMatrix ReadHalfNpy(const std::string& path, std::size_t max_rows) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  const NpyShape shape = ReadNpyHeader(file, path);
  FloatMatrix matrix{std::min(shape.rows, max_rows), shape.dimension, {}};
  matrix.values.reserve(matrix.rows * matrix.dimension);
  std::vector<unsigned char> row(matrix.dimension * 2);
  for (std::size_t i = 0; i < matrix.rows; ++i) {
    file.read(reinterpret_cast<char*>(row.data()), static_cast<std::streamsize>(row.size()));
    if (!file) {
      throw std::runtime_error(path + ": ends in row " + std::to_string(i) + " of " +
                               std::to_string(shape.rows));
    }
    for (std::size_t j = 0; j < row.size(); j += 2) {
      matrix.values.push_back(HalfToFloat(static_cast<std::uint16_t>(row[j] | (row[j + 1] << 8))));
    }
  }
  return matrix;
}

}  // namespace tracevec
