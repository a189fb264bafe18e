#include "retrieval/journal.h"

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/return_if_error.h"
#include "retrieval/clock.h"
#include "retrieval/validate.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace tracevec {
namespace {

Result<std::map<CollectionNumber, std::string>> CollectionNames(const Store& store) {
  const std::string prefix = keys::CollectionNamesPrefix();
  std::map<CollectionNumber, std::string> names;
  StoreCursor cursor = store.NewCursor(Table::kRecords, prefix);
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const CollectionNumber number,
                              DecodeCollectionNumber(cursor.value()));
    names[number] = cursor.key().substr(prefix.size());
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return names;
}

bool IsWanted(const JournalRecord& record, const JournalQuery& query,
              std::optional<CollectionNumber> collection) {
  if (collection && record.collection != *collection) return false;
  if (query.since && record.time < *query.since) return false;
  if (!query.document.empty() && record.document != query.document) return false;
  return query.label.empty() || record.label == query.label;
}

JournalEntry MakeEntry(CommitNumber commit, JournalRecord record,
                       const std::map<CollectionNumber, std::string>& names) {
  JournalEntry entry;
  entry.commit = Raw(commit);
  entry.time = record.time;
  if (const auto name = names.find(record.collection); name != names.end()) {
    entry.collection = name->second;
  }
  entry.kind = std::move(record.kind);
  entry.label = std::move(record.label);
  entry.document = std::move(record.document);
  entry.documents = record.documents;
  entry.kept = record.kept;
  entry.added = record.added;
  entry.removed = record.removed;
  entry.embedded = record.embedded;
  entry.calls = std::move(record.calls);
  return entry;
}

/// Where the part of the journal begins that stays.
struct KeptJournal {
  CommitNumber first{};  ///< Entries before it go.
  std::uint64_t removed = 0;
};

Result<KeptJournal> FindKept(const Store& store, const JournalTrim& trim) {
  std::vector<CommitNumber> commits;
  std::optional<std::uint64_t> recent;  // How many come before the first that is not old.
  StoreCursor cursor = store.NewCursor(Table::kRecords, keys::JournalPrefix());
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const CommitNumber commit, keys::ParseJournal(cursor.key()));
    if (trim.before && !recent) {
      TRACEVEC_ASSIGN_OR_RETURN(const JournalRecord record, DecodeJournal(cursor.value()));
      if (record.time >= *trim.before) recent = commits.size();
    }
    commits.push_back(commit);
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  KeptJournal kept;
  if (trim.before) kept.removed = recent.value_or(commits.size());
  if (trim.keep && commits.size() > *trim.keep) {
    kept.removed = std::max(kept.removed, commits.size() - *trim.keep);
  }
  if (kept.removed == 0) return kept;
  const bool all = kept.removed == commits.size();
  kept.first = all ? CommitNumber{Raw(commits.back()) + 1} : commits[kept.removed];
  return kept;
}

}  // namespace

Result<std::vector<JournalEntry>> ReadJournal(Engine& engine, const JournalQuery& query) {
  std::optional<CollectionNumber> collection;
  if (!query.collection.empty()) {
    TRACEVEC_ASSIGN_OR_RETURN(const auto state, engine.FindCollection(query.collection));
    collection = state->number;
  }
  TRACEVEC_ASSIGN_OR_RETURN(const auto names, CollectionNames(engine.store()));
  std::vector<JournalEntry> entries;
  StoreCursor cursor = engine.store().NewCursor(Table::kRecords, keys::JournalPrefix());
  if (query.after_commit > 0) cursor.Seek(keys::Journal(CommitNumber{query.after_commit}));
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const CommitNumber commit, keys::ParseJournal(cursor.key()));
    if (Raw(commit) <= query.after_commit) continue;
    TRACEVEC_ASSIGN_OR_RETURN(JournalRecord record, DecodeJournal(cursor.value()));
    if (!IsWanted(record, query, collection)) continue;
    entries.push_back(MakeEntry(commit, std::move(record), names));
    if (query.limit > 0 && entries.size() >= query.limit) return entries;
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return entries;
}

Result<std::uint64_t> TrimJournal(Engine& engine, const JournalTrim& trim) {
  TRACEVEC_RETURN_IF_ERROR(engine.CheckWritable());
  TRACEVEC_RETURN_IF_ERROR(CheckLabel(trim.label));
  if (!trim.before && !trim.keep) {
    return Status::InvalidArgument("trim_journal: give `before` or `keep`");
  }
  TRACEVEC_ASSIGN_OR_RETURN(const KeptJournal kept, FindKept(engine.store(), trim));
  if (kept.removed == 0) return std::uint64_t{0};
  const std::lock_guard writer(engine.writer_mutex());
  const CommitNumber commit = engine.TakeCommitNumber();
  JournalRecord entry;
  entry.time = Now();
  entry.kind = "trim_journal";
  entry.label = trim.label;
  entry.removed = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(kept.removed, std::numeric_limits<std::uint32_t>::max()));
  StoreBatch batch;
  batch.DeleteRange(Table::kRecords, keys::JournalPrefix(), keys::Journal(kept.first));
  batch.Put(Table::kRecords, keys::Journal(commit), EncodeJournal(entry));
  batch.Put(Table::kRecords, keys::Commit(), EncodeCommit({commit, engine.timeline()}));
  TRACEVEC_RETURN_IF_ERROR(engine.store().Write(batch, /*sync=*/true));
  engine.SetLastCommit(commit);
  return kept.removed;
}

}  // namespace tracevec
