// What commits did, and what they left behind for the sweeper.

#include "core/codec.h"
#include "core/return_if_error.h"
#include "storage/records.h"

namespace tracevec {
namespace {

constexpr std::uint8_t kWholeDocument = 1;  // Flag bit. Stored: do not renumber.

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
