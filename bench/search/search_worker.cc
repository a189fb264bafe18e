#include "bench/search/search_worker.h"

#include <malloc.h>
#include <unistd.h>

#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "bench/bench_report.h"
#include "bench/vector_data.h"

namespace tracevec::bench {
namespace {

/// A batch of a thousand fast queries lasts some 30 ms, in which one interruption shows: it is
/// repeated until this much time has passed.
constexpr double kLeastSeconds = 0.25;

template <typename T>
void WriteNumbers(const std::string& path, const std::vector<T>& numbers) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(numbers.data()),
             static_cast<std::streamsize>(numbers.size() * sizeof(T)));
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

std::size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void Say(const nlohmann::ordered_json& answer) { std::cout << answer.dump() << std::endl; }

class Worker {
 public:
  Worker(SearchSystem* system, const std::string& data) : system_(system), data_(data) {}

  /// With a saved index the seconds are those of loading it.
  nlohmann::ordered_json Build(const std::string& folder, const std::string& saved) {
    resident_before_ = ResidentBytes();
    FloatMatrix base = ReadNpy(data_ + "/base.npy");
    const Timer timer;
    if (saved.empty()) {
      system_->Build(base, folder);
    } else {
      system_->Load(base, saved);
    }
    const double wall = timer.WallSeconds();
    const double cpu = timer.CpuSeconds();
    nlohmann::ordered_json description = system_->Describe();
    description["build_seconds"] = wall;
    description["build_cpu_seconds"] = cpu;
    base = {};
    queries_ = ReadNpy(data_ + "/queries.npy");
    description["resident_bytes"] = Memory();
    return description;
  }

  nlohmann::ordered_json Answer(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    std::uint32_t width = 0;
    std::size_t queries = 0;
    std::string path;
    words >> command;
    if (command == "memory") return {{"resident_bytes", Memory()}};
    if (command == "save") {
      words >> std::ws;
      std::getline(words, path);
      system_->Save(path);
      return {{"saved", path}};
    }
    words >> width >> queries >> std::ws;
    std::getline(words, path);
    if (path.empty() || queries > queries_.rows) {
      throw std::invalid_argument("not understood: " + line);
    }
    if (command == "batch") return Batch(width, queries, path);
    if (command == "singles") return Singles(width, queries, path);
    throw std::invalid_argument("not understood: " + line);
  }

 private:
  /// Of the index: without the vectors it was built from.
  std::int64_t Memory() const {
    malloc_trim(0);
    const std::size_t queries = queries_.values.size() * sizeof(float);
    return static_cast<std::int64_t>(ResidentBytes()) -
           static_cast<std::int64_t>(resident_before_ + queries);
  }

  nlohmann::ordered_json Batch(std::uint32_t width, std::size_t queries, const std::string& path) {
    const auto batch = std::span(queries_.values).first(queries * queries_.dimension);
    std::size_t answered = 0;
    const Timer timer;
    do {
      system_->SearchBatch(batch, width);
      answered += queries;
    } while (timer.WallSeconds() < kLeastSeconds);
    const double wall = timer.WallSeconds();
    const double cpu = timer.CpuSeconds();
    WriteNumbers(path, system_->FoundIds());
    return {{"queries", answered}, {"wall_seconds", wall}, {"cpu_seconds", cpu}};
  }

  nlohmann::ordered_json Singles(std::uint32_t width, std::size_t queries,
                                 const std::string& path) {
    std::vector<double> micros(queries);
    const double idle = IdleP99Micros();
    const Timer timer;
    for (std::size_t i = 0; i < queries; ++i) {
      const Timer one;
      system_->SearchOne(queries_.Row(i), width);
      micros[i] = one.WallSeconds() * 1e6;
    }
    const double wall = timer.WallSeconds();
    const double cpu = timer.CpuSeconds();
    WriteNumbers(path, micros);
    return {{"queries", queries},
            {"wall_seconds", wall},
            {"cpu_seconds", cpu},
            {"idle_p99_micros", idle}};
  }

  SearchSystem* system_;
  std::string data_;
  std::size_t resident_before_ = 0;
  FloatMatrix queries_;
};

}  // namespace

void SearchSystem::Save(const std::string&) const {
  throw std::logic_error("the index of this system is not saved");
}

void SearchSystem::Load(const FloatMatrix&, const std::string&) {
  throw std::logic_error("the index of this system is not saved");
}

int RunSearchWorker(int argc, char** argv, SearchSystem* system) {
  if (argc != 3 && argc != 4) {
    std::cerr << "usage: " << argv[0] << " DATA_FOLDER WORK_FOLDER [SAVED_INDEX]\n";
    return 2;
  }
  try {
    Worker worker(system, argv[1]);
    Say(worker.Build(argv[2], argc == 4 ? argv[3] : ""));
    for (std::string line; std::getline(std::cin, line);) Say(worker.Answer(line));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << argv[0] << ": " << error.what() << "\n";
    return 1;
  }
}

}  // namespace tracevec::bench
