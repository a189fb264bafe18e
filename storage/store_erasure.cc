// Taking bytes off the disk for good, and looking whether they are.

#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "storage/byte_patterns.h"
#include "storage/marker_file.h"
#include "storage/store_directory.h"
#include "storage/store_errors.h"
#include "storage/store_state.h"

namespace tracevec {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;

/// Reads the files of a store, one after the other.
class FileScan {
 public:
  FileScan(const StoreState& state, const BytePatterns& patterns, const FoundBytes& found)
      : state_(state), patterns_(patterns), found_(found) {}

  Status Run() {
    TRACEVEC_RETURN_IF_ERROR(ScanDirectory(StorePath(state_.path)));
    const rocksdb::IOStatus images =
        state_.file_system->FileExists(ImagesPath(state_.path), {}, nullptr);
    if (images.ok()) TRACEVEC_RETURN_IF_ERROR(ScanDirectory(ImagesPath(state_.path)));
    return ScanDirectory(state_.path);
  }

  const ByteScan& result() const { return result_; }

 private:
  /// The tables of a directory first, decompressed: what another record has too is no trace.
  Status ScanDirectory(const std::string& directory) {
    std::vector<std::string> names;
    TRACEVEC_RETURN_IF_ERROR(
        FromRocksdb(state_.file_system->GetChildren(directory, {}, &names, nullptr), directory));
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      if (name.ends_with(".sst")) TRACEVEC_RETURN_IF_ERROR(ScanTable(directory + "/" + name));
    }
    for (const std::string& name : names) {
      const std::string path = directory + "/" + name;
      bool is_directory = false;
      const rocksdb::IOStatus asked =
          state_.file_system->IsDirectory(path, {}, &is_directory, nullptr);
      if (name == "." || name == ".." || (asked.ok() && is_directory)) continue;
      if (HasNoData(name)) continue;
      TRACEVEC_RETURN_IF_ERROR(ScanAsStored(path));
    }
    return Status::Ok();
  }

  Status ScanTable(const std::string& path) {
    rocksdb::Options options;
    options.env = state_.env.get();
    rocksdb::SstFileReader reader(options);
    rocksdb::Status status = reader.Open(path);
    if (IsGone(status)) return Status::Ok();
    TRACEVEC_RETURN_IF_ERROR(FromRocksdb(status, path));
    const std::unique_ptr<rocksdb::Iterator> entries(reader.NewIterator({}));
    for (entries->SeekToFirst(); entries->Valid(); entries->Next()) {
      const std::string_view key = entries->key().ToStringView();
      ++result_.values;
      patterns_.Find(entries->value().ToStringView(), [&](std::size_t pattern) {
        found_({path, key, true}, pattern);
      });
    }
    return FromRocksdb(entries->status(), path);
  }

  Status ScanAsStored(const std::string& path) {
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    const rocksdb::IOStatus opened =
        state_.file_system->NewSequentialFile(path, {}, &file, nullptr);
    if (IsGone(opened)) return Status::Ok();
    TRACEVEC_RETURN_IF_ERROR(FromRocksdb(opened, path));
    ++result_.files;
    std::string window;  // The end of what was read, for patterns across two reads.
    std::string buffer(kReadBytes, '\0');
    while (true) {
      rocksdb::Slice read;
      TRACEVEC_RETURN_IF_ERROR(
          FromRocksdb(file->Read(buffer.size(), {}, &read, buffer.data(), nullptr), path));
      if (read.empty()) return Status::Ok();
      result_.bytes += read.size();
      window.append(read.data(), read.size());
      patterns_.Find(window, [&](std::size_t pattern) { found_({path, {}, false}, pattern); });
      const std::size_t keep = std::max<std::size_t>(patterns_.longest(), 1) - 1;
      if (window.size() > keep) window.erase(0, window.size() - keep);
    }
  }

  /// Files of settings alone, whose words may be anyone's.
  static bool HasNoData(std::string_view name) {
    return name == kMarkerFileName || name == "CURRENT" || name == "IDENTITY" ||
           name.starts_with("OPTIONS-");
  }

  /// A file that RocksDB, or the builder, removed after it was listed.
  template <typename RocksdbStatus>
  static bool IsGone(const RocksdbStatus& status) {
    return status.IsNotFound() || status.IsPathNotFound();
  }

  const StoreState& state_;
  const BytePatterns& patterns_;
  const FoundBytes& found_;
  ByteScan result_;
};

}  // namespace

Status Store::CompactAway(std::span<const KeyRange> ranges) {
  return WithoutExceptions([&]() -> Status {
    StoreState& state = *impl_->state;
    TRACEVEC_RETURN_IF_ERROR(state.RecoverFromError());
    TRACEVEC_ASSIGN_OR_RETURN(const auto call, state.Enter());
    if (state.read_only) return Status::ReadOnly(state.path + ": opened for reading only");
    // Out of the log: once every table is written out, older logs go.
    TRACEVEC_RETURN_IF_ERROR(
        FromRocksdb(state.db->Flush({}, {state.handles.begin(), state.handles.end()}), state.path));
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    for (const KeyRange& range : ranges) {
      const rocksdb::Slice first(range.first);
      const rocksdb::Slice last(range.last);
      TRACEVEC_RETURN_IF_ERROR(FromRocksdb(
          state.db->CompactRange(options, state.table(range.table), &first, &last), state.path));
    }
    // Removes files that are not needed any more now, not at some later time.
    TRACEVEC_RETURN_IF_ERROR(FromRocksdb(state.db->DisableFileDeletions(), state.path));
    return FromRocksdb(state.db->EnableFileDeletions(/*force=*/false), state.path);
  });
}

Result<ByteScan> Store::ScanFiles(const BytePatterns& patterns, const FoundBytes& found) const {
  return WithoutExceptions([&]() -> Result<ByteScan> {
    const StoreState& state = *impl_->state;
    TRACEVEC_ASSIGN_OR_RETURN(const auto call, state.Enter());
    FileScan scan(state, patterns, found);
    TRACEVEC_RETURN_IF_ERROR(scan.Run());
    return scan.result();
  });
}

}  // namespace tracevec
