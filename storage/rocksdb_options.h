#pragma once

#include <rocksdb/listener.h>
#include <rocksdb/options.h>

#include <atomic>
#include <memory>

#include "storage/store.h"

namespace tracevec {

/// Every RocksDB option that is not its default, with the reason.
rocksdb::DBOptions MakeDbOptions(const StoreOptions& options);
rocksdb::ColumnFamilyOptions MakeTableOptions(Table table, const StoreOptions& options,
                                              const std::shared_ptr<rocksdb::Cache>& block_cache);
/// The cache both tables share.
std::shared_ptr<rocksdb::Cache> MakeBlockCache(const StoreOptions& options);

/// Notes in a flag, which must outlive the database, that background work failed.
std::shared_ptr<rocksdb::EventListener> MakeErrorListener(std::atomic<bool>& failed);

}  // namespace tracevec
