#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <random>
#include <vector>

#include "core/kernels.h"

// What the kernel tests compare against, and memory that notices an access past its end.

namespace tracevec {

/// Elements whose last one ends where an unreadable page begins, so that reading one byte past
/// them ends the test program. Those before the first one are NaN (255 or -1 for integers), so
/// that reading there changes a result.
template <typename T>
class GuardedArray {
 public:
  explicit GuardedArray(std::size_t size) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t readable = (size * sizeof(T) / page + 2) * page;
    mapped_bytes_ = readable + page;
    mapping_ =
        mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping_ == MAP_FAILED) throw std::bad_alloc();
    auto* end = static_cast<unsigned char*>(mapping_) + readable;
    if (mprotect(end, page, PROT_NONE) != 0) throw std::bad_alloc();
    std::memset(mapping_, 0xff, readable);
    data_ = reinterpret_cast<T*>(end) - size;
  }
  ~GuardedArray() { munmap(mapping_, mapped_bytes_); }
  GuardedArray(const GuardedArray&) = delete;
  GuardedArray& operator=(const GuardedArray&) = delete;

  T* data() const { return data_; }

 private:
  void* mapping_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  T* data_ = nullptr;
};

/// Random elements with `misalignment` elements before them and `misalignment + 64` after them
/// that must not count: NaN, or the largest value of an integer type.
template <typename T>
class MisalignedArray {
 public:
  MisalignedArray(std::size_t size, std::size_t misalignment, std::mt19937_64& random)
      : storage_(kAlignment / sizeof(T) + size + 2 * misalignment + 64, Poison()) {
    const auto address = reinterpret_cast<std::uintptr_t>(storage_.data());
    const std::size_t to_boundary = (kAlignment - address % kAlignment) % kAlignment;
    data_ = storage_.data() + to_boundary / sizeof(T) + misalignment;
    Fill(data_, size, random);
  }

  const T* data() const { return data_; }

  static void Fill(T* to, std::size_t size, std::mt19937_64& random) {
    for (std::size_t i = 0; i < size; ++i) to[i] = RandomElement(random);
  }

 private:
  static constexpr std::size_t kAlignment = 64;

  static constexpr T Poison() {
    using Limits = std::numeric_limits<T>;
    return Limits::has_quiet_NaN ? Limits::quiet_NaN() : Limits::max();
  }

  static T RandomElement(std::mt19937_64& random) {
    if constexpr (std::numeric_limits<T>::is_integer) {
      // The query's range is -127 to 127; codes take every byte.
      std::uniform_int_distribution<int> element(std::numeric_limits<T>::is_signed ? -127 : 0,
                                                 std::numeric_limits<T>::max());
      return static_cast<T>(element(random));
    } else {
      return std::uniform_real_distribution<T>(-1, 1)(random);
    }
  }

  std::vector<T> storage_;
  T* data_ = nullptr;
};

/// A sum in double precision, and how far a float sum of the same terms may lie from it.
struct ReferenceSum {
  double value = 0;
  double tolerance = 0;
};

inline ReferenceSum ReferenceDot(const float* a, const float* b, std::size_t count) {
  ReferenceSum sum;
  double magnitude = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double term = static_cast<double>(a[i]) * static_cast<double>(b[i]);
    sum.value += term;
    magnitude += std::abs(term);
  }
  const auto epsilon = static_cast<double>(std::numeric_limits<float>::epsilon());
  sum.tolerance = magnitude * epsilon * static_cast<double>(count);
  return sum;
}

/// Each difference and each square rounds once before it is added: two more roundings than terms.
inline ReferenceSum ReferenceL2(const float* a, const float* b, std::size_t count) {
  ReferenceSum sum;
  for (std::size_t i = 0; i < count; ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum.value += difference * difference;
  }
  const auto epsilon = static_cast<double>(std::numeric_limits<float>::epsilon());
  sum.tolerance = sum.value * epsilon * static_cast<double>(count + 2);
  return sum;
}

inline std::int64_t ReferenceDotU8S8(const std::uint8_t* codes, const std::int8_t* query,
                                     std::size_t count) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += std::int64_t{codes[i]} * std::int64_t{query[i]};
  return sum;
}

inline std::int64_t ReferenceDotU8U8(const std::uint8_t* a, const std::uint8_t* b,
                                     std::size_t count) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += std::int64_t{a[i]} * (std::int64_t{b[i]} - 128);
  return sum;
}

}  // namespace tracevec
