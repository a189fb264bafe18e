#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "tests/shared_data.h"

namespace tracevec::bench {

/// Answers asked of each query.
constexpr std::uint32_t kSearchK = 10;

/// What is measured. Vectors have unit length and are compared by cosine.
class SearchSystem {
 public:
  virtual ~SearchSystem() = default;

  /// Indexes the rows, whose ids are their numbers. `folder` is empty and may be written to.
  virtual void Build(const FloatMatrix& base, const std::string& folder) = 0;
  /// Writes the index to a file, and takes it from there in place of Build. For the system that
  /// others are compared with, so that it need not be built for every run.
  virtual void Save(const std::string& path) const;
  virtual void Load(const FloatMatrix& base, const std::string& path);
  /// Version, kernels, settings; called when it is built.
  virtual nlohmann::ordered_json Describe() const = 0;
  /// Answers all queries, given row after row, in one call. `width` is the system's ef,
  /// 0 what it chooses itself.
  virtual void SearchBatch(std::span<const float> queries, std::uint32_t width) = 0;
  virtual void SearchOne(std::span<const float> query, std::uint32_t width) = 0;
  /// Of the last SearchBatch, kSearchK a query, -1 where one is missing. Not timed.
  virtual std::vector<std::int32_t> FoundIds() const = 0;
};

/// The main of a program that is one system: builds (or loads), says so in a line of JSON on
/// standard output, and then answers each line of standard input with one, as worker.py does (see
/// processes.py).
int RunSearchWorker(int argc, char** argv, SearchSystem* system);

}  // namespace tracevec::bench
