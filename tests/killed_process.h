#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tracevec {

/// What a child process does until it is killed. Registered by name, so that a test program started
/// again with that name as its first argument does it instead of its tests.
class ChildRole {
 public:
  using Main = int (*)(const std::vector<std::string>& arguments);
  ChildRole(const std::string& name, Main main);

  /// Tells the parent a number: how far the child has come.
  static void Report(std::uint64_t progress);
};

/// Runs the child's part when the arguments ask for one; else nothing.
std::optional<int> RunChildRole(int argc, char** argv);

/// This program again, in a role, as a process that is killed at the end of its life.
class KilledProcess {
 public:
  KilledProcess(const std::string& role, std::vector<std::string> arguments);
  ~KilledProcess();
  KilledProcess(const KilledProcess&) = delete;
  KilledProcess& operator=(const KilledProcess&) = delete;

  /// Waits until it reports something, or has ended by itself: nothing then.
  std::optional<std::uint64_t> NextReport();
  /// With SIGKILL; waits for its end.
  void Kill();
  /// What it reported last, if anything. REQUIRES: Kill() was called.
  std::optional<std::uint64_t> LastReport();

 private:
  pid_t process_ = 0;
  int report_ = -1;
};

}  // namespace tracevec
