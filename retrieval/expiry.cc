#include "retrieval/expiry.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/return_if_error.h"
#include "retrieval/clock.h"
#include "retrieval/delete.h"
#include "retrieval/document_reader.h"
#include "retrieval/garbage.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

/// Documents deleted, and garbage records swept, while writers wait.
constexpr std::size_t kExpiredACommit = 256;
constexpr std::size_t kSweptATurn = 1024;

/// Ids of documents whose newest version has expired.
Result<std::vector<std::string>> ListExpired(const Store& store, const CollectionState& state) {
  std::vector<std::string> expired;
  const Timestamp now = Now();
  std::optional<DocumentNumber> done;
  StoreCursor cursor = store.NewCursor(Table::kRecords, keys::VersionsPrefix(state.number));
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const keys::VersionKey key, keys::ParseVersion(cursor.key()));
    if (done == key.document) continue;  // Newest first.
    done = key.document;
    TRACEVEC_ASSIGN_OR_RETURN(const VersionRecord version, DecodeVersion(cursor.value()));
    if (!version.deleted && Expired(version, now)) expired.push_back(version.document_id);
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return expired;
}

}  // namespace

Status DeleteExpired(Engine& engine, CollectionState& state) {
  // Not by the view's may_expire, which is of rows: a document may have none.
  TRACEVEC_ASSIGN_OR_RETURN(const std::vector<std::string> expired,
                            ListExpired(engine.store(), state));
  for (std::size_t first = 0; first < expired.size(); first += kExpiredACommit) {
    const std::size_t count = std::min(kExpiredACommit, expired.size() - first);
    TRACEVEC_RETURN_IF_ERROR(
        DeleteIfExpired(engine, state, std::span(expired).subspan(first, count)));
  }
  return Status::Ok();
}

Status SweepAll(Engine& engine, CollectionState& state) {
  while (true) {
    const std::lock_guard writer(engine.writer_mutex());
    TRACEVEC_RETURN_IF_ERROR(state.CheckCurrent());
    const std::size_t before = state.garbage.size();
    TRACEVEC_RETURN_IF_ERROR(SweepGarbage(engine.store(), state, kSweptATurn));
    if (state.garbage.size() == before) return Status::Ok();
  }
}

}  // namespace tracevec
