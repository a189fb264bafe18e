#include "storage/store_directory.h"

#include <fmt/format.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <vector>

#include "core/return_if_error.h"
#include "storage/marker_file.h"
#include "storage/store_errors.h"

namespace tracevec {
namespace {

Result<bool> Exists(rocksdb::FileSystem& file_system, const std::string& path) {
  const rocksdb::IOStatus status = file_system.FileExists(path, {}, nullptr);
  if (status.IsNotFound()) return false;
  TRACEVEC_RETURN_IF_ERROR(FromRocksdb(status, path));
  return true;
}

Result<std::vector<std::string>> ListDirectory(rocksdb::FileSystem& file_system,
                                               const std::string& path) {
  std::vector<std::string> names;
  TRACEVEC_RETURN_IF_ERROR(
      FromRocksdbAtOpen(file_system.GetChildren(path, {}, &names, nullptr), path));
  std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
  return names;
}

/// Whether a directory holds nothing but files of these names.
Result<bool> HoldsOnly(rocksdb::FileSystem& file_system, const std::string& path,
                       std::initializer_list<std::string_view> allowed) {
  TRACEVEC_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(file_system, path));
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::find(allowed.begin(), allowed.end(), name) != allowed.end();
  });
}

/// A directory without a marker: what a crash before the first marker leaves counts as empty.
Result<bool> IsEmpty(rocksdb::FileSystem& file_system, const std::string& path) {
  TRACEVEC_ASSIGN_OR_RETURN(const bool fits,
                            HoldsOnly(file_system, path, {"store", kTemporaryMarkerFileName}));
  if (!fits) return false;
  TRACEVEC_ASSIGN_OR_RETURN(const bool has_store, Exists(file_system, StorePath(path)));
  if (!has_store) return true;
  return HoldsOnly(file_system, StorePath(path), {"LOCK"});
}

Status DeleteLeftovers(rocksdb::FileSystem& file_system, const std::string& store) {
  TRACEVEC_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                            ListDirectory(file_system, store));
  for (const std::string& name : names) {
    if (name == "LOCK") continue;
    const std::string file = store + "/" + name;
    TRACEVEC_RETURN_IF_ERROR(FromRocksdb(file_system.DeleteFile(file, {}, nullptr), file));
  }
  return SyncDirectory(file_system, store);
}

Result<DirectoryKind> BeginCreationLocked(rocksdb::FileSystem& file_system,
                                          const std::string& path) {
  // Again, since it is only now that no other process can be creating it.
  TRACEVEC_ASSIGN_OR_RETURN(const DirectoryKind kind, InspectDirectory(file_system, path));
  if (kind == DirectoryKind::kReady) return kind;
  if (kind == DirectoryKind::kEmpty) {
    TRACEVEC_RETURN_IF_ERROR(WriteMarker(file_system, path, Marker{}));
  }
  TRACEVEC_RETURN_IF_ERROR(DeleteLeftovers(file_system, StorePath(path)));
  return DirectoryKind::kCreating;
}

}  // namespace

Result<DirectoryKind> InspectDirectory(rocksdb::FileSystem& file_system, const std::string& path) {
  TRACEVEC_ASSIGN_OR_RETURN(const bool exists, Exists(file_system, path));
  if (!exists) return DirectoryKind::kMissing;
  bool is_directory = false;
  TRACEVEC_RETURN_IF_ERROR(
      FromRocksdb(file_system.IsDirectory(path, {}, &is_directory, nullptr), path));
  if (!is_directory) {
    return Status::InvalidArgument(
        fmt::format("{}: is a file; a database is a directory; nothing was changed", path));
  }
  TRACEVEC_ASSIGN_OR_RETURN(const std::optional<Marker> marker, ReadMarker(file_system, path));
  if (marker) {
    return marker->state == Marker::State::kReady ? DirectoryKind::kReady
                                                  : DirectoryKind::kCreating;
  }
  TRACEVEC_ASSIGN_OR_RETURN(const bool empty, IsEmpty(file_system, path));
  if (empty) return DirectoryKind::kEmpty;
  return Status::InvalidArgument(
      fmt::format("{}: not a database: there are files but no {} among them; nothing was changed",
                  path, kMarkerFileName));
}

Status CheckStoreFiles(rocksdb::FileSystem& file_system, const std::string& path) {
  const std::string current = StorePath(path) + "/CURRENT";
  TRACEVEC_ASSIGN_OR_RETURN(const bool has_current, Exists(file_system, current));
  if (!has_current) return Status::Corruption(current + ": missing");
  std::string name;
  TRACEVEC_RETURN_IF_ERROR(
      FromRocksdb(rocksdb::ReadFileToString(&file_system, current, &name), current));
  if (!name.starts_with("MANIFEST-") || !name.ends_with('\n')) {
    return Status::Corruption(current + ": does not name a MANIFEST");
  }
  name.pop_back();
  const std::string manifest = StorePath(path) + "/" + name;
  TRACEVEC_ASSIGN_OR_RETURN(const bool has_manifest, Exists(file_system, manifest));
  return has_manifest ? Status::Ok() : Status::Corruption(manifest + ": missing");
}

Result<std::vector<std::string>> ListStoreFiles(rocksdb::FileSystem& file_system,
                                                const std::string& path) {
  TRACEVEC_ASSIGN_OR_RETURN(std::vector<std::string> names,
                            ListDirectory(file_system, StorePath(path)));
  std::sort(names.begin(), names.end());
  return names;
}

Status CreateDirectories(rocksdb::FileSystem& file_system, const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  const std::string parent = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  for (const std::string& directory : {path, StorePath(path)}) {
    TRACEVEC_RETURN_IF_ERROR(
        FromRocksdb(file_system.CreateDirIfMissing(directory, {}, nullptr), directory));
  }
  TRACEVEC_RETURN_IF_ERROR(SyncDirectory(file_system, parent));
  return SyncDirectory(file_system, path);
}

Result<DirectoryKind> BeginCreation(rocksdb::FileSystem& file_system, const std::string& path) {
  rocksdb::FileLock* lock = nullptr;
  TRACEVEC_RETURN_IF_ERROR(
      FromRocksdb(file_system.LockFile(LockPath(path), {}, &lock, nullptr), LockPath(path)));
  Result<DirectoryKind> kind = BeginCreationLocked(file_system, path);
  TRACEVEC_RETURN_IF_ERROR(FromRocksdb(file_system.UnlockFile(lock, {}, nullptr), LockPath(path)));
  return kind;
}

}  // namespace tracevec
