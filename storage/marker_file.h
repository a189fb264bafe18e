#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "storage/marker.h"
#include "tracevec/status.h"

namespace rocksdb {
class FileSystem;
}

namespace tracevec {

inline constexpr char kMarkerFileName[] = "TRACEVEC";
inline constexpr char kTemporaryMarkerFileName[] = "TRACEVEC.tmp";

/// The marker of a directory, or nothing when it has none. Errors: DecodeMarker's, IOError.
Result<std::optional<Marker>> ReadMarker(rocksdb::FileSystem& file_system,
                                         const std::string& directory);
/// Replaces the marker, durably. After an error the old one or the new one is there, whole.
Status WriteMarker(rocksdb::FileSystem& file_system, const std::string& directory,
                   const Marker& marker);
/// Makes the entries of a directory durable.
Status SyncDirectory(rocksdb::FileSystem& file_system, const std::string& directory);

}  // namespace tracevec
