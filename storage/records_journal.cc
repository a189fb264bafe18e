// What commits did, and what they left behind for the sweeper.

#include "core/codec.h"
#include "core/return_if_error.h"
#include "storage/records.h"

namespace tracevec {
namespace {

constexpr std::uint8_t kWholeDocument = 1;  // Flag bit. Stored: do not renumber.

void PutCall(Encoder& out, const EmbedCall& call) {
  out.PutString(call.field);
  out.PutVarint(call.texts);
  out.PutDouble(call.micros);
  out.PutByte(call.info ? 1 : 0);
  if (!call.info) return;
  out.PutString(call.info->model);
  out.PutString(call.info->version);
  out.PutVarint(call.info->tokens_in);
  out.PutVarint(call.info->tokens_out);
  out.PutDouble(call.info->cost);
  out.PutVarint(call.info->attempts);
}

EmbedCall ReadCall(Decoder& in) {
  EmbedCall call;
  call.field = in.ReadString();
  call.texts = in.ReadVarint32();
  call.micros = in.ReadDouble();
  if (!in.ReadBool()) return call;
  CallInfo& info = call.info.emplace();
  info.model = in.ReadString();
  info.version = in.ReadString();
  info.tokens_in = in.ReadVarint();
  info.tokens_out = in.ReadVarint();
  info.cost = in.ReadDouble();
  info.attempts = in.ReadVarint32();
  return call;
}

/// The trailing fields: texts embedded, and the calls.
void ReadEmbedding(Decoder& in, JournalRecord& record) {
  constexpr std::size_t kLeastCallBytes = 1 + 1 + 8 + 1;
  record.embedded = in.ReadVarint32();
  for (std::size_t left = in.ReadCount(kLeastCallBytes); left > 0 && in.ok(); --left) {
    record.calls.push_back(ReadCall(in));
  }
  if (record.embedded == 0 && record.calls.empty()) in.Fail("trailing fields are their defaults");
}

}  // namespace

std::string EncodeJournal(const JournalRecord& record) {
  Encoder out;
  out.PutSignedVarint(record.time.micros);
  out.PutVarint(Raw(record.collection));
  out.PutString(record.kind);
  out.PutString(record.label);
  out.PutString(record.document);
  out.PutVarint(record.documents);
  out.PutVarint(record.kept);
  out.PutVarint(record.added);
  out.PutVarint(record.removed);
  if (record.embedded == 0 && record.calls.empty()) return out.Take();
  out.PutVarint(record.embedded);
  out.PutVarint(record.calls.size());
  for (const EmbedCall& call : record.calls) PutCall(out, call);
  return out.Take();
}

Result<JournalRecord> DecodeJournal(std::string_view bytes) {
  Decoder in(bytes, "journal");
  JournalRecord record;
  record.time = Timestamp{in.ReadSignedVarint()};
  record.collection = CollectionNumber{in.ReadVarint32()};
  record.kind = in.ReadString();
  record.label = in.ReadString();
  record.document = in.ReadString();
  record.documents = in.ReadVarint32();
  record.kept = in.ReadVarint32();
  record.added = in.ReadVarint32();
  record.removed = in.ReadVarint32();
  if (in.ok() && !in.at_end()) ReadEmbedding(in, record);
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

std::string EncodeSnapshot(const SnapshotRecord& record) {
  Encoder out;
  out.PutVarint(Raw(record.commit));
  out.PutVarint(record.timeline);
  out.PutSignedVarint(record.created.micros);
  out.PutVarint(Raw(record.next_collection));
  return out.Take();
}

Result<SnapshotRecord> DecodeSnapshot(std::string_view bytes) {
  Decoder in(bytes, "snapshot");
  SnapshotRecord record;
  record.commit = CommitNumber{in.ReadVarint()};
  record.timeline = in.ReadVarint();
  record.created = Timestamp{in.ReadSignedVarint()};
  record.next_collection = CollectionNumber{in.ReadVarint32()};
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

std::string EncodeGarbage(const GarbageRecord& record) {
  Encoder out;
  out.PutVarint(Raw(record.document));
  out.PutVarint(record.version);
  out.PutByte(record.whole_document ? kWholeDocument : 0);
  if (record.whole_document) out.PutString(record.document_id);
  return out.Take();
}

Result<GarbageRecord> DecodeGarbage(std::string_view bytes) {
  Decoder in(bytes, "garbage");
  GarbageRecord record;
  record.document = DocumentNumber{in.ReadVarint()};
  record.version = in.ReadVarint32();
  record.whole_document = in.ReadFlags(kWholeDocument) != 0;
  if (record.whole_document) record.document_id = in.ReadString();
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

}  // namespace tracevec
