// The process that opens a database and answers, and how it is started.

#include <malloc.h>

#include <fstream>
#include <stdexcept>
#include <utility>

#include "bench/index_life.h"
#include "bench/own_process.h"

namespace tracevec::bench {
namespace {

std::vector<float> ReadFloats(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<float> values(static_cast<std::size_t>(file.tellg()) / sizeof(float));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
  if (!file) throw std::runtime_error(path + ": cannot be read");
  return values;
}

void WriteFloats(const std::vector<float>& values, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(float)));
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

double Growth(std::size_t after, std::size_t before) {
  return static_cast<double>(after) - static_cast<double>(before);
}

void SearchOne(const Collection& collection, std::span<const float> query) {
  SearchRequest request;
  request.vector = query;
  if (Must(collection.Search(request)).hits.empty()) throw std::runtime_error("no hits");
}

/// Brings the library's code into memory, so that it is not counted as the index's.
void WarmUp(std::span<const float> vector) {
  LifeDatabase small(vector.size());
  UpsertOne(0, vector, &small.collection());
  SearchOne(small.collection(), vector);
}

}  // namespace

void RunProbe(BenchReport* report) {
  UnpinProcessor();
  const std::string folder = report->Flag("--probe-folder").value();
  const std::vector<float> queries = ReadFloats(folder + "/queries");
  const auto dimension = static_cast<std::size_t>(NumberFlag(*report, "--dimension", 0));
  OpenOptions options;
  options.store_memory_bytes =
      static_cast<std::uint64_t>(NumberFlag(*report, "--store-memory", 256 << 20));
  const bool measures_memory = queries.size() > dimension;
  if (measures_memory) WarmUp(std::span(queries).first(dimension));
  malloc_trim(0);
  const ResidentMemory before = MeasureResidentMemory();

  const Timer timer;
  const auto database = Must(Database::Open(folder + "/db", options));
  const Collection collection = Must(database->GetCollection(kCollectionName));
  const double open_ms = timer.WallSeconds() * 1e3;
  SearchOne(collection, std::span(queries).first(dimension));
  const double first_answer_ms = timer.WallSeconds() * 1e3;

  const CollectionStats at_first = Must(collection.Stats());
  if (measures_memory) WaitUntilQuiet(collection);
  for (std::size_t at = dimension; at < queries.size(); at += dimension) {
    SearchOne(collection, std::span(queries).subspan(at, dimension));
  }
  malloc_trim(0);  // What was freed is not of the index.
  const ResidentMemory after = MeasureResidentMemory();
  const nlohmann::ordered_json found = {
      {"open_ms", open_ms},
      {"first_answer_ms", first_answer_ms},
      {"segments", at_first.segments},
      {"unbuilt_chunks", at_first.unbuilt_chunks},
      {"index_bytes", Must(collection.Stats()).index_bytes},
      {"resident_bytes", Growth(after.total, before.total)},
      {"anonymous_bytes", Growth(after.anonymous, before.anonymous)},
      {"mapped_bytes", MappedBytesBelow(folder + "/db")}};
  std::ofstream(folder + "/found") << found.dump();
  Must(database->Close());
}

ProbeResult Probe(const LifeDatabase& database, const FloatMatrix& queries,
                  std::size_t store_memory_bytes) {
  WriteFloats(queries.values, database.folder() + "/queries");
  const int code = RunAgain({"probe", "--probe-folder", database.folder(), "--dimension",
                             std::to_string(queries.dimension), "--store-memory",
                             std::to_string(store_memory_bytes)});
  if (code != 0) throw std::runtime_error("the process that opens the database failed");
  std::ifstream file(database.folder() + "/found");
  const nlohmann::json found = nlohmann::json::parse(file);
  ProbeResult result;
  result.open_ms = found.at("open_ms");
  result.first_answer_ms = found.at("first_answer_ms");
  result.segments = found.at("segments");
  result.unbuilt_chunks = found.at("unbuilt_chunks");
  result.index_bytes = found.at("index_bytes");
  result.resident_bytes = found.at("resident_bytes");
  result.anonymous_bytes = found.at("anonymous_bytes");
  result.mapped_bytes = found.at("mapped_bytes");
  return result;
}

}  // namespace tracevec::bench
