#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/image_bytes.h"
#include "tracevec/status.h"

namespace rocksdb {
class FileSystem;
}

namespace tracevec {

/// Tells, without reading a file, whether it is still the one that was written: whoever changes or
/// replaces one by the usual means changes one of these.
struct FileStamp {
  std::uint64_t size_bytes = 0;
  std::uint64_t inode = 0;
  std::int64_t modified_ns = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// An image that is kept in a file: mapped, or, where the file system is not the host's own, a copy
/// of it in memory. The file may be removed while this lives.
class ImageFile final : public ImageBytes {
 public:
  /// Takes over memory from mmap, all of it.
  ImageFile(std::uint64_t number, std::span<const std::uint8_t> bytes,
            std::optional<FileStamp> stamp);
  ~ImageFile() override;
  ImageFile(const ImageFile&) = delete;
  ImageFile& operator=(const ImageFile&) = delete;

  std::uint64_t number() const { return number_; }
  std::span<const std::uint8_t> bytes() const override { return bytes_; }
  bool in_memory() const override { return !stamp_; }
  void Forget(std::span<const std::uint8_t> part) const override;
  /// Of the file when it was mapped; nothing for a copy.
  const std::optional<FileStamp>& stamp() const { return stamp_; }

 private:
  const std::uint64_t number_;
  const std::span<const std::uint8_t> bytes_;
  const std::optional<FileStamp> stamp_;
};

/// Errors: NotFound, Corruption (empty, short), IOError, ResourceExhausted (memory, descriptors).
/// Whoever truncates a mapped file, or pulls its disk, makes reading it fatal for the process.
Result<std::shared_ptr<const ImageFile>> OpenImageFile(rocksdb::FileSystem& file_system,
                                                       const std::string& path,
                                                       std::uint64_t number);

}  // namespace tracevec
