#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/content_hash.h"
#include "tracevec/document.h"
#include "tracevec/status.h"
#include "tracevec/value.h"

// The integers, strings and values of storage/FORMAT.md. There is one encoding of everything, and
// the decoder accepts no other.

namespace tracevec {

/// Appends to a string it owns. Not thread-safe.
class Encoder {
 public:
  void PutByte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void PutVarint(std::uint64_t value);
  void PutSignedVarint(std::int64_t value);
  void PutFixed32(std::uint32_t value);
  void PutFixed64(std::uint64_t value);
  void PutDouble(double value);
  void PutString(std::string_view value);
  void PutHash(const ContentHash& hash);
  /// REQUIRES: span.start <= span.end.
  void PutSpan(const Span& span);
  /// REQUIRES: lists and maps nest at most Decoder::kMaxNesting deep.
  void PutValue(const Value& value);
  void PutMetadata(const Metadata& metadata);

  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what an Encoder wrote, from bytes that may be anything: never past their end, never
/// allocating more than a small multiple of them. The first failure is kept and ends reading: all
/// later reads give zero or empty, so that a record is read straight through and checked once, by
/// Finish(). A loop over a count must also ask ok(). The bytes must outlive this. Not thread-safe.
class Decoder {
 public:
  /// How deep lists and maps may nest within a value: what keeps recursion off the stack's end.
  static constexpr int kMaxNesting = 64;

  /// `record` names what is read, in errors; it must outlive this.
  Decoder(std::string_view bytes, std::string_view record) : bytes_(bytes), record_(record) {}

  std::uint8_t ReadByte();
  /// A byte of at most `last`; `what` names it in errors.
  std::uint8_t ReadByteUpTo(std::uint8_t last, std::string_view what);
  bool ReadBool() { return ReadByteUpTo(1, "boolean") != 0; }
  /// A byte with no bits outside `known`.
  std::uint8_t ReadFlags(std::uint8_t known);
  std::uint64_t ReadVarint();
  std::uint32_t ReadVarint32();
  std::int64_t ReadSignedVarint();
  std::uint32_t ReadFixed32();
  std::uint64_t ReadFixed64();
  double ReadDouble();
  std::string ReadString() { return std::string(ReadStringView()); }
  std::string_view ReadStringView();
  ContentHash ReadHash();
  Span ReadSpan();
  Value ReadValue() { return ReadValueAt(0); }
  Metadata ReadMetadata() { return ReadMetadataAt(0); }
  /// A count of things that take at least `least_bytes` (not 0) each: it fits what is left.
  std::size_t ReadCount(std::size_t least_bytes);

  /// Marks the record as damaged at this point.
  void Fail(std::string_view why);
  bool ok() const { return why_.empty(); }
  /// All was read, or something failed: there is no further field.
  bool at_end() const { return remaining() == 0; }
  /// OK when all bytes were read and nothing failed. Errors: Corruption, naming the record, the
  /// offset and the reason.
  Status Finish();

 private:
  Value ReadValueAt(int nesting);
  Metadata ReadMetadataAt(int nesting);
  std::size_t remaining() const { return ok() ? bytes_.size() - offset_ : 0; }

  std::string_view bytes_;
  std::string_view record_;
  std::size_t offset_ = 0;
  std::string why_;  // Empty while nothing failed.
};

}  // namespace tracevec
