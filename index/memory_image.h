#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/image_bytes.h"
#include "core/image_sink.h"
#include "index/aligned_array.h"

namespace tracevec {

/// An image in main memory, written once. Throws std::bad_alloc.
class MemoryImage final : public ImageBytes, public ImageSink {
 public:
  Status Reserve(std::size_t bytes) override {
    bytes_ = AlignedArray<std::uint8_t>(bytes);
    return Status::Ok();
  }
  Status Append(const void* data, std::size_t bytes) override {
    if (bytes > 0) std::memcpy(bytes_.data() + size_, data, bytes);
    size_ += bytes;
    return Status::Ok();
  }

  std::span<const std::uint8_t> bytes() const override { return {bytes_.data(), size_}; }
  bool in_memory() const override { return true; }

 private:
  AlignedArray<std::uint8_t> bytes_;
  std::size_t size_ = 0;
};

}  // namespace tracevec
