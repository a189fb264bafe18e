#pragma once

#include "retrieval/collection_state.h"
#include "storage/store.h"
#include "tracevec/status.h"

namespace tracevec {

/// Makes the index of a collection as of its counters: from image files, as far as they are whole,
/// and from the store what they do not hold. An image that cannot be used costs the time to read
/// its rows from the store, and gives one warning. Sets state.index, may_expire, stored_index, and
/// publishes a view of them.
/// REQUIRES: Engine::writer_mutex() held. Errors: IOError, Corruption of the store's records; then
/// the state is as it was, as it is without memory (std::bad_alloc).
Status LoadIndex(const Store& store, CollectionState& state);

/// Sets what of stored_index is known without an index, which a small collection does not have: its
/// commits must record what they change as long as a checkpoint is stored.
Status LoadStoredIndex(const Store& store, CollectionState& state);

}  // namespace tracevec
