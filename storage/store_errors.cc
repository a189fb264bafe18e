#include "storage/store_errors.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace tracevec {
namespace {

/// RocksDB keeps the system's text of an errno, but not its number.
bool Mentions(const std::string& text, int error_number) {
  return text.find(std::strerror(error_number)) != std::string::npos;
}

Status FromIoError(const std::string& text, std::string_view what) {
  if (Mentions(text, EMFILE) || Mentions(text, ENFILE)) {
    return Status::ResourceExhausted(
        fmt::format("{}: {}; raise the limit of open files (ulimit -n)", what, text));
  }
  if (Mentions(text, EDQUOT)) {
    return Status::ResourceExhausted(
        fmt::format("{}: {}; free some space, then retry", what, text));
  }
  return Status::IOError(fmt::format("{}: {}", what, text));
}

}  // namespace

Status FromRocksdb(const rocksdb::Status& status, std::string_view what) {
  if (status.ok()) return Status::Ok();
  const std::string text = status.ToString();
  if (status.IsNoSpace()) {
    return Status::ResourceExhausted(
        fmt::format("{}: {}; free some disk space, then retry", what, text));
  }
  // A write that waited for background work, which failed: the text is that of its error.
  if (status.IsIncomplete() && Mentions(text, ENOSPC)) {
    return Status::ResourceExhausted(
        fmt::format("{}: {}; free some disk space, then retry", what, text));
  }
  if (status.IsMemoryLimit()) return Status::ResourceExhausted(fmt::format("{}: {}", what, text));
  if (status.IsCorruption()) return Status::Corruption(fmt::format("{}: {}", what, text));
  if (status.IsIOError() || status.IsIncomplete()) return FromIoError(text, what);
  if (status.IsNotSupported()) return Status::Unsupported(fmt::format("{}: {}", what, text));
  if (status.IsShutdownInProgress()) return Status::Closed(fmt::format("{}: {}", what, text));
  return Status::Internal(fmt::format("{}: {}", what, text));
}

Status FromRocksdbAtOpen(const rocksdb::Status& status, std::string_view what) {
  // InvalidArgument: our options are constant, so it is the files that do not fit them.
  if (status.IsPathNotFound() || status.IsInvalidArgument() || status.IsNotFound()) {
    return Status::Corruption(fmt::format("{}: {}", what, status.ToString()));
  }
  return FromRocksdb(status, what);
}

}  // namespace tracevec
