#include "storage/marker.h"

#include <fmt/format.h>

#include <charconv>

#include "core/content_hash.h"

namespace tracevec {
namespace {

constexpr std::string_view kMagic = "TraceVec database\nformat ";
constexpr std::string_view kChecksum = "checksum ";
constexpr std::size_t kChecksumLine = kChecksum.size() + 16 + 1;
constexpr std::size_t kMostBytes = 4096;

std::string_view StateName(Marker::State state) {
  return state == Marker::State::kReady ? "ready" : "creating";
}

/// Line 2 of a marker that is not one of this format's: only a newer format explains it.
Status CheckNewerFormat(std::string_view body) {
  std::uint32_t format = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), format);
  if (error != std::errc() || end == body.data() + body.size() || *end != '\n' ||
      format <= FormatRecord::kCurrentVersion) {
    return Status::Corruption("unreadable format or state");
  }
  return Status::Unsupported(
      fmt::format("needs a version of TraceVec that reads format {}; this "
                  "one reads up to format {}",
                  format, FormatRecord::kCurrentVersion));
}

}  // namespace

std::string EncodeMarker(const Marker& marker) {
  const std::string body =
      fmt::format("{}{}\nstate {}\n", kMagic, marker.format, StateName(marker.state));
  return fmt::format("{}{}{}\n", body, kChecksum, ToHex(HashBytes(body)));
}

Result<Marker> DecodeMarker(std::string_view bytes) {
  for (const Marker::State state : {Marker::State::kCreating, Marker::State::kReady}) {
    const Marker marker{FormatRecord::kCurrentVersion, state};
    if (bytes == EncodeMarker(marker)) return marker;
  }
  if (bytes.substr(0, kMagic.size()) != kMagic || bytes.size() < kMagic.size() + kChecksumLine ||
      bytes.size() > kMostBytes) {
    return Status::Corruption("not a marker of TraceVec");
  }
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumLine);
  const std::string_view checksum = bytes.substr(body.size());
  const std::string expected = fmt::format("{}{}\n", kChecksum, ToHex(HashBytes(body)));
  if (checksum != expected) return Status::Corruption("the checksum is wrong");
  return CheckNewerFormat(body.substr(kMagic.size()));
}

}  // namespace tracevec
