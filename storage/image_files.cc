#include "storage/image_files.h"

#include <fmt/format.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "core/return_if_error.h"
#include "storage/marker_file.h"
#include "storage/store_errors.h"

namespace tracevec {
namespace {

constexpr std::string_view SuffixOf(ImageKind kind) {
  return kind == ImageKind::kSegment ? ".image" : ".columns";
}
/// What an image must leave free for the store, without which nothing can be acknowledged.
constexpr std::uint64_t kLeastFreeBytesBeside = std::uint64_t{64} << 20;
/// Rows come in pieces of a few hundred bytes: a system call for each would cost more than the
/// bytes do.
constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

/// Nothing for what is not the name of an image.
std::optional<std::uint64_t> NumberOf(std::string_view name) {
  const std::string_view suffix = SuffixOf(
      name.ends_with(SuffixOf(ImageKind::kSegment)) ? ImageKind::kSegment : ImageKind::kColumns);
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number == 0) return std::nullopt;
  return number;
}

/// Writes one file through a buffer.
class FileImageWriter final : public ImageWriter {
 public:
  FileImageWriter(std::shared_ptr<rocksdb::FileSystem> file_system, std::string directory,
                  std::string path, std::uint64_t number,
                  std::unique_ptr<rocksdb::FSWritableFile> file)
      : file_system_(std::move(file_system)),
        directory_(std::move(directory)),
        path_(std::move(path)),
        number_(number),
        file_(std::move(file)) {
    buffer_.reserve(kBufferBytes);
  }
  ~FileImageWriter() override {
    if (finished_) return;
    if (file_ != nullptr) file_->Close({}, nullptr).PermitUncheckedError();
    file_system_->DeleteFile(path_, {}, nullptr).PermitUncheckedError();
  }

  std::uint64_t number() const override { return number_; }

  Status Reserve(std::size_t bytes) override {
    std::uint64_t available = 0;
    const rocksdb::IOStatus told = file_system_->GetFreeSpace(directory_, {}, &available, nullptr);
    if (!told.ok() || available >= bytes + kLeastFreeBytesBeside) return Status::Ok();
    return Status::ResourceExhausted(
        fmt::format("{}: an index image takes {} bytes of disk and leaves {} to the store, {} are "
                    "free; free some disk space",
                    path_, bytes, kLeastFreeBytesBeside, available));
  }

  Status Append(const void* data, std::size_t bytes) override {
    const std::string_view piece(static_cast<const char*>(data), bytes);
    if (buffer_.size() + bytes > kBufferBytes) TRACEVEC_RETURN_IF_ERROR(Flush());
    if (bytes > kBufferBytes) return Write(piece);
    buffer_.append(piece);
    return Status::Ok();
  }

  Result<std::shared_ptr<const ImageFile>> Finish() override {
    TRACEVEC_RETURN_IF_ERROR(Flush());
    TRACEVEC_RETURN_IF_ERROR(FromRocksdb(file_->Fsync({}, nullptr), path_));
    TRACEVEC_RETURN_IF_ERROR(FromRocksdb(file_->Close({}, nullptr), path_));
    file_.reset();
    TRACEVEC_RETURN_IF_ERROR(SyncDirectory(*file_system_, directory_));
    TRACEVEC_ASSIGN_OR_RETURN(auto image, OpenImageFile(*file_system_, path_, number_));
    finished_ = true;
    return image;
  }

 private:
  Status Flush() {
    if (buffer_.empty()) return Status::Ok();
    TRACEVEC_RETURN_IF_ERROR(Write(buffer_));
    buffer_.clear();
    return Status::Ok();
  }
  Status Write(std::string_view piece) {
    return FromRocksdb(file_->Append(rocksdb::Slice(piece.data(), piece.size()), {}, nullptr),
                       path_);
  }

  const std::shared_ptr<rocksdb::FileSystem> file_system_;
  const std::string directory_;
  const std::string path_;
  const std::uint64_t number_;
  std::unique_ptr<rocksdb::FSWritableFile> file_;
  std::string buffer_;
  bool finished_ = false;
};

}  // namespace

ImageFiles::ImageFiles(std::shared_ptr<rocksdb::FileSystem> file_system, std::string directory)
    : file_system_(std::move(file_system)), directory_(std::move(directory)) {}

std::string ImageFiles::PathOf(std::uint64_t number, ImageKind kind) const {
  return fmt::format("{}/{}{}", directory_, number, SuffixOf(kind));
}

Status ImageFiles::Prepare() {
  TRACEVEC_RETURN_IF_ERROR(
      FromRocksdb(file_system_->CreateDirIfMissing(directory_, {}, nullptr), directory_));
  TRACEVEC_RETURN_IF_ERROR(
      SyncDirectory(*file_system_, directory_.substr(0, directory_.find_last_of('/'))));
  TRACEVEC_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> numbers, List());
  // The clock is past the numbers of files that are gone: one is given at most every microsecond.
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  next_number_ = std::max(static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0)),
                          numbers.empty() ? 0 : numbers.back()) +
                 1;
  return Status::Ok();
}

Result<std::unique_ptr<ImageWriter>> ImageFiles::Create(ImageKind kind) {
  return WithoutExceptions([&]() -> Result<std::unique_ptr<ImageWriter>> {
    std::uint64_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      if (next_number_ == 0) TRACEVEC_RETURN_IF_ERROR(Prepare());
      number = next_number_++;
    }
    const std::string path = PathOf(number, kind);
    std::unique_ptr<rocksdb::FSWritableFile> file;
    TRACEVEC_RETURN_IF_ERROR(
        FromRocksdb(file_system_->NewWritableFile(path, {}, &file, nullptr), path));
    return std::unique_ptr<ImageWriter>(
        new FileImageWriter(file_system_, directory_, path, number, std::move(file)));
  });
}

Result<std::shared_ptr<const ImageFile>> ImageFiles::Open(std::uint64_t number,
                                                          ImageKind kind) const {
  return WithoutExceptions(
      [&] { return OpenImageFile(*file_system_, PathOf(number, kind), number); });
}

Status ImageFiles::Remove(std::uint64_t number) {
  return WithoutExceptions([&]() -> Status {
    for (const ImageKind kind : {ImageKind::kSegment, ImageKind::kColumns}) {
      const std::string path = PathOf(number, kind);
      const rocksdb::IOStatus status = file_system_->DeleteFile(path, {}, nullptr);
      if (status.IsNotFound() || status.IsPathNotFound()) continue;
      TRACEVEC_RETURN_IF_ERROR(FromRocksdb(status, path));
    }
    return Status::Ok();
  });
}

Result<std::vector<std::uint64_t>> ImageFiles::List() const {
  return WithoutExceptions([&]() -> Result<std::vector<std::uint64_t>> {
    std::vector<std::string> names;
    const rocksdb::IOStatus status = file_system_->GetChildren(directory_, {}, &names, nullptr);
    std::vector<std::uint64_t> numbers;
    if (status.IsNotFound() || status.IsPathNotFound()) return numbers;
    TRACEVEC_RETURN_IF_ERROR(FromRocksdb(status, directory_));
    for (const std::string& name : names) {
      if (const auto number = NumberOf(name)) numbers.push_back(*number);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  });
}

std::uint64_t ImageFiles::disk_bytes() const {
  std::vector<rocksdb::FileAttributes> files;
  if (!file_system_->GetChildrenFileAttributes(directory_, {}, &files, nullptr).ok()) return 0;
  std::uint64_t total = 0;
  for (const rocksdb::FileAttributes& file : files) {
    if (NumberOf(file.name)) total += file.size_bytes;
  }
  return total;
}

}  // namespace tracevec
