#pragma once

#include <cstddef>

#include "tracevec/status.h"

namespace tracevec {

/// Takes the bytes of an image, in order.
class ImageSink {
 public:
  virtual ~ImageSink() = default;
  /// Called first, with the size of the whole image.
  virtual Status Reserve(std::size_t bytes) = 0;
  /// REQUIRES: no more in all than was reserved.
  virtual Status Append(const void* data, std::size_t bytes) = 0;
};

}  // namespace tracevec
