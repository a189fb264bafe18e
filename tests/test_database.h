#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/content_hash.h"
#include "tests/temporary_directory.h"
#include "tracevec/tracevec.h"

// What the tests of databases and collections share.

namespace tracevec {

/// The value of a result. A failure ends the test with its message.
template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().ToString());
  return *std::move(result);
}
inline void Must(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

/// Whether a status has this code, and its message each of these parts.
inline ::testing::AssertionResult Fails(const Status& status, StatusCode code,
                                        const std::vector<std::string>& parts = {}) {
  if (status.code() != code) {
    return ::testing::AssertionFailure()
           << "expected " << StatusCodeName(code) << ", got " << status.ToString();
  }
  for (const std::string& part : parts) {
    if (status.message().find(part) != std::string::npos) continue;
    return ::testing::AssertionFailure() << "no \"" << part << "\" in: " << status.ToString();
  }
  return ::testing::AssertionSuccess();
}
template <typename T>
::testing::AssertionResult Fails(const Result<T>& result, StatusCode code,
                                 const std::vector<std::string>& parts = {}) {
  return Fails(result.status(), code, parts);
}

/// Every file under a directory with its content.
inline std::map<std::string, std::string> ReadFiles(const std::string& directory) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    std::ostringstream bytes;
    if (entry.is_regular_file()) bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    contents[entry.path().string()] = bytes.str();
  }
  return contents;
}

/// Rows of normally distributed components: the same for the same seed.
inline std::vector<float> RandomVectors(std::size_t rows, std::size_t dimension,
                                        std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> vectors(rows * dimension);
  for (float& component : vectors) component = normal(random);
  return vectors;
}

/// A vector that depends on the text alone and is never zero.
inline std::vector<float> HashVector(std::string_view text, std::size_t dimension) {
  std::mt19937_64 random(HashBytes(text));
  std::vector<float> vector(dimension);
  for (float& component : vector) component = static_cast<float>(random() % 100 + 1);
  return vector;
}

/// An embedder that gives HashVector, and notes the texts it was asked for.
inline Embedder HashEmbedder(std::size_t dimension, std::vector<std::string>* seen = nullptr) {
  return [dimension, seen](std::span<const std::string> texts) -> Result<std::vector<float>> {
    std::vector<float> rows;
    for (const std::string& text : texts) {
      const std::vector<float> row = HashVector(text, dimension);
      rows.insert(rows.end(), row.begin(), row.end());
      if (seen != nullptr) seen->push_back(text);
    }
    return rows;
  };
}

/// Loose vectors of a collection with one vector field.
struct Rows {
  std::vector<std::string> ids;
  std::vector<float> vectors;
  std::vector<std::string> texts;
  std::vector<Metadata> metadata;

  UpsertRequest Request() const {
    UpsertRequest request;
    request.ids = ids;
    request.vectors[""] = vectors;
    request.texts = texts;
    request.metadata = metadata;
    return request;
  }
};

/// Rows "id<first>", "id<first + 1>", ... with random vectors and nothing else.
inline Rows MakeRows(std::size_t first, std::size_t count, std::size_t dimension,
                     std::uint64_t seed = 1) {
  Rows rows;
  for (std::size_t i = 0; i < count; ++i) rows.ids.push_back("id" + std::to_string(first + i));
  rows.vectors = RandomVectors(count, dimension, seed + first);
  return rows;
}

inline WriteResult Upsert(Collection& collection, const Rows& rows) {
  return Must(collection.Upsert(rows.Request()));
}

inline std::vector<std::string> IdsOf(const std::vector<Hit>& hits) {
  std::vector<std::string> ids;
  for (const Hit& hit : hits) ids.push_back(hit.id);
  return ids;
}
inline std::vector<std::string> IdsOf(const std::vector<Chunk>& chunks) {
  std::vector<std::string> ids;
  for (const Chunk& chunk : chunks) ids.push_back(chunk.id);
  return ids;
}

/// The chunk of this id. The test ends when there is none.
inline Chunk GetOne(const Collection& collection, const std::string& id,
                    const GetOptions& options = {}) {
  std::vector<Chunk> chunks = Must(collection.Get({&id, 1}, options));
  if (chunks.size() != 1) throw std::runtime_error("no chunk '" + id + "'");
  return std::move(chunks.front());
}

/// What a scan gives until its end.
inline std::vector<Chunk> ReadAll(Scanner scanner) {
  std::vector<Chunk> chunks;
  while (std::optional<Chunk> chunk = Must(scanner.Next())) chunks.push_back(*std::move(chunk));
  return chunks;
}

/// A schema with one vector field, "body".
inline CollectionSchema BodySchema(std::uint32_t dimension, Metric metric = Metric::kCosine) {
  CollectionSchema schema;
  schema.vectors["body"].dimension = dimension;
  schema.vectors["body"].metric = metric;
  return schema;
}

/// A database of its own for each test, in a directory that goes with it.
class DatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }

  static OpenOptions SmallStore(OpenOptions options = {}) {
    options.store_memory_bytes = 8 << 20;
    return options;
  }
  void Open() { db_ = Must(Database::Open(path_, SmallStore())); }
  void Reopen() {
    Must(db_->Close());
    Open();
  }
  std::uint64_t commit() const { return Must(db_->Stats()).commit; }

  TemporaryDirectory temporary_;
  const std::string path_ = temporary_ / "db";
  std::unique_ptr<Database> db_;
};

}  // namespace tracevec
