// A vector field on its way to another embedding space.

#include "core/codec.h"
#include "core/return_if_error.h"
#include "storage/record_parts.h"
#include "storage/records.h"

namespace tracevec {

std::string EncodeMigration(const MigrationRecord& record) {
  Encoder out;
  out.PutString(record.field);
  PutVectorField(out, record.other_number, record.other);
  out.PutByte(record.cut_over ? 1 : 0);
  out.PutSignedVarint(record.started.micros);
  return out.Take();
}

Result<MigrationRecord> DecodeMigration(std::string_view bytes) {
  Decoder in(bytes, "migration");
  MigrationRecord record;
  record.field = in.ReadString();
  ReadVectorField(in, record.other_number, record.other);
  record.cut_over = in.ReadBool();
  record.started = Timestamp{in.ReadSignedVarint()};
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

}  // namespace tracevec
