#include "storage/rocksdb_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <algorithm>

namespace tracevec {
namespace {

constexpr std::uint64_t kLeastMemory = 8ull << 20;
constexpr int kWriteBuffers = 3;  // One being filled, two being flushed: then writers wait.

// The memtable of records never counts as full: it is flushed with the log (max_total_wal_size),
// which grows with it. Where two memtables fill up in one write and RocksDB 7.8 cannot switch the
// first, it keeps a reference to the second column family for good, and closing fails an assertion.
constexpr std::size_t kNeverFull = std::size_t{64} << 30;

std::uint64_t WriteBufferMemory(const StoreOptions& options) {
  return std::max(options.memory_bytes, kLeastMemory) / 2;
}

/// RocksDB's log of itself, for stores that must not change a byte on disk.
class NullLogger : public rocksdb::Logger {
 public:
  NullLogger() : Logger(rocksdb::InfoLogLevel::FATAL_LEVEL) {}
  using Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

class ErrorListener : public rocksdb::EventListener {
 public:
  explicit ErrorListener(BackgroundErrors& errors) : errors_(errors) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/,
                         rocksdb::Status* error) override {
    const bool soft = error->severity() <= rocksdb::Status::Severity::kSoftError;
    (soft ? errors_.soft : errors_.hard).store(true, std::memory_order_release);
  }

 private:
  BackgroundErrors& errors_;
};

rocksdb::CompressionType BestCompression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool has_lz4 =
      std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  return has_lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

}  // namespace

std::shared_ptr<rocksdb::Cache> MakeBlockCache(const StoreOptions& options) {
  const std::uint64_t total = std::max(options.memory_bytes, kLeastMemory);
  // Nothing is buffered for writing in a read-only store: the cache gets everything.
  rocksdb::LRUCacheOptions cache;
  cache.capacity = options.read_only ? total : total - WriteBufferMemory(options);
  cache.high_pri_pool_ratio = 0.5;
  return rocksdb::NewLRUCache(cache);
}

// Measured on a commit of 14 chunks (30 KB, async): 77 us, of which the log takes about 37 (its
// copy to the kernel 22, its checksum 15) and the memtables 22. Tried and left: logs without
// preallocation (80 us), a Bloom filter over the memtable (85 us), huge pages for it (no gain),
// insertion hints for each kind of key (73 us, but RocksDB 7.8 hands a hint of the points to the
// range deletions, which corrupts the memtable).
rocksdb::DBOptions MakeDbOptions(const StoreOptions& options) {
  rocksdb::DBOptions db;
  db.max_background_jobs = 2;
  // A read-only store opens all files at once: a writer beside it may delete them at any time, and
  // what is open stays readable.
  db.max_open_files = options.read_only ? -1 : 256;
  db.max_file_opening_threads = 2;

  db.paranoid_checks = true;
  db.track_and_verify_wals_in_manifest = true;
  db.verify_sst_unique_id_in_manifest = true;
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // After an error the next write recovers (StoreState::RecoverFromError), no thread of RocksDB's.
  db.max_bgerror_resume_count = 0;
  // Bounds what is replayed after a crash, since a table that is rarely written must not keep old
  // logs, and the memory for records (kNeverFull): a third of it is theirs.
  db.max_total_wal_size = WriteBufferMemory(options) / 3;

  // Starts writing the log to disk early, so that the sync at its end (RocksdbFileSystem) is short.
  db.wal_bytes_per_sync = 1 << 20;

  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  db.keep_log_file_num = 1;
  db.max_log_file_size = 1 << 20;
  if (options.read_only) db.info_log = std::make_shared<NullLogger>();
  return db;
}

rocksdb::ColumnFamilyOptions MakeTableOptions(Table table, const StoreOptions& options,
                                              const std::shared_ptr<rocksdb::Cache>& block_cache) {
  rocksdb::ColumnFamilyOptions family;
  const bool vectors = table == Table::kVectors;
  // A chunk of 384 dimensions is 1.5 KB of vector and about a third of that in records.
  const std::uint64_t share = WriteBufferMemory(options) * (vectors ? 2 : 1) / 3;
  family.write_buffer_size = vectors ? share / kWriteBuffers : kNeverFull;
  family.arena_block_size = std::clamp<std::uint64_t>(share / kWriteBuffers / 8, 4 << 10, 1 << 20);
  family.max_write_buffer_number = kWriteBuffers;
  family.level_compaction_dynamic_level_bytes = true;
  family.compression = vectors ? rocksdb::kNoCompression : BestCompression();
  // What is flushed is merged soon, and much of what updates replaced is gone then: compressing it
  // before that took 41 % of the processor time of flushes.
  if (!vectors) family.compression_per_level = {rocksdb::kNoCompression, BestCompression()};

  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = block_cache;
  blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  blocks.optimize_filters_for_memory = true;
  // Indexes and filters count against the memory budget, so they may be evicted; in partitions of
  // 4 KB, since a file's filter in one piece is hundreds of KB: with 2 million chunks in a cache of
  // 128 MiB, reading and checking such pieces again and again took 60 % of all time.
  blocks.cache_index_and_filter_blocks = true;
  blocks.cache_index_and_filter_blocks_with_high_priority = true;
  blocks.pin_l0_filter_and_index_blocks_in_cache = true;
  blocks.pin_top_level_index_and_filter = true;
  blocks.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  blocks.partition_filters = true;
  blocks.metadata_block_size = 4 << 10;
  blocks.format_version = 5;
  blocks.block_size = 16 << 10;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  return family;
}

std::shared_ptr<rocksdb::EventListener> MakeErrorListener(BackgroundErrors& errors) {
  return std::make_shared<ErrorListener>(errors);
}

}  // namespace tracevec
