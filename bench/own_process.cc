#include "bench/own_process.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace tracevec::bench {

int RunAgain(std::vector<std::string> arguments) {
  std::string program = std::filesystem::read_symlink("/proc/self/exe");
  std::vector<char*> pointers = {program.data()};
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawn(&child, program.c_str(), nullptr, nullptr, pointers.data(), environ) != 0) {
    throw std::runtime_error("this program cannot start itself again");
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

bool OtherThreadsWork() {
  const std::string own = std::to_string(gettid());
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == own) continue;
    std::ifstream file(task.path() / "stat");
    std::string line;
    std::getline(file, line);  // "12 (name) S ...", nothing where the thread has ended.
    const std::size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) continue;
    const char state = line.at(name_end + 2);
    if (state == 'R' || state == 'D') return true;
  }
  return false;
}

ResidentMemory MeasureResidentMemory() {
  std::ifstream file("/proc/self/status");
  ResidentMemory memory;
  for (std::string line; std::getline(file, line);) {
    std::size_t kilobytes = 0;
    if (std::sscanf(line.c_str(), "VmRSS: %zu", &kilobytes) == 1) memory.total = kilobytes * 1024;
    if (std::sscanf(line.c_str(), "RssAnon: %zu", &kilobytes) == 1) {
      memory.anonymous = kilobytes * 1024;
    }
  }
  return memory;
}

std::size_t MappedBytesBelow(const std::string& folder) {
  const std::string start = fmt::format(" {}/", std::filesystem::canonical(folder).string());
  std::ifstream file("/proc/self/maps");
  std::size_t bytes = 0;
  for (std::string line; std::getline(file, line);) {
    std::size_t first = 0;
    std::size_t last = 0;
    if (line.find(start) != std::string::npos &&
        std::sscanf(line.c_str(), "%zx-%zx", &first, &last) == 2) {
      bytes += last - first;
    }
  }
  return bytes;
}

std::size_t DiskBytesBelow(const std::string& folder) {
  constexpr std::size_t kStatBlock = 512;
  std::size_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    struct stat found {};
    if (entry.is_regular_file() && stat(entry.path().c_str(), &found) == 0) {
      bytes += static_cast<std::size_t>(found.st_blocks) * kStatBlock;
    }
  }
  return bytes;
}

}  // namespace tracevec::bench
