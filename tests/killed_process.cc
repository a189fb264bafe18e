#include "tests/killed_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <utility>

namespace tracevec {
namespace {

constexpr int kReportDescriptor = 3;

std::map<std::string, ChildRole::Main>& Roles() {
  static std::map<std::string, ChildRole::Main> roles;
  return roles;
}

}  // namespace

ChildRole::ChildRole(const std::string& name, Main main) { Roles()[name] = main; }

void ChildRole::Report(std::uint64_t progress) {
  const auto* bytes = reinterpret_cast<const char*>(&progress);
  if (write(kReportDescriptor, bytes, sizeof progress) != sizeof progress) std::_Exit(3);
}

std::optional<int> RunChildRole(int argc, char** argv) {
  const auto role = argc < 2 ? Roles().end() : Roles().find(argv[1]);
  if (role == Roles().end()) return std::nullopt;
  return role->second({argv + 2, argv + argc});
}

KilledProcess::KilledProcess(const std::string& role, std::vector<std::string> arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  report_ = ends[0];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], kReportDescriptor);
  arguments.insert(arguments.begin(), {"child", role});
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  if (posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, pointers.data(), environ) != 0) {
    std::abort();
  }
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
}

KilledProcess::~KilledProcess() { close(report_); }

void KilledProcess::Kill() {
  kill(process_, SIGKILL);
  int status = 0;
  waitpid(process_, &status, 0);
}

std::optional<std::uint64_t> KilledProcess::NextReport() {
  std::uint64_t report = 0;
  if (read(report_, &report, sizeof report) == sizeof report) return report;
  return std::nullopt;
}

std::optional<std::uint64_t> KilledProcess::LastReport() {
  std::optional<std::uint64_t> last;
  std::uint64_t report = 0;
  while (read(report_, &report, sizeof report) == sizeof report) last = report;
  return last;
}

}  // namespace tracevec

int main(int argc, char** argv) {
  if (const std::optional<int> status = tracevec::RunChildRole(argc, argv)) return *status;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
