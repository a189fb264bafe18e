#include "retrieval/journal.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/return_if_error.h"
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

}  // namespace tracevec
