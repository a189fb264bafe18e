#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/records.h"
#include "tracevec/status.h"

namespace tracevec {

/// What a directory is, readable before anything in it is opened: see FORMAT.md.
struct Marker {
  enum class State : std::uint8_t { kCreating, kReady };

  std::uint32_t format = FormatRecord::kCurrentVersion;
  State state = State::kCreating;
};

std::string EncodeMarker(const Marker& marker);
/// Errors: Corruption, Unsupported (a newer format).
Result<Marker> DecodeMarker(std::string_view bytes);

}  // namespace tracevec
