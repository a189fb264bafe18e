// How wide searches were found to have to be.

#include <fmt/format.h>

#include "core/codec.h"
#include "core/return_if_error.h"
#include "storage/records.h"

namespace tracevec {
namespace {

// Where the queries came from. Stored: do not renumber.
constexpr std::string_view kKinds[] = {"given", "recent", "stored"};

std::uint8_t KindNumber(std::string_view kind) {
  std::uint8_t number = 0;
  while (kKinds[number] != kind) ++number;
  return number;
}

void PutTuneResult(Encoder& out, const TuneResult& result) {
  out.PutDouble(result.target_recall);
  out.PutVarint(result.k);
  out.PutVarint(result.ef);
  out.PutDouble(result.recall);
  out.PutDouble(result.half_width);
  out.PutByte(KindNumber(result.queries));
  out.PutVarint(result.used);
  out.PutVarint(result.chunks);
  out.PutVarint(result.commit);
  out.PutSignedVarint(result.time.micros);
  out.PutVarint(result.points.size());
  for (const TunePoint& point : result.points) {
    out.PutVarint(point.ef);
    out.PutDouble(point.recall);
    out.PutDouble(point.micros);
  }
}

/// Widths come into searches: what is no width or no recall is refused here.
void ReadPoints(Decoder& in, TuneResult& result) {
  constexpr std::size_t kLeastBytes = 17;
  for (std::size_t left = in.ReadCount(kLeastBytes); left > 0 && in.ok(); --left) {
    TunePoint point;
    point.ef = in.ReadVarint32();
    point.recall = in.ReadDouble();
    point.micros = in.ReadDouble();
    const std::uint32_t last = result.points.empty() ? 0 : result.points.back().ef;
    if (point.ef <= last) in.Fail("widths are not in ascending order from 1");
    if (!(point.recall >= 0 && point.recall <= 1)) in.Fail("a recall is not within 0 and 1");
    if (in.ok()) result.points.push_back(point);
  }
  if (in.ok() && result.points.empty()) in.Fail("nothing was measured");
}

TuneResult ReadTuneResult(Decoder& in) {
  TuneResult result;
  result.target_recall = in.ReadDouble();
  result.k = in.ReadVarint32();
  result.ef = in.ReadVarint32();
  result.recall = in.ReadDouble();
  result.half_width = in.ReadDouble();
  result.queries = kKinds[in.ReadByteUpTo(std::size(kKinds) - 1, "kind of queries")];
  result.used = in.ReadVarint32();
  result.chunks = in.ReadVarint();
  result.commit = in.ReadVarint();
  result.time.micros = in.ReadSignedVarint();
  ReadPoints(in, result);
  if (in.ok() && result.k == 0) in.Fail("k is 0");
  return result;
}

}  // namespace

std::string EncodeTuning(const TuningRecord& record) {
  Encoder out;
  out.PutVarint(record.fields.size());
  for (const auto& [field, result] : record.fields) {
    out.PutVarint(Raw(field));
    PutTuneResult(out, result);
  }
  return out.Take();
}

Result<TuningRecord> DecodeTuning(std::string_view bytes) {
  Decoder in(bytes, "tuning");
  TuningRecord record;
  constexpr std::size_t kLeastBytes = 50;
  for (std::size_t left = in.ReadCount(kLeastBytes); left > 0 && in.ok(); --left) {
    const std::uint32_t number = in.ReadVarint32();
    if (number > 0xffff) in.Fail("a field's number is beyond 65,535");
    const FieldNumber field{static_cast<std::uint16_t>(number)};
    if (!record.fields.empty() && field <= record.fields.rbegin()->first) {
      in.Fail("fields are not in ascending order");
    }
    TuneResult result = ReadTuneResult(in);
    if (in.ok()) record.fields.emplace(field, std::move(result));
  }
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

}  // namespace tracevec
