#include "retrieval/replay_data.h"

#include <utility>

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

std::vector<FieldVector> VectorsOf(const std::vector<AskedVector>& asked) {
  std::vector<FieldVector> vectors;
  for (const AskedVector& each : asked) vectors.push_back({each.field, each.vector});
  return vectors;
}

std::vector<SparseFieldVector> SparseVectorsOf(const std::vector<AskedSparseVector>& asked) {
  std::vector<SparseFieldVector> vectors;
  for (const AskedSparseVector& each : asked) vectors.push_back({each.field, each.vector});
  return vectors;
}

/// Takes a request apart.
class Splitter {
 public:
  explicit Splitter(const SearchRequest& request) : request_(request), base_(request) {
    base_.vector = {};
    base_.like.clear();
    base_.field.clear();
    base_.text.clear();
    base_.vectors.clear();
    base_.sparse_vectors.clear();
    base_.phrasings.clear();
    base_.fusion.weights.clear();
  }

  std::vector<OneSource> Run() {
    if (!request_.like.empty()) {
      OneSource& one = Add(SourceKind::kDense, request_.field, 0);
      one.request.like = request_.like;
      one.request.field = request_.field;
    }
    AddPhrasing({request_.vector, request_.vectors, request_.text, request_.sparse_vectors}, 0);
    for (std::uint32_t i = 0; i < request_.phrasings.size(); ++i) {
      AddPhrasing(request_.phrasings[i], i + 1);
    }
    return std::move(sources_);
  }

 private:
  OneSource& Add(SourceKind kind, const std::string& field, std::uint32_t phrasing) {
    return sources_.emplace_back(OneSource{kind, field, phrasing, base_});
  }
  void AddVector(const std::string& field, std::span<const float> vector, std::uint32_t phrasing) {
    OneSource& one = Add(SourceKind::kDense, field, phrasing);
    one.request.vector = vector;
    one.request.field = field;
  }
  void AddPhrasing(const Phrasing& phrasing, std::uint32_t number) {
    if (!phrasing.vector.empty()) AddVector(request_.field, phrasing.vector, number);
    for (const FieldVector& each : phrasing.vectors) AddVector(each.field, each.vector, number);
    for (const SparseFieldVector& each : phrasing.sparse_vectors) {
      Add(SourceKind::kSparse, each.field, number).request.sparse_vectors = {each};
    }
    if (!phrasing.text.empty()) {
      Add(SourceKind::kLexical, "", number).request.text = phrasing.text;
    }
  }

  const SearchRequest& request_;
  SearchRequest base_;  // Without a source.
  std::vector<OneSource> sources_;
};

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
  request.vectors = VectorsOf(receipt.query.vectors);
  request.sparse_vectors = SparseVectorsOf(receipt.query.sparse_vectors);
  for (const AskedPhrasing& phrasing : receipt.query.phrasings) {
    request.phrasings.push_back({phrasing.vector, VectorsOf(phrasing.vectors), phrasing.text,
                                 SparseVectorsOf(phrasing.sparse_vectors)});
  }
  request.fusion = receipt.query.fusion;
  request.k = receipt.k;
  if (!receipt.filter.empty()) request.where = receipt.filter;
  request.field = receipt.query.field;
  request.exact = receipt.exact;
  request.ef = receipt.query.ef;
  request.target_recall = receipt.query.target_recall;
  request.with_content = false;
  request.space = receipt.query.space;
  return request;
}

std::vector<OneSource> SplitBySource(const SearchRequest& request) {
  return Splitter(request).Run();
}

Status CheckReplayable(const KeptReceipt& receipt) {
  if (!receipt.redacted) return Status::Ok();
  return Status::Unsupported(
      fmt::format("receipt '{}' is redacted: what was asked is not known, so it cannot be replayed",
                  receipt.id));
}

}  // namespace tracevec
