#include "storage/marker_file.h"

#include <fmt/format.h>
#include <rocksdb/file_system.h>

#include <memory>

#include "core/return_if_error.h"
#include "storage/store_errors.h"

namespace tracevec {
namespace {

constexpr std::uint64_t kMostMarkerBytes = 4096;

}  // namespace

Result<std::optional<Marker>> ReadMarker(rocksdb::FileSystem& file_system,
                                         const std::string& directory) {
  const std::string path = directory + "/" + kMarkerFileName;
  const rocksdb::IOStatus exists = file_system.FileExists(path, {}, nullptr);
  if (exists.IsNotFound()) return std::optional<Marker>();
  TRACEVEC_RETURN_IF_ERROR(FromRocksdb(exists, path));
  std::uint64_t size = 0;
  TRACEVEC_RETURN_IF_ERROR(FromRocksdb(file_system.GetFileSize(path, {}, &size, nullptr), path));
  if (size > kMostMarkerBytes) {
    return Status::Corruption(fmt::format("{}: not a marker of TraceVec: {} bytes", path, size));
  }
  std::string bytes;
  TRACEVEC_RETURN_IF_ERROR(
      FromRocksdb(rocksdb::ReadFileToString(&file_system, path, &bytes), path));
  const Result<Marker> marker = DecodeMarker(bytes);
  if (marker.ok()) return std::optional<Marker>(*marker);
  return Status(marker.status().code(), fmt::format("{}: {}", path, marker.status().message()));
}

Status WriteMarker(rocksdb::FileSystem& file_system, const std::string& directory,
                   const Marker& marker) {
  const std::string path = directory + "/" + kMarkerFileName;
  const std::string temporary = directory + "/" + kTemporaryMarkerFileName;
  TRACEVEC_RETURN_IF_ERROR(
      FromRocksdb(rocksdb::WriteStringToFile(&file_system, EncodeMarker(marker), temporary,
                                             /*should_sync=*/true),
                  temporary));
  TRACEVEC_RETURN_IF_ERROR(FromRocksdb(file_system.RenameFile(temporary, path, {}, nullptr), path));
  return SyncDirectory(file_system, directory);
}

Status SyncDirectory(rocksdb::FileSystem& file_system, const std::string& directory) {
  std::unique_ptr<rocksdb::FSDirectory> handle;
  rocksdb::IOStatus status = file_system.NewDirectory(directory, {}, &handle, nullptr);
  if (status.ok()) status = handle->Fsync({}, nullptr);
  return FromRocksdb(status, directory);
}

}  // namespace tracevec
