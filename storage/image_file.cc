#include "storage/image_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/file_system.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/return_if_error.h"
#include "storage/store_errors.h"

namespace tracevec {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;

/// Whether paths mean files of the host, which can be mapped.
bool IsHostFileSystem(const rocksdb::FileSystem& file_system) {
  return &file_system == rocksdb::FileSystem::Default().get();
}

Status ErrnoStatus(const std::string& path, std::string_view call, int error) {
  const std::string message = fmt::format("{}: {}: {}", path, call, std::strerror(error));
  if (error == ENOENT) return Status::NotFound(message);
  if (error == ENOMEM || error == EMFILE || error == ENFILE) {
    return Status::ResourceExhausted(message);
  }
  return Status::IOError(message);
}

Result<std::shared_ptr<const ImageFile>> Map(const std::string& path, std::uint64_t number) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return ErrnoStatus(path, "open", errno);
  struct stat status {};
  void* mapped = MAP_FAILED;
  int error = fstat(descriptor, &status) == 0 ? 0 : errno;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (error == 0 && !S_ISREG(status.st_mode)) error = EINVAL;  // A pipe would be waited for.
  if (error == 0 && size > 0) {
    mapped = mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
    if (mapped == MAP_FAILED) error = errno;
  }
  close(descriptor);
  if (error != 0) return ErrnoStatus(path, "map", error);
  if (size == 0) return Status::Corruption(path + ": empty");
  const FileStamp stamp = {size, status.st_ino,
                           status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec};
  return std::make_shared<const ImageFile>(
      number, std::span(static_cast<const std::uint8_t*>(mapped), size), stamp);
}

Result<std::shared_ptr<const ImageFile>> Copy(rocksdb::FileSystem& file_system,
                                              const std::string& path, std::uint64_t number) {
  std::uint64_t size = 0;
  TRACEVEC_RETURN_IF_ERROR(FromRocksdb(file_system.GetFileSize(path, {}, &size, nullptr), path));
  if (size == 0) return Status::Corruption(path + ": empty");
  void* memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, /*fd=*/-1, 0);
  if (memory == MAP_FAILED) return ErrnoStatus(path, "allocate", errno);
  const std::span bytes(static_cast<std::uint8_t*>(memory), size);
  auto image = std::make_shared<const ImageFile>(number, bytes, std::nullopt);
  std::unique_ptr<rocksdb::FSRandomAccessFile> file;
  TRACEVEC_RETURN_IF_ERROR(
      FromRocksdb(file_system.NewRandomAccessFile(path, {}, &file, nullptr), path));
  for (std::size_t done = 0; done < size;) {
    rocksdb::Slice piece;
    auto* const scratch = reinterpret_cast<char*>(bytes.data() + done);
    const std::size_t wanted = std::min(size - done, kReadBytes);
    TRACEVEC_RETURN_IF_ERROR(
        FromRocksdb(file->Read(done, wanted, {}, &piece, scratch, nullptr), path));
    if (piece.empty()) {
      return Status::Corruption(fmt::format("{}: ends after {} of {} bytes", path, done, size));
    }
    // A file system may hand out memory of its own instead of filling ours.
    if (piece.data() != scratch) std::memcpy(scratch, piece.data(), piece.size());
    done += piece.size();
  }
  return image;
}

}  // namespace

ImageFile::ImageFile(std::uint64_t number, std::span<const std::uint8_t> bytes,
                     std::optional<FileStamp> stamp)
    : number_(number), bytes_(bytes), stamp_(stamp) {}

ImageFile::~ImageFile() { munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size()); }

void ImageFile::Forget(std::span<const std::uint8_t> part) const {
  if (in_memory()) return;
  // Whole pages alone: what lies beside the part may be wanted.
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(part.data()) + page - 1) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(part.data()) + part.size()) / page * page;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

Result<std::shared_ptr<const ImageFile>> OpenImageFile(rocksdb::FileSystem& file_system,
                                                       const std::string& path,
                                                       std::uint64_t number) {
  return IsHostFileSystem(file_system) ? Map(path, number) : Copy(file_system, path, number);
}

}  // namespace tracevec
