#pragma once

#include <cstdint>
#include <span>

namespace tracevec {

/// The bytes of an image, in memory or mapped from a file, for as long as this lives. They start on
/// a cache line and do not change.
class ImageBytes {
 public:
  virtual ~ImageBytes() = default;
  virtual std::span<const std::uint8_t> bytes() const = 0;
  /// Whether they take main memory; else the system reads them from a file and may forget them.
  virtual bool in_memory() const = 0;
  /// A part of them will not be read soon: the memory it took may go. They stay readable.
  virtual void Forget(std::span<const std::uint8_t> /*part*/) const {}
};

}  // namespace tracevec
