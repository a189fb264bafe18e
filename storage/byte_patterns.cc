#include "storage/byte_patterns.h"

#include <algorithm>
#include <cstring>

namespace tracevec {

std::uint64_t BytePatterns::FirstBytes(const char* bytes) {
  std::uint64_t first = 0;
  std::memcpy(&first, bytes, sizeof(first));
  return first;
}

std::size_t BytePatterns::FilterBit(std::uint64_t first_bytes) {
  return (first_bytes * 0x9e3779b97f4a7c15ULL) >> 48;  // Fibonacci hashing to 16 bits.
}

bool BytePatterns::Add(std::string_view pattern) {
  if (pattern.size() < kShortest) return false;
  const std::uint64_t first = FirstBytes(pattern.data());
  const auto [begin, end] = by_first_bytes_.equal_range(first);
  const bool is_known =
      std::any_of(begin, end, [&](const auto& each) { return patterns_[each.second] == pattern; });
  if (is_known) return false;
  by_first_bytes_.emplace(first, static_cast<std::uint32_t>(patterns_.size()));
  filter_.set(FilterBit(first));
  longest_ = std::max(longest_, pattern.size());
  patterns_.emplace_back(pattern);
  return true;
}

void BytePatterns::Find(std::string_view bytes,
                        const std::function<void(std::size_t)>& found) const {
  if (bytes.size() < kShortest || patterns_.empty()) return;
  for (std::size_t at = 0; at + kShortest <= bytes.size(); ++at) {
    const std::uint64_t first = FirstBytes(bytes.data() + at);
    if (!filter_.test(FilterBit(first))) continue;
    const auto [begin, end] = by_first_bytes_.equal_range(first);
    for (auto candidate = begin; candidate != end; ++candidate) {
      if (bytes.substr(at).starts_with(patterns_[candidate->second])) found(candidate->second);
    }
  }
}

}  // namespace tracevec
