#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>

namespace tracevec {

/// A fixed array of trivial elements on a cache line boundary, zeroed or copied; as much of it as
/// fills huge pages has them, where the system gives them. Throws std::bad_alloc.
template <typename T>
class AlignedArray {
 public:
  static constexpr std::size_t kAlignment = 64;

  AlignedArray() = default;
  explicit AlignedArray(std::size_t count) {
    Allocate(count);
    if (count > 0) std::memset(data_.get(), 0, count * sizeof(T));
  }
  explicit AlignedArray(std::span<const T> elements) {
    Allocate(elements.size());
    if (!elements.empty()) std::memcpy(data_.get(), elements.data(), elements.size_bytes());
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  T& operator[](std::size_t i) { return data_.get()[i]; }
  const T& operator[](std::size_t i) const { return data_.get()[i]; }

 private:
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;

  struct Free {
    std::align_val_t alignment{kAlignment};
    void operator()(T* p) const { ::operator delete(p, alignment); }
  };

  void Allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    // A block of vectors takes 2 MiB less some bytes: the rest of its page is never missed. Of
    // other arrays the last part has ordinary pages.
    const std::size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
    const bool filled = bytes > 0 && whole - bytes <= bytes / 16;
    const std::size_t huge = filled ? whole : bytes / kHugePage * kHugePage;
    const std::align_val_t alignment{huge > 0 ? kHugePage : kAlignment};
    data_ = {static_cast<T*>(::operator new(std::max(bytes, huge), alignment)), Free{alignment}};
#ifdef MADV_HUGEPAGE
    // The processor's prefetcher stops at the end of a page: over pages of 4 KiB an exact scan
    // reads 50 to 60 % of what a plain sum reads, over huge pages more than 90 %.
    if (huge > 0) madvise(data_.get(), huge, MADV_HUGEPAGE);
#endif
  }

  std::unique_ptr<T, Free> data_;
};

}  // namespace tracevec
