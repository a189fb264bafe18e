#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "tracevec/status.h"

namespace tracevec {

/// The right to be the one writer of a directory within this process. RocksDB's own lock does not
/// give that: fcntl locks do not exclude their own process, and its list of locked files goes by
/// spelling, so that `db`, `./db` and a symbolic link to it are three. Movable. Not thread-safe.
class WriterLease {
 public:
  /// Goes by what the path leads to. Errors: Unavailable with this process's pid.
  static Result<WriterLease> Acquire(const std::string& directory);
  ~WriterLease();
  WriterLease(WriterLease&& other) noexcept;
  WriterLease& operator=(WriterLease&&) = delete;

 private:
  explicit WriterLease(std::string identity) : identity_(std::move(identity)) {}

  std::string identity_;  // Empty: moved from.
};

/// The process that holds the lock of a file, or nothing: nobody does, or it cannot be told (a file
/// that is not the host's, a process of another pid namespace).
/// REQUIRES: a WriterLease of its directory. Closing any descriptor of a file drops all fcntl locks
/// that the process has on it; with the lease, this process has none to lose.
std::optional<pid_t> FindLockHolder(const std::string& lock_file);

}  // namespace tracevec
