#pragma once

#include <rocksdb/listener.h>
#include <rocksdb/options.h>

#include <atomic>
#include <memory>

#include "storage/store.h"

namespace tracevec {

/// What failed in the background. Safe for concurrent use.
struct BackgroundErrors {
  std::atomic<bool> soft{false};  ///< A compaction: writes go on.
  std::atomic<bool> hard{false};  ///< RocksDB refuses writes.
};

/// Every RocksDB option that is not its default, with the reason.
rocksdb::DBOptions MakeDbOptions(const StoreOptions& options);
rocksdb::ColumnFamilyOptions MakeTableOptions(Table table, const StoreOptions& options,
                                              const std::shared_ptr<rocksdb::Cache>& block_cache);
/// The cache both tables share.
std::shared_ptr<rocksdb::Cache> MakeBlockCache(const StoreOptions& options);

/// Notes errors where they are seen; `errors` must outlive the database.
std::shared_ptr<rocksdb::EventListener> MakeErrorListener(BackgroundErrors& errors);

}  // namespace tracevec
