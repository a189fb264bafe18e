#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/image_files.h"
#include "storage/keys.h"
#include "tracevec/status.h"

namespace rocksdb {
class FileSystem;
}

namespace tracevec {

struct StoreOptions {
  bool read_only = false;
  bool create_if_missing = true;
  std::uint64_t memory_bytes = 256ull << 20;  ///< Write buffers and block cache together.
  /// Everything is read and written through it; null means the host's. Tests inject faults here.
  std::shared_ptr<rocksdb::FileSystem> file_system;
  std::string created_by;  ///< Library version, kept when a store is created.
};

/// Writes that become durable and visible together or not at all. Not thread-safe.
class StoreBatch {
 public:
  StoreBatch();
  ~StoreBatch();
  StoreBatch(StoreBatch&&) noexcept;
  StoreBatch& operator=(StoreBatch&&) noexcept;

  void Put(Table table, std::string_view key, std::string_view value);
  void Delete(Table table, std::string_view key);
  /// Deletes every key that starts with the prefix.
  void DeletePrefix(Table table, std::string_view prefix);
  /// Deletes every key from `first` on that is smaller than `last`.
  void DeleteRange(Table table, std::string_view first, std::string_view last);
  bool empty() const;
  std::uint64_t size_bytes() const;
  void Clear();

  class Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// Walks the keys that start with a prefix, in order, over the state at its creation.
/// Keys and values stay valid until the next call. Not thread-safe.
class StoreCursor {
 public:
  class Impl;
  explicit StoreCursor(std::unique_ptr<Impl> impl);
  ~StoreCursor();
  StoreCursor(StoreCursor&&) noexcept;

  bool Valid() const;
  void Next();
  /// Moves to the first key at or after `key` (which starts with the prefix).
  void Seek(std::string_view key);
  std::string_view key() const;
  std::string_view value() const;
  /// After Valid() turned false: OK at the end, else what went wrong.
  Status status() const;

 private:
  std::unique_ptr<Impl> impl_;
};

/// A value that stays pinned in the store's cache instead of being copied.
class PinnedValue {
 public:
  class Impl;
  explicit PinnedValue(std::unique_ptr<Impl> impl);
  ~PinnedValue();
  PinnedValue(PinnedValue&&) noexcept;
  PinnedValue& operator=(PinnedValue&&) noexcept;
  std::string_view view() const;

 private:
  std::unique_ptr<Impl> impl_;
};

class BytePatterns;

/// Keys from `first` to `last`, both included.
struct KeyRange {
  Table table = Table::kRecords;
  std::string first;
  std::string last;
};

/// Where bytes were found: in a file as stored, or in a decompressed record of it.
struct BytePlace {
  std::string_view file;
  std::string_view key;  ///< Of the record.
  bool decompressed = false;
};
using FoundBytes = std::function<void(const BytePlace& place, std::size_t pattern)>;

/// What a scan of the files read.
struct ByteScan {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;   ///< As stored.
  std::uint64_t values = 0;  ///< Decompressed.
};

/// The ordered key-value store under everything that is true: RocksDB in `<path>/store`, beside a
/// marker file `<path>/TRACEVEC` that says what the directory is and in which format. The only
/// class that touches RocksDB. Safe for concurrent use.
class Store {
 public:
  /// Errors: NotFound (missing and not to be created, or read-only), InvalidArgument (a non-empty
  /// directory without a marker, or a file: nothing is changed), Unsupported (newer format or
  /// unknown feature: "needs format 2 or later"), Unavailable (another writer; its pid),
  /// Corruption, IOError.
  static Result<std::unique_ptr<Store>> Open(const std::string& path, const StoreOptions& options);
  ~Store();

  /// One atomic write. With `sync` it waits for the disk. After an error the write is wholly there
  /// or wholly absent. The next call recovers, once there is space again and no cursor is open; if
  /// the write turns out to be there after all, every call fails until the store is opened again.
  /// Errors: ResourceExhausted (no space), IOError, ReadOnly, Corruption.
  Status Write(StoreBatch& batch, bool sync);

  Result<std::optional<std::string>> Get(Table table, std::string_view key) const;
  Result<std::optional<PinnedValue>> GetPinned(Table table, std::string_view key) const;
  /// Values in the order of the keys. One call is cheaper than many.
  Result<std::vector<std::optional<std::string>>> MultiGet(
      Table table, const std::vector<std::string>& keys) const;
  StoreCursor NewCursor(Table table, std::string_view prefix) const;

  /// Merges the files in which records lie that were deleted or replaced, so that they give their
  /// disk space back. Errors: IOError, ResourceExhausted, ReadOnly.
  Status Compact();
  /// The same for what was deleted within some ranges, so thoroughly that no file has a byte of it
  /// any more, logs included. Cost: the files that overlap the ranges are written anew. Iterators
  /// hold files that they read.
  Status CompactAway(std::span<const KeyRange> ranges);
  /// Reads every file that has data, as stored, and tables of records decompressed too, and says
  /// where patterns stand. In a directory decompressed records come first. Cost: everything is read
  /// twice.
  Result<ByteScan> ScanFiles(const BytePatterns& patterns, const FoundBytes& found) const;
  /// Files beside the records, which are derived from them. REQUIRES: this is not closed.
  ImageFiles& image_files() const;

  /// Everything written so far reaches the disk.
  Status Sync();
  /// Writes buffers to files, marks the shutdown clean unless read-only, and releases the
  /// directory. Later calls return Closed. Closing twice is OK.
  Status Close();

  /// What every call would return first: Closed after Close, Unavailable in a forked child of the
  /// process that opened it. Cheap.
  Status CheckUsable() const;
  bool read_only() const;
  bool was_created() const;          ///< By this Open.
  bool recovered_unclean() const;    ///< The last writer did not close.
  std::uint64_t disk_bytes() const;  ///< Of records and image files.

  class Impl;

 private:
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tracevec
