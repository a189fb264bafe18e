#include "core/codec.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <limits>

namespace tracevec {
namespace {

template <typename Unsigned>
std::array<char, sizeof(Unsigned)> FixedBytes(Unsigned value) {
  std::array<char, sizeof(Unsigned)> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  return bytes;
}

}  // namespace

// --- Encoder ---

void Encoder::PutVarint(std::uint64_t value) {
  while (value >= 0x80) {
    PutByte(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  PutByte(static_cast<std::uint8_t>(value));
}

void Encoder::PutSignedVarint(std::int64_t value) {
  PutVarint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

void Encoder::PutFixed32(std::uint32_t value) {
  const auto bytes = FixedBytes(value);
  bytes_.append(bytes.data(), bytes.size());
}

void Encoder::PutFixed64(std::uint64_t value) {
  const auto bytes = FixedBytes(value);
  bytes_.append(bytes.data(), bytes.size());
}

void Encoder::PutDouble(double value) { PutFixed64(std::bit_cast<std::uint64_t>(value)); }

void Encoder::PutString(std::string_view value) {
  PutVarint(value.size());
  bytes_.append(value);
}

void Encoder::PutHash(const ContentHash& hash) {
  PutFixed64(hash.high);
  PutFixed64(hash.low);
}

void Encoder::PutSpan(const Span& span) {
  PutVarint(span.start);
  PutVarint(span.end - span.start);
}

void Encoder::PutValue(const Value& value) {
  PutByte(static_cast<std::uint8_t>(value.type()));
  switch (value.type()) {
    case Value::Type::kNull: return;
    case Value::Type::kBool: return PutByte(*value.AsBool() ? 1 : 0);
    case Value::Type::kInt: return PutSignedVarint(*value.AsInt());
    case Value::Type::kDouble: return PutDouble(*value.AsDouble());
    case Value::Type::kString: return PutString(*value.AsString());
    case Value::Type::kTimestamp: return PutSignedVarint(value.AsTimestamp()->micros);
    case Value::Type::kList:
      PutVarint(value.AsList()->size());
      for (const Value& element : *value.AsList()) PutValue(element);
      return;
    case Value::Type::kMap: return PutMetadata(*value.AsMap());
  }
}

void Encoder::PutMetadata(const Metadata& metadata) {
  PutVarint(metadata.size());
  for (const auto& [name, value] : metadata) {
    PutString(name);
    PutValue(value);
  }
}

// --- Decoder ---

void Decoder::Fail(std::string_view why) {
  if (ok()) why_ = why;
}

Status Decoder::Finish() {
  if (remaining() > 0) Fail(fmt::format("{} bytes after the last field", remaining()));
  if (ok()) return Status::Ok();
  return Status::Corruption(
      fmt::format("{} record: at byte {} of {}: {}", record_, offset_, bytes_.size(), why_));
}

std::uint8_t Decoder::ReadByte() {
  if (remaining() == 0) {
    Fail("the record ends early");
    return 0;
  }
  return static_cast<std::uint8_t>(bytes_[offset_++]);
}

std::uint8_t Decoder::ReadByteUpTo(std::uint8_t last, std::string_view what) {
  const std::uint8_t value = ReadByte();
  if (value <= last) return value;
  Fail(fmt::format("{}: expected 0 to {}, got {}", what, last, value));
  return 0;
}

std::uint8_t Decoder::ReadFlags(std::uint8_t known) {
  const std::uint8_t flags = ReadByte();
  if ((flags & ~known) == 0) return flags;
  Fail(fmt::format("unknown flags {:#x} of {:#x}", flags & ~known, flags));
  return 0;
}

std::uint64_t Decoder::ReadVarint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const std::uint8_t byte = ReadByte();
    if (shift == 63 && byte > 1) break;  // The tenth byte has one bit left for 64.
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      if (byte != 0 || shift == 0) return ok() ? value : 0;
      Fail("a number is not in its shortest form");
      return 0;
    }
  }
  Fail("a number has more than 64 bits");
  return 0;
}

std::uint32_t Decoder::ReadVarint32() {
  const std::uint64_t value = ReadVarint();
  if (value <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(value);
  Fail(fmt::format("a number of 32 bits is {}", value));
  return 0;
}

std::int64_t Decoder::ReadSignedVarint() {
  const std::uint64_t bits = ReadVarint();
  return static_cast<std::int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
}

std::uint32_t Decoder::ReadFixed32() {
  std::uint32_t value = 0;
  for (int shift = 0; shift < 32; shift += 8) value |= std::uint32_t{ReadByte()} << shift;
  return ok() ? value : 0;
}

std::uint64_t Decoder::ReadFixed64() {
  // Three a chunk in a list of chunks: where all bytes are there, the compiler makes one load.
  std::uint64_t value = 0;
  if (remaining() >= sizeof value) {
    for (std::size_t i = 0; i < sizeof value; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(bytes_[offset_ + i])} << (8 * i);
    }
    offset_ += sizeof value;
    return value;
  }
  for (int shift = 0; shift < 64; shift += 8) value |= std::uint64_t{ReadByte()} << shift;
  return ok() ? value : 0;
}

double Decoder::ReadDouble() { return std::bit_cast<double>(ReadFixed64()); }

std::string_view Decoder::ReadStringView() {
  const std::uint64_t size = ReadVarint();
  if (size > remaining()) {
    Fail(fmt::format("a length of {} where {} bytes are left", size, remaining()));
    return {};
  }
  const std::string_view value = bytes_.substr(offset_, static_cast<std::size_t>(size));
  offset_ += value.size();
  return value;
}

ContentHash Decoder::ReadHash() {
  ContentHash hash;
  hash.high = ReadFixed64();
  hash.low = ReadFixed64();
  return hash;
}

Span Decoder::ReadSpan() {
  Span span;
  span.start = ReadVarint();
  const std::uint64_t length = ReadVarint();
  span.end = span.start + length;
  if (span.end < span.start) Fail(fmt::format("a span from {} of length {}", span.start, length));
  return ok() ? span : Span{};
}

std::size_t Decoder::ReadCount(std::size_t least_bytes) {
  const std::uint64_t count = ReadVarint();
  if (count <= remaining() / least_bytes) return static_cast<std::size_t>(count);
  Fail(fmt::format("a count of {} where {} bytes are left", count, remaining()));
  return 0;
}

Value Decoder::ReadValueAt(int nesting) {
  const auto type = static_cast<Value::Type>(
      ReadByteUpTo(static_cast<std::uint8_t>(Value::Type::kMap), "value type"));
  if ((type == Value::Type::kList || type == Value::Type::kMap) && nesting == kMaxNesting) {
    Fail(fmt::format("values nest deeper than {}", kMaxNesting));
    return {};
  }
  switch (type) {
    case Value::Type::kNull: return {};
    case Value::Type::kBool: return ReadBool();
    case Value::Type::kInt: return ReadSignedVarint();
    case Value::Type::kDouble: return ReadDouble();
    case Value::Type::kString: return ReadString();
    case Value::Type::kTimestamp: return Timestamp{ReadSignedVarint()};
    case Value::Type::kMap: return ReadMetadataAt(nesting + 1);
    case Value::Type::kList: break;
  }
  Value::List list;
  for (std::size_t left = ReadCount(1); left > 0 && ok(); --left) {
    list.push_back(ReadValueAt(nesting + 1));
  }
  return list;
}

Metadata Decoder::ReadMetadataAt(int nesting) {
  constexpr std::size_t kLeastBytes = 2;  // An empty name and a null.
  Metadata metadata;
  for (std::size_t left = ReadCount(kLeastBytes); left > 0 && ok(); --left) {
    const std::string_view name = ReadStringView();
    if (!metadata.empty() && name <= metadata.rbegin()->first) {
      Fail("names of metadata are not in ascending order");
      return {};
    }
    metadata.emplace_hint(metadata.end(), name, ReadValueAt(nesting));
  }
  return metadata;
}

}  // namespace tracevec
