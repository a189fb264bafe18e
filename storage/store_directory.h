#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tracevec/status.h"

namespace rocksdb {
class FileSystem;
}

namespace tracevec {

/// What is at the path of a store, as far as it can be told without opening or changing anything.
enum class DirectoryKind : std::uint8_t {
  kMissing,
  kEmpty,     ///< A directory that may become a database.
  kCreating,  ///< A creation that did not finish: nothing in it was ever acknowledged.
  kReady,
};

inline std::string StorePath(const std::string& path) { return path + "/store"; }
inline std::string ImagesPath(const std::string& path) { return path + "/index"; }
inline std::string LockPath(const std::string& path) { return path + "/store/LOCK"; }

/// Errors: InvalidArgument (a file, or a non-empty directory without a marker), Unsupported (a
/// newer format), Corruption (marker), IOError.
Result<DirectoryKind> InspectDirectory(rocksdb::FileSystem& file_system, const std::string& path);

/// Errors: Corruption naming the file without which RocksDB would start an empty database, IOError.
Status CheckStoreFiles(rocksdb::FileSystem& file_system, const std::string& path);

/// The names of the store's files, sorted. Errors: IOError.
Result<std::vector<std::string>> ListStoreFiles(rocksdb::FileSystem& file_system,
                                                const std::string& path);

/// Creates the directories; their entries are durable afterwards.
Status CreateDirectories(rocksdb::FileSystem& file_system, const std::string& path);

/// Marks the directory as being created and empties what an earlier attempt left in it, under the
/// store's lock. Returns kReady, and changes nothing, when another process has finished meanwhile.
/// REQUIRES: a WriterLease. Errors: IOError (the lock is taken), InspectDirectory's.
Result<DirectoryKind> BeginCreation(rocksdb::FileSystem& file_system, const std::string& path);

}  // namespace tracevec
