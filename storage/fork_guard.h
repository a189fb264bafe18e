#pragma once

#include <cstdint>

// Neither RocksDB's threads nor its locks survive fork(): a child that used an inherited store
// would wait for ever, or write beside its parent. So a store remembers the generation it was
// opened in.

namespace tracevec {

/// Grows in each forked child. One relaxed load. Safe for concurrent use.
std::uint64_t ForkGeneration();

/// Says that from now on this process has RocksDB's threads.
void NoteStoreThreads();

/// True in a child forked after NoteStoreThreads(): RocksDB's background threads are gone and it
/// will not start others (its pool still counts them), so a flush would wait for ever.
bool StoreThreadsWereLost();

}  // namespace tracevec
