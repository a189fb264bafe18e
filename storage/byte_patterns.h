#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tracevec {

/// Finds any of many byte strings in one pass. Immutable once all were added; then safe for
/// concurrent use. Cost of a search: about 1 ns a byte.
class BytePatterns {
 public:
  static constexpr std::size_t kShortest = 8;

  /// False when it is too short, or there already.
  bool Add(std::string_view pattern);
  std::size_t size() const { return patterns_.size(); }
  std::size_t longest() const { return longest_; }
  const std::string& pattern(std::size_t index) const { return patterns_[index]; }

  /// Calls `found` with the index of each pattern at each place where it stands.
  void Find(std::string_view bytes, const std::function<void(std::size_t)>& found) const;

 private:
  static constexpr std::size_t kFilterBits = std::size_t{1} << 16;
  static std::uint64_t FirstBytes(const char* bytes);
  static std::size_t FilterBit(std::uint64_t first_bytes);

  std::vector<std::string> patterns_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> by_first_bytes_;
  std::bitset<kFilterBits> filter_;  // Of the first bytes: what is not in it is not looked up.
  std::size_t longest_ = 0;
};

}  // namespace tracevec
