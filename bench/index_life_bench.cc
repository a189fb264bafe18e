// The life of an index: written row by row, changed, opened again, and what it takes: see
// README.md.
//
//     index_life_bench [stream|churn|reopen|size] [flags]
//
// Without the name of a part all of them run, each in a process of its own.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "bench/index_life.h"
#include "bench/own_process.h"

namespace tracevec::bench {
namespace {

using Part = void (*)(BenchReport*);

const std::map<std::string, Part>& Parts() {
  static const std::map<std::string, Part> parts = {{"stream", RunStream},
                                                    {"churn", RunChurn},
                                                    {"reopen", RunReopen},
                                                    {"size", RunSize},
                                                    {"probe", RunProbe}};
  return parts;
}

int RunAll(const std::vector<std::string>& flags) {
  int code = 0;
  for (const char* part : {"stream", "churn", "reopen", "size"}) {
    std::vector<std::string> arguments = {part};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    code = std::max(code, RunAgain(std::move(arguments)));
  }
  return code;
}

int Main(int argc, char** argv) {
  const std::vector<std::string> flags = {
      "--data",        "--rows",   "--dimension", "--clusters",     "--seed",
      "--queries",     "--rate",   "--seconds",   "--preload",      "--pin",
      "--search-rate", "--rounds", "--batch",     "--probe-folder", "--store-memory"};
  const auto part = argc > 1 ? Parts().find(argv[1]) : Parts().end();
  if (part == Parts().end()) return RunAll({argv + 1, argv + argc});
  return RunBench(argc - 1, argv + 1, part->second, flags);
}

}  // namespace
}  // namespace tracevec::bench

int main(int argc, char** argv) { return tracevec::bench::Main(argc, argv); }
