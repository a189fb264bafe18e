#pragma once

#include <bit>
#include <cstdint>

#include "core/codec.h"
#include "core/ids.h"
#include "tracevec/schema.h"

// Parts that several records have.

namespace tracevec {

/// float32, as its bits.
inline void PutFloat(Encoder& out, float value) {
  out.PutFixed32(std::bit_cast<std::uint32_t>(value));
}
inline float ReadFloat(Decoder& in) { return std::bit_cast<float>(in.ReadFixed32()); }

FieldNumber ReadFieldNumber(Decoder& in);

void PutSpace(Encoder& out, const EmbeddingSpace& space);
EmbeddingSpace ReadSpace(Decoder& in);

/// Number, dimension, metric, space and template of a vector field.
void PutVectorField(Encoder& out, FieldNumber number, const VectorField& field);
void ReadVectorField(Decoder& in, FieldNumber& number, VectorField& field);

}  // namespace tracevec
