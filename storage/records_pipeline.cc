// Pipelines under their names.

#include "core/codec.h"
#include "core/return_if_error.h"
#include "storage/records.h"

namespace tracevec {

std::string EncodePipeline(const PipelineRecord& record) {
  Encoder out;
  out.PutSignedVarint(record.stored.micros);
  out.PutString(record.json);
  return out.Take();
}

Result<PipelineRecord> DecodePipeline(std::string_view bytes) {
  Decoder in(bytes, "pipeline");
  PipelineRecord record;
  record.stored.micros = in.ReadSignedVarint();
  record.json = in.ReadString();
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

}  // namespace tracevec
