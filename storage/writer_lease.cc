#include "storage/writer_lease.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mutex>
#include <set>
#include <utility>

namespace tracevec {
namespace {

struct Leases {
  std::mutex mutex;
  std::set<std::string> identities;  // Guarded by mutex.
};

Leases& AllLeases() {
  static Leases& leases = *new Leases;  // Never destroyed: stores may outlive static destructors.
  return leases;
}

std::string IdentityOf(const std::string& directory) {
  struct stat attributes {};
  if (stat(directory.c_str(), &attributes) != 0) return directory;  // Not a file of the host.
  return fmt::format("{}:{}", attributes.st_dev, attributes.st_ino);
}

}  // namespace

Result<WriterLease> WriterLease::Acquire(const std::string& directory) {
  WriterLease lease(IdentityOf(directory));
  Leases& leases = AllLeases();
  const std::lock_guard lock(leases.mutex);
  if (leases.identities.insert(lease.identity_).second) return lease;
  lease.identity_.clear();
  return Status::Unavailable(
      fmt::format("{}: already open for writing in this process (pid {}); share that handle, or "
                  "open it for reading",
                  directory, getpid()));
}

WriterLease::WriterLease(WriterLease&& other) noexcept
    : identity_(std::exchange(other.identity_, {})) {}

WriterLease::~WriterLease() {
  if (identity_.empty()) return;
  Leases& leases = AllLeases();
  const std::lock_guard lock(leases.mutex);
  leases.identities.erase(identity_);
}

std::optional<pid_t> FindLockHolder(const std::string& lock_file) {
  const int descriptor = open(lock_file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool answered = fcntl(descriptor, F_GETLK, &lock) == 0;
  close(descriptor);
  if (!answered || lock.l_type == F_UNLCK || lock.l_pid <= 0) return std::nullopt;
  return lock.l_pid;
}

}  // namespace tracevec
