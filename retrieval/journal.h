#pragma once

#include <cstdint>
#include <vector>

#include "retrieval/engine.h"
#include "tracevec/journal.h"

namespace tracevec {

/// The entries that a query asks for, oldest first. Cost: one pass over the journal after the
/// commit asked for. Errors: NotFound (the collection), IOError, Corruption.
Result<std::vector<JournalEntry>> ReadJournal(Engine& engine, const JournalQuery& query);

/// Database::TrimJournal.
Result<std::uint64_t> TrimJournal(Engine& engine, const JournalTrim& trim);

}  // namespace tracevec
