#pragma once

#include "core/codec.h"
#include "core/ids.h"
#include "tracevec/schema.h"

// Parts that several records have.

namespace tracevec {

FieldNumber ReadFieldNumber(Decoder& in);

void PutSpace(Encoder& out, const EmbeddingSpace& space);
EmbeddingSpace ReadSpace(Decoder& in);

/// Number, dimension, metric, space and template of a vector field.
void PutVectorField(Encoder& out, FieldNumber number, const VectorField& field);
void ReadVectorField(Decoder& in, FieldNumber& number, VectorField& field);

}  // namespace tracevec
