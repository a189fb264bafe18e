#pragma once

#include <vector>

#include "retrieval/engine.h"
#include "tracevec/journal.h"

namespace tracevec {

/// The entries that a query asks for, oldest first. Cost: one pass over the journal after the
/// commit asked for. Errors: NotFound (the collection), IOError, Corruption.
Result<std::vector<JournalEntry>> ReadJournal(Engine& engine, const JournalQuery& query);

}  // namespace tracevec
