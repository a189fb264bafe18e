#include "core/content_hash.h"

#include <algorithm>
#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tracevec {
namespace {

std::array<char, 8> LittleEndian(std::uint64_t value) {
  std::array<char, 8> bytes;
  for (char& byte : bytes) {
    byte = static_cast<char>(value & 0xFF);
    value >>= 8;
  }
  return bytes;
}

ContentHash FromXxh(XXH128_hash_t hash) { return {hash.high64, hash.low64}; }

}  // namespace

struct ContentHasher::State {
  XXH3_state_t xxh;
};

std::string ToHex(std::uint64_t value) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex(16, '0');
  for (std::size_t i = hex.size(); i-- > 0; value >>= 4) hex[i] = kDigits[value & 15];
  return hex;
}

std::string ContentHash::ToHex() const { return tracevec::ToHex(high) + tracevec::ToHex(low); }

ContentHash HashContent(std::string_view bytes) {
  return FromXxh(XXH3_128bits(bytes.data(), bytes.size()));
}

std::uint64_t HashBytes(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

ContentHasher::ContentHasher() : state_(new State) { XXH3_128bits_reset(&state_->xxh); }

ContentHasher::~ContentHasher() { delete state_; }

// A field is its length and its bytes, all numbers little-endian on every machine: the hashes are
// stored.
void ContentHasher::Add(std::string_view field) {
  const auto length = LittleEndian(field.size());
  XXH3_128bits_update(&state_->xxh, length.data(), length.size());
  XXH3_128bits_update(&state_->xxh, field.data(), field.size());
}

void ContentHasher::Add(std::uint64_t field) {
  std::array<char, 16> bytes;  // As one field, in one update.
  const auto length = LittleEndian(sizeof field);
  const auto value = LittleEndian(field);
  std::copy(value.begin(), value.end(), std::copy(length.begin(), length.end(), bytes.begin()));
  XXH3_128bits_update(&state_->xxh, bytes.data(), bytes.size());
}

ContentHash ContentHasher::Finish() const { return FromXxh(XXH3_128bits_digest(&state_->xxh)); }

struct ByteHasher::State {
  XXH3_state_t xxh;
};

ByteHasher::ByteHasher() : state_(new State) { Reset(); }

ByteHasher::~ByteHasher() { delete state_; }

void ByteHasher::Add(std::string_view bytes) {
  XXH3_64bits_update(&state_->xxh, bytes.data(), bytes.size());
}

std::uint64_t ByteHasher::Finish() const { return XXH3_64bits_digest(&state_->xxh); }

void ByteHasher::Reset() { XXH3_64bits_reset(&state_->xxh); }

}  // namespace tracevec
