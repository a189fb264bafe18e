#pragma once

#include <cstddef>
#include <string_view>

#include "retrieval/stage.h"
#include "retrieval/stage_reader.h"
#include "tracevec/status.h"

namespace tracevec {

/// Sets the range of a candidate whose chunk is a slice of its document, and the text of one whose
/// text was given apart. Does nothing where that is done. Errors: Corruption, IOError.
Status Locate(StageReader& reader, PassageCandidate* candidate);
/// The same in the candidate's document, and returns the ordinal of its best chunk.
Result<std::size_t> LocateIn(StageDocument& document, PassageCandidate* candidate);

/// What a candidate says. Valid as long as the reader, and the candidate's `text`. Errors: those of
/// Locate.
Result<std::string_view> TextOf(StageReader& reader, PassageCandidate* candidate);

/// Makes `candidate->passage` of what the candidate has come to. Errors: those of Locate.
Status FillPassage(StageReader& reader, PassageCandidate* candidate);

}  // namespace tracevec
