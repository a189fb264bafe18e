#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/image_sink.h"
#include "storage/image_file.h"
#include "tracevec/status.h"

namespace rocksdb {
class FileSystem;
}

namespace tracevec {

/// A file that is being written. Unless it was finished it is removed again.
class ImageWriter : public ImageSink {
 public:
  virtual std::uint64_t number() const = 0;
  /// Makes the file and its entry durable and opens it. Once, at the end. Errors: IOError,
  /// ResourceExhausted.
  virtual Result<std::shared_ptr<const ImageFile>> Finish() = 0;
};

/// What is in an image file, which its name's ending tells.
enum class ImageKind : std::uint8_t {
  kSegment,  ///< ".image"
  kColumns,  ///< ".columns"
};

/// The image files of a database, in `<path>/index`: the only place that writes, maps and removes
/// them. A file is written once, under a number that no file had before, and never changed. Which
/// files count is said by records in the store; the rest is left over from a crash. What is written
/// goes through the store's file system, so that injected faults reach it. Safe for concurrent use.
class ImageFiles {
 public:
  ImageFiles(std::shared_ptr<rocksdb::FileSystem> file_system, std::string directory);

  /// Starts a file. Errors: those of the file system. `Reserve` of the writer refuses with
  /// ResourceExhausted what would leave the store too little space.
  Result<std::unique_ptr<ImageWriter>> Create(ImageKind kind = ImageKind::kSegment);
  /// See OpenImageFile.
  Result<std::shared_ptr<const ImageFile>> Open(std::uint64_t number,
                                                ImageKind kind = ImageKind::kSegment) const;
  /// Of either kind. A file that is not there is fine.
  Status Remove(std::uint64_t number);
  /// Sorted; none where the directory is missing.
  Result<std::vector<std::uint64_t>> List() const;
  std::uint64_t disk_bytes() const;

 private:
  std::string PathOf(std::uint64_t number, ImageKind kind) const;
  /// Makes the directory and its entry durable; finds a number past all that were used.
  Status Prepare();

  const std::shared_ptr<rocksdb::FileSystem> file_system_;
  const std::string directory_;
  std::mutex mutex_;
  std::uint64_t next_number_ = 0;  // Guarded by mutex_; 0: not prepared yet.
};

}  // namespace tracevec
