#include "storage/query_record.h"

#include <utility>

#include "storage/record_parts.h"
#include "storage/records.h"

namespace tracevec {
namespace {

// Flag bits. Stored: do not renumber.
constexpr std::uint8_t kHasEf = 1;
constexpr std::uint8_t kHasTargetRecall = 2;
constexpr std::uint8_t kHasDeadline = 4;
constexpr std::uint8_t kLastFusion = 2;
constexpr std::uint8_t kLastNormalization = 1;

void PutFloats(Encoder& out, const std::vector<float>& values) {
  out.PutVarint(values.size());
  for (const float value : values) PutFloat(out, value);
}

std::vector<float> ReadFloats(Decoder& in) {
  std::vector<float> values;
  for (std::size_t left = in.ReadCount(sizeof(float)); left > 0 && in.ok(); --left) {
    values.push_back(ReadFloat(in));
  }
  return values;
}

void PutVectors(Encoder& out, const std::vector<AskedVector>& vectors) {
  out.PutVarint(vectors.size());
  for (const AskedVector& each : vectors) {
    out.PutString(each.field);
    PutFloats(out, each.vector);
  }
}

std::vector<AskedVector> ReadVectors(Decoder& in) {
  std::vector<AskedVector> vectors;
  for (std::size_t left = in.ReadCount(2); left > 0 && in.ok(); --left) {
    AskedVector& each = vectors.emplace_back();
    each.field = in.ReadString();
    each.vector = ReadFloats(in);
  }
  return vectors;
}

/// With the bytes that a chunk's vector has in its record, by which an erasure finds it.
void PutSparseVectors(Encoder& out, const std::vector<AskedSparseVector>& vectors) {
  out.PutVarint(vectors.size());
  for (const AskedSparseVector& each : vectors) {
    out.PutString(each.field);
    out.PutString(EncodeSparseVector(each.vector));
  }
}

std::vector<AskedSparseVector> ReadSparseVectors(Decoder& in) {
  std::vector<AskedSparseVector> vectors;
  for (std::size_t left = in.ReadCount(2); left > 0 && in.ok(); --left) {
    AskedSparseVector& each = vectors.emplace_back();
    each.field = in.ReadString();
    const std::string_view bytes = in.ReadStringView();
    if (bytes.empty()) continue;
    Result<SparseVector> vector = DecodeSparseVector(bytes);
    if (vector.ok()) {
      each.vector = *std::move(vector);
    } else {
      in.Fail("a sparse vector is none");
    }
  }
  return vectors;
}

void PutPhrasings(Encoder& out, const std::vector<AskedPhrasing>& phrasings) {
  out.PutVarint(phrasings.size());
  for (const AskedPhrasing& phrasing : phrasings) {
    out.PutString(phrasing.text);
    PutFloats(out, phrasing.vector);
    PutVectors(out, phrasing.vectors);
    PutSparseVectors(out, phrasing.sparse_vectors);
  }
}

std::vector<AskedPhrasing> ReadPhrasings(Decoder& in) {
  std::vector<AskedPhrasing> phrasings;
  for (std::size_t left = in.ReadCount(4); left > 0 && in.ok(); --left) {
    AskedPhrasing& phrasing = phrasings.emplace_back();
    phrasing.text = in.ReadString();
    phrasing.vector = ReadFloats(in);
    phrasing.vectors = ReadVectors(in);
    phrasing.sparse_vectors = ReadSparseVectors(in);
  }
  return phrasings;
}

void PutFusion(Encoder& out, const Fusion& fusion) {
  out.PutByte(static_cast<std::uint8_t>(fusion.method));
  out.PutDouble(fusion.k);
  out.PutVarint(fusion.weights.size());
  for (const double weight : fusion.weights) out.PutDouble(weight);
  out.PutByte(static_cast<std::uint8_t>(fusion.normalization));
  out.PutVarint(fusion.candidates);
}

Fusion ReadFusion(Decoder& in) {
  Fusion fusion;
  fusion.method = static_cast<FusionMethod>(in.ReadByteUpTo(kLastFusion, "fusion"));
  fusion.k = in.ReadDouble();
  for (std::size_t left = in.ReadCount(sizeof(double)); left > 0 && in.ok(); --left) {
    fusion.weights.push_back(in.ReadDouble());
  }
  fusion.normalization =
      static_cast<ScoreNormalization>(in.ReadByteUpTo(kLastNormalization, "normalization"));
  fusion.candidates = in.ReadVarint32();
  return fusion;
}

}  // namespace

void PutAskedQuery(Encoder& out, const AskedQuery& query) {
  out.PutString(query.text);
  out.PutString(query.like);
  out.PutString(query.field);
  PutFloats(out, query.vector);
  PutVectors(out, query.vectors);
  PutSparseVectors(out, query.sparse_vectors);
  PutPhrasings(out, query.phrasings);
  out.PutByte((query.ef ? kHasEf : 0) | (query.target_recall ? kHasTargetRecall : 0) |
              (query.deadline_ms ? kHasDeadline : 0));
  if (query.ef) out.PutVarint(*query.ef);
  if (query.target_recall) out.PutDouble(*query.target_recall);
  if (query.deadline_ms) out.PutDouble(*query.deadline_ms);
  PutFusion(out, query.fusion);
  PutSpace(out, query.space);
}

AskedQuery ReadAskedQuery(Decoder& in) {
  AskedQuery query;
  query.text = in.ReadString();
  query.like = in.ReadString();
  query.field = in.ReadString();
  query.vector = ReadFloats(in);
  query.vectors = ReadVectors(in);
  query.sparse_vectors = ReadSparseVectors(in);
  query.phrasings = ReadPhrasings(in);
  const std::uint8_t flags = in.ReadFlags(kHasEf | kHasTargetRecall | kHasDeadline);
  if (flags & kHasEf) query.ef = in.ReadVarint32();
  if (flags & kHasTargetRecall) query.target_recall = in.ReadDouble();
  if (flags & kHasDeadline) query.deadline_ms = in.ReadDouble();
  query.fusion = ReadFusion(in);
  query.space = ReadSpace(in);
  return query;
}

}  // namespace tracevec
