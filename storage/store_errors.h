#pragma once

#include <rocksdb/io_status.h>
#include <rocksdb/status.h>

#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include "tracevec/status.h"

namespace tracevec {

/// RocksDB's outcome as ours. `what` is the path or the step it was about.
Status FromRocksdb(const rocksdb::Status& status, std::string_view what);

/// The same while a store is opened, when a missing file or column family means damage.
Status FromRocksdbAtOpen(const rocksdb::Status& status, std::string_view what);

/// Runs a function that returns a Status or a Result; an exception becomes the Status it stands
/// for.
template <typename Function>
auto WithoutExceptions(Function&& function) noexcept -> decltype(function()) {
  try {
    return std::forward<Function>(function)();
  } catch (const std::bad_alloc&) {
    return Status::ResourceExhausted("out of memory");  // Short: the text needs no memory.
  } catch (const std::exception& exception) {
    return Status::Internal(exception.what());
  } catch (...) {
    return Status::Internal("exception");
  }
}

}  // namespace tracevec
