#include "retrieval/replay_data.h"

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace tracevec {
namespace {

/// Whether the collection is the same at `commit` as at `then`, the last commit that a search of
/// it saw. The journal tells: it must still have `then`, written before the search, for a commit's
/// number may be given again after a power loss, and old entries may be trimmed.
Result<bool> IsUnchanged(const Store& store, CollectionNumber collection, CommitNumber then,
                         Timestamp search_time, CommitNumber commit) {
  if (commit < then) return false;
  StoreCursor cursor = store.NewCursor(Table::kRecords, keys::JournalPrefix());
  cursor.Seek(keys::Journal(then));
  bool has_then = false;
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const CommitNumber number, keys::ParseJournal(cursor.key()));
    if (number > commit) break;
    TRACEVEC_ASSIGN_OR_RETURN(const JournalRecord record, DecodeJournal(cursor.value()));
    if (number == then) {
      has_then = record.collection == collection && record.time <= search_time;
    } else if (record.collection == collection) {
      return false;
    }
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return has_then;
}

Result<ReplayData> OpenDataOfThen(Engine& engine, const KeptReceipt& receipt) {
  ReplayData data;
  TRACEVEC_ASSIGN_OR_RETURN(data.state, engine.FindCollection(receipt.collection));
  const CommitNumber then{receipt.commit};
  const auto is_then = [&](CommitNumber commit) {
    return IsUnchanged(engine.store(), data.state->number, then, receipt.time, commit);
  };
  TRACEVEC_ASSIGN_OR_RETURN(const bool still, is_then(data.state->views.Current()->commit));
  if (still) return data;
  for (const auto& [name, record] : engine.holds().List()) {
    TRACEVEC_ASSIGN_OR_RETURN(const bool held, is_then(record.commit));
    if (!held) continue;
    TRACEVEC_ASSIGN_OR_RETURN(data.snapshot, SnapshotReader::Open(engine, name));
    TRACEVEC_ASSIGN_OR_RETURN(data.state,
                              data.snapshot->FindCollection(engine, receipt.collection));
    return data;
  }
  return Status::NotFound(
      fmt::format("data of commit {} was released: collection '{}' was written since, and no "
                  "snapshot holds it; take one to replay on it",
                  receipt.commit, receipt.collection));
}

}  // namespace

Result<ReplayData> OpenReplayData(Engine& engine, const KeptReceipt& receipt, std::string_view at) {
  if (at == "receipt") return OpenDataOfThen(engine, receipt);
  ReplayData data;
  if (at == "now") {
    TRACEVEC_ASSIGN_OR_RETURN(data.state, engine.FindCollection(receipt.collection));
    return data;
  }
  TRACEVEC_ASSIGN_OR_RETURN(data.snapshot, SnapshotReader::Open(engine, at));
  TRACEVEC_ASSIGN_OR_RETURN(data.state, data.snapshot->FindCollection(engine, receipt.collection));
  return data;
}

SearchRequest RequestOf(const KeptReceipt& receipt) {
  SearchRequest request;
  request.vector = receipt.query.vector;
  request.like = receipt.query.like;
  request.text = receipt.query.text;
  request.fusion = receipt.query.fusion;
  request.k = receipt.k;
  if (!receipt.filter.empty()) request.where = receipt.filter;
  request.field = receipt.field;
  request.exact = receipt.exact;
  request.ef = receipt.query.ef;
  request.target_recall = receipt.query.target_recall;
  request.with_content = false;
  request.space = receipt.query.space;
  return request;
}

Status CheckReplayable(const KeptReceipt& receipt) {
  if (!receipt.redacted) return Status::Ok();
  return Status::Unsupported(
      fmt::format("receipt '{}' is redacted: what was asked is not known, so it cannot be replayed",
                  receipt.id));
}

}  // namespace tracevec
