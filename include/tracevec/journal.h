#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tracevec/document.h"
#include "tracevec/value.h"

namespace tracevec {

/// What one commit did, and who wrote it.
struct JournalEntry {
  std::uint64_t commit = 0;
  Timestamp time;
  std::string collection;  ///< Empty when it was dropped since.
  /// "create", "drop", "put", "rename", "upsert", "delete", "update_metadata", "expire", "erase",
  /// "begin_migration", "fill_migration", "cut_over", "roll_back", "finish_migration" or
  /// "trim_journal".
  std::string kind;
  std::string label;             ///< Who wrote it, if said.
  std::string document;          ///< Its id, when it was one; "erased:..." once it was erased.
  std::uint32_t documents = 0;   ///< Documents or loose vectors touched.
  std::uint32_t kept = 0;        ///< Chunks that stayed; for update_metadata those changed.
  std::uint32_t added = 0;       ///< Chunks that are new.
  std::uint32_t removed = 0;     ///< Chunks that went.
  std::uint32_t embedded = 0;    ///< Texts that embedders were called for.
  std::vector<EmbedCall> calls;  ///< Of embedders, one a batch, in order.
};

/// Which entries of the journal are wanted. Conditions that are not set hold for all.
struct JournalQuery {
  std::uint64_t after_commit = 0;  ///< Only later commits.
  std::optional<Timestamp> since;  ///< Only at or after this time.
  std::string collection;          ///< Only of this one, which exists.
  std::string document;            ///< Only commits that touched this document and no other.
  std::string label;               ///< Only by this writer.
  std::uint64_t limit = 0;         ///< At most so many, the oldest first; 0: all.
};

/// Which entries of the journal are not kept any longer. At least one condition is given, and
/// entries for which any holds go; the journal loses its beginning, never a part from its middle.
struct JournalTrim {
  std::optional<Timestamp> before;    ///< Those older than this.
  std::optional<std::uint64_t> keep;  ///< All but so many of the newest.
  std::string label;                  ///< Who trims; kept in the journal.
};

}  // namespace tracevec
