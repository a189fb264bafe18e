#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tracevec/value.h"

namespace tracevec {

struct EraseOptions {
  std::string label;  ///< Who erases it; kept in the journal.
  /// Read all files of the database afterwards and look for what was erased.
  bool verify = true;
};

/// What was erased, when, and how that was verified.
struct ErasureCertificate {
  std::string document;
  std::string collection;
  std::uint64_t commit = 0;  ///< That deleted it; 0 when it was deleted before.
  Timestamp time;            ///< When the last step ended.
  std::string label;
  std::uint32_t versions = 0;         ///< Removed, old ones included.
  std::uint32_t chunks = 0;           ///< Removed, those of old versions included.
  std::uint32_t vectors = 0;          ///< Removed.
  std::uint32_t journal_entries = 0;  ///< In which the document's id was replaced.
  std::uint32_t receipts = 0;         ///< Kept receipts that it was taken out of.

  /// Nothing of it is left. False when something below still holds it, or was found.
  bool complete = false;
  /// No record of it was there, as when it was deleted long ago, or an erasure stopped halfway.
  /// What it may have left was compacted away and its id replaced in the journal, but nobody knows
  /// what to look for: not verified, and not complete.
  bool nothing_stored = false;
  /// Snapshots that still hold it; "" stands for an open handle of a released one.
  std::vector<std::string> snapshots;
  bool held_by_readers = false;  ///< A scan or search that began before it went on for too long.

  bool verified = false;              ///< The files were read, and what follows says what of.
  std::uint64_t files_scanned = 0;    ///< As stored, and tables of records decompressed too.
  std::uint64_t bytes_scanned = 0;    ///< As stored.
  std::uint64_t values_scanned = 0;   ///< Decompressed records.
  std::uint32_t patterns = 0;         ///< Texts, metadata and vectors that were looked for.
  std::uint32_t patterns_shared = 0;  ///< Of them, those that another record has too.
  std::uint32_t patterns_short = 0;   ///< Left out: shorter than 8 bytes, or all zeros.
  std::vector<std::string> findings;  ///< File or record in which one was found. Empty: none.
};

}  // namespace tracevec
