#include "bench/bench_report.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <thread>

namespace tracevec::bench {
namespace {

double SecondsOf(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

const cpu_set_t& ProcessorsAtStart() {
  static const cpu_set_t allowed = [] {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof(set), &set);
    return set;
  }();
  return allowed;
}

/// Processes that want a processor, over the last minute. More than processors: others disturb.
double LoadAverage() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : -1;
}

/// Four digits: repeats do not agree on more.
double Rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double unit = std::pow(10.0, std::floor(std::log10(std::fabs(value))) - 3);
  return unit >= 1 ? std::round(value / unit) * unit
                   : std::round(value / unit) / std::round(1 / unit);
}

nlohmann::ordered_json GoalText(const std::optional<Goal>& goal) {
  if (!goal) return nullptr;
  return fmt::format("{} {}", goal->at_least ? ">=" : "<=", goal->value);
}

}  // namespace

Timer::Timer()
    : wall_start_(SecondsOf(CLOCK_MONOTONIC)), cpu_start_(SecondsOf(CLOCK_PROCESS_CPUTIME_ID)) {}
double Timer::WallSeconds() const { return SecondsOf(CLOCK_MONOTONIC) - wall_start_; }
double Timer::CpuSeconds() const { return SecondsOf(CLOCK_PROCESS_CPUTIME_ID) - cpu_start_; }

double Median(std::vector<double> values) { return Percentile(std::move(values), 0.5); }

double Percentile(std::vector<double> values, double share) {
  if (values.empty()) throw std::invalid_argument("a percentile of no values");
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(place + 0.5)];
}

double IdleP99Micros() {
  constexpr int kRounds = 2000;
  constexpr double kRoundSeconds = 50e-6;
  std::vector<double> micros;
  for (int round = 0; round < kRounds; ++round) {
    const Timer timer;
    while (timer.WallSeconds() < kRoundSeconds) {}
    micros.push_back(timer.WallSeconds() * 1e6);
  }
  return Percentile(std::move(micros), 0.99);
}

void PinToFirstProcessor() {
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (!CPU_ISSET(processor, &ProcessorsAtStart())) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    if (sched_setaffinity(0, sizeof(one), &one) != 0)
      BenchReport::Note("this thread is not pinned");
    return;
  }
}

void UnpinProcessor() { sched_setaffinity(0, sizeof(cpu_set_t), &ProcessorsAtStart()); }

BenchReport::BenchReport(int argc, char** argv, const std::vector<std::string>& own_flags) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  for (std::size_t at = 0; at < arguments.size();) at = ReadFlag(arguments, at, own_flags);
  setup_["processor"] = ProcessorName();
  setup_["processors"] = std::thread::hardware_concurrency();
  setup_["threads"] = 1;
}

std::size_t BenchReport::ReadFlag(const std::vector<std::string>& arguments, std::size_t at,
                                  const std::vector<std::string>& own_flags) {
  const std::string& flag = arguments[at];
  // The programs of Google Benchmark are run with the same arguments.
  if (flag.rfind("--benchmark_", 0) == 0) return at + 1;
  if (flag == "--check") {
    check_ = true;
    return at + 1;
  }
  if (flag == "--quick") {
    quick_ = true;
    repeats_ = 1;
    return at + 1;
  }
  const bool own = std::find(own_flags.begin(), own_flags.end(), flag) != own_flags.end();
  if ((flag != "--repeats" && !own) || at + 1 == arguments.size()) {
    throw std::invalid_argument(
        fmt::format("argument '{}' is unknown or lacks its value; known: --quick, --check, "
                    "--repeats N {}",
                    flag, fmt::join(own_flags, " ")));
  }
  flags_[flag] = arguments[at + 1];
  if (flag == "--repeats") repeats_ = std::max(1UL, std::stoul(arguments[at + 1]));
  return at + 2;
}

std::optional<std::string> BenchReport::Flag(const std::string& name) const {
  const auto found = flags_.find(name);
  if (found == flags_.end()) return std::nullopt;
  return found->second;
}

void BenchReport::SetUp(std::string_view name, nlohmann::ordered_json value) {
  setup_[std::string(name)] = std::move(value);
}

void BenchReport::Figure(std::string_view name, double value, std::string_view unit,
                         std::optional<Goal> goal, const nlohmann::ordered_json& setup) {
  nlohmann::ordered_json line;
  line["name"] = name;
  line["value"] = Rounded(value);
  line["unit"] = unit;
  line["goal"] = GoalText(goal);
  line["pass"] = nullptr;
  if (goal && !quick_) {  // A goal is for the whole data.
    const bool pass = goal->at_least ? value >= goal->value : value <= goal->value;
    line["pass"] = pass;
    missed_ = missed_ || !pass;
  }
  line["setup"] = setup_;
  line["setup"]["load_average"] = Rounded(LoadAverage());
  for (const auto& [key, detail] : setup.items()) {
    line["setup"][key] = detail;
    if (detail.is_number_float()) line["setup"][key] = Rounded(detail.get<double>());
  }
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

void BenchReport::TakeExitCode(int code) {
  if (code > 1)
    throw std::runtime_error(fmt::format("a run of its own failed: exit code {}", code));
  missed_ = missed_ || code == 1;
}

void BenchReport::Note(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

int RunBench(int argc, char** argv, void (*body)(BenchReport*),
             const std::vector<std::string>& own_flags) {
  try {
    BenchReport report(argc, argv, own_flags);
    PinToFirstProcessor();
    body(&report);
    return report.ExitCode();
  } catch (const std::exception& error) {
    BenchReport::Note(std::string("failed: ") + error.what());
    return 2;
  }
}

}  // namespace tracevec::bench
