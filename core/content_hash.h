#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tracevec {

/// A 128-bit hash of content (XXH3-128 by Yann Collet). Not cryptographic: it tells changed from
/// unchanged, it does not resist a forger.
struct ContentHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const ContentHash&, const ContentHash&) = default;
  /// 32 hex digits, high half first.
  std::string ToHex() const;
};

ContentHash HashContent(std::string_view bytes);
/// XXH3-64.
std::uint64_t HashBytes(std::string_view bytes);
/// 16 lower-case hex digits.
std::string ToHex(std::uint64_t value);

/// Hashes a sequence of fields so that ("ab","c") and ("a","bc") differ.
class ContentHasher {
 public:
  ContentHasher();
  ~ContentHasher();
  ContentHasher(const ContentHasher&) = delete;
  ContentHasher& operator=(const ContentHasher&) = delete;
  void Add(std::string_view field);
  void Add(std::uint64_t field);
  ContentHash Finish() const;

 private:
  struct State;
  State* state_;
};

/// XXH3-64 of bytes that come in parts: the same as HashBytes of all of them.
class ByteHasher {
 public:
  ByteHasher();
  ~ByteHasher();
  ByteHasher(const ByteHasher&) = delete;
  ByteHasher& operator=(const ByteHasher&) = delete;
  void Add(std::string_view bytes);
  std::uint64_t Finish() const;
  /// Starts over.
  void Reset();

 private:
  struct State;
  State* state_;
};

}  // namespace tracevec
