#pragma once

#include "core/codec.h"
#include "tracevec/kept_receipt.h"

namespace tracevec {

/// What a kept receipt's search was asked, as a part of its record.
void PutAskedQuery(Encoder& out, const AskedQuery& query);
AskedQuery ReadAskedQuery(Decoder& in);

}  // namespace tracevec
