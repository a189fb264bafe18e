#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tracevec/status.h"

namespace tracevec::bench {

/// What a figure is to reach.
struct Goal {
  double value = 0;
  bool at_least = true;  ///< Else at most.
};
inline Goal AtLeast(double value) { return {value, true}; }
inline Goal AtMost(double value) { return {value, false}; }

/// The value, or an exception with the Status: a benchmark has no other answer to a failure.
inline void Must(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}
template <typename T>
T Must(Result<T> result) {
  Must(result.status());
  return *std::move(result);
}

/// Time since it was made: by the clock, and as spent on a processor. On a machine that others use
/// too, the second says what the first would be without them.
class Timer {
 public:
  Timer();
  double WallSeconds() const;
  /// Of this process, its background threads included.
  double CpuSeconds() const;

 private:
  double wall_start_;
  double cpu_start_;
};

double Median(std::vector<double> values);
/// The smallest value that a share of the values does not exceed.
double Percentile(std::vector<double> values, double share);

/// The 99th percentile of a loop that does nothing for some 50 us, over 2,000 rounds. Where it is
/// 100 us and more, other work shares the processor and percentiles say little.
double IdleP99Micros();

/// Moves this thread, and threads it starts later, to the first processor the process may use.
void PinToFirstProcessor();
/// Undoes it, for figures of several threads.
void UnpinProcessor();

/// One run of a benchmark program: its flags, and its figures as JSON, one line each.
class BenchReport {
 public:
  /// `own_flags` are those of this program alone; each takes a value. Throws std::invalid_argument
  /// for an unknown flag.
  BenchReport(int argc, char** argv, const std::vector<std::string>& own_flags);

  bool quick() const { return quick_; }
  bool check() const { return check_; }
  std::size_t repeats() const { return repeats_; }
  /// The value of one of the program's own flags ("--collections"), if it was given.
  std::optional<std::string> Flag(const std::string& name) const;

  /// Adds to the setup of every figure from here on.
  void SetUp(std::string_view name, nlohmann::ordered_json value);
  /// Prints a figure. Its goal is judged unless the run is a quick one.
  void Figure(std::string_view name, double value, std::string_view unit,
              std::optional<Goal> goal = std::nullopt,
              const nlohmann::ordered_json& setup = nlohmann::ordered_json::object());
  /// To standard error, so that standard output holds figures alone.
  static void Note(const std::string& text);

  /// 1 with --check when a goal was missed, else 0.
  int ExitCode() const { return check_ && missed_ ? 1 : 0; }
  /// Of a program that ran for this one: 1 counts as a goal missed, more throws.
  void TakeExitCode(int code);

 private:
  /// Reads the flag at arguments[at] and says where the next one stands.
  std::size_t ReadFlag(const std::vector<std::string>& arguments, std::size_t at,
                       const std::vector<std::string>& own_flags);

  bool quick_ = false;
  bool check_ = false;
  std::size_t repeats_ = 3;
  bool missed_ = false;
  std::map<std::string, std::string> flags_;
  nlohmann::ordered_json setup_;
};

/// A program's main: pins the thread, runs `body`, and turns what it throws into exit code 2.
int RunBench(int argc, char** argv, void (*body)(BenchReport*),
             const std::vector<std::string>& own_flags = {});

}  // namespace tracevec::bench
