// What is stored of indexes: which image files count, and what changed since.

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "core/codec.h"
#include "core/return_if_error.h"
#include "storage/records.h"

namespace tracevec {
namespace {

// Flag bits. Stored: do not renumber.
constexpr std::uint8_t kMayExpire = 1;
constexpr std::uint8_t kHasStamp = 1;

/// Ascending numbers as their differences: one byte each where they are dense.
template <typename Number>
void PutAscending(Encoder& out, const std::vector<Number>& numbers) {
  out.PutVarint(numbers.size());
  std::uint64_t last = 0;
  for (const Number number : numbers) {
    out.PutVarint(static_cast<std::uint64_t>(number) - last);
    last = static_cast<std::uint64_t>(number);
  }
}

/// Strictly ascending numbers up to `largest`.
template <typename Number>
std::vector<Number> ReadAscending(Decoder& in, std::uint64_t largest) {
  std::vector<Number> numbers;
  std::uint64_t last = 0;
  for (std::size_t left = in.ReadCount(1); left > 0 && in.ok(); --left) {
    const std::uint64_t difference = in.ReadVarint();
    if (difference == 0 && !numbers.empty()) in.Fail("numbers are not in ascending order");
    if (difference > largest - last) in.Fail(fmt::format("a number is beyond {}", largest));
    if (!in.ok()) break;
    last += difference;
    numbers.push_back(static_cast<Number>(last));
  }
  return numbers;
}

void PutImage(Encoder& out, const ImageRecord& image) {
  out.PutVarint(image.number);
  out.PutFixed64(image.checksum);
  out.PutVarint(image.rows);
  out.PutByte(image.stamp ? kHasStamp : 0);
  if (image.stamp) {
    out.PutVarint(image.stamp->size_bytes);
    out.PutVarint(image.stamp->inode);
    out.PutSignedVarint(image.stamp->modified_ns);
  }
  PutAscending(out, image.dead);
}

ImageRecord ReadImage(Decoder& in) {
  ImageRecord image;
  image.number = in.ReadVarint();
  image.checksum = in.ReadFixed64();
  image.rows = in.ReadVarint32();
  if (in.ReadFlags(kHasStamp) != 0) {
    FileStamp stamp;
    stamp.size_bytes = in.ReadVarint();
    stamp.inode = in.ReadVarint();
    stamp.modified_ns = in.ReadSignedVarint();
    image.stamp = stamp;
  }
  if (image.rows == 0) in.Fail("an image has no rows");
  image.dead = ReadAscending<std::uint32_t>(in, image.rows == 0 ? 0 : image.rows - 1);
  return image;
}

void PutColumns(Encoder& out, const std::vector<ColumnsRecord>& columns) {
  if (columns.empty()) return;
  out.PutVarint(columns.size());
  for (const ColumnsRecord& each : columns) {
    out.PutVarint(each.image);
    out.PutVarint(each.number);
    out.PutFixed64(each.checksum);
    out.PutVarint(Raw(each.as_of));
  }
}

void ReadColumns(Decoder& in, IndexCheckpointRecord* record) {
  constexpr std::size_t kLeastColumnsBytes = 11;  // Three numbers of one byte and a checksum.
  if (in.at_end()) return;
  std::uint64_t next = 0;
  const std::size_t count = in.ReadCount(kLeastColumnsBytes);
  if (count == 0) in.Fail("there are columns of no image");
  for (std::size_t left = count; left > 0 && in.ok(); --left) {
    ColumnsRecord columns;
    columns.image = in.ReadVarint();
    columns.number = in.ReadVarint();
    columns.checksum = in.ReadFixed64();
    columns.as_of = CommitNumber{in.ReadVarint()};
    if (columns.image < next) in.Fail("columns are not in the order of their images");
    if (columns.image >= record->images.size()) in.Fail("there are columns of no image");
    if (columns.as_of > record->commit) in.Fail("columns are newer than the checkpoint");
    next = columns.image + 1;
    record->columns.push_back(columns);
  }
}

constexpr std::uint64_t kLargestDocument = std::numeric_limits<std::uint64_t>::max();

}  // namespace

std::string EncodeIndexCheckpoint(const IndexCheckpointRecord& record) {
  Encoder out;
  out.PutVarint(Raw(record.commit));
  out.PutByte(record.may_expire ? kMayExpire : 0);
  out.PutVarint(record.images.size());
  for (const ImageRecord& image : record.images) PutImage(out, image);
  PutAscending(out, record.stale_documents);
  PutColumns(out, record.columns);
  return out.Take();
}

Result<IndexCheckpointRecord> DecodeIndexCheckpoint(std::string_view bytes) {
  constexpr std::size_t kLeastImageBytes = 12;  // Four numbers of one byte and a checksum.
  Decoder in(bytes, "index checkpoint");
  IndexCheckpointRecord record;
  record.commit = CommitNumber{in.ReadVarint()};
  record.may_expire = in.ReadFlags(kMayExpire) != 0;
  for (std::size_t left = in.ReadCount(kLeastImageBytes); left > 0 && in.ok(); --left) {
    record.images.push_back(ReadImage(in));
  }
  if (record.images.empty()) in.Fail("it names no image");
  record.stale_documents = ReadAscending<DocumentNumber>(in, kLargestDocument);
  ReadColumns(in, &record);
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return record;
}

std::string EncodeIndexChange(const std::vector<DocumentNumber>& documents) {
  Encoder out;
  PutAscending(out, documents);
  return out.Take();
}

Result<std::vector<DocumentNumber>> DecodeIndexChange(std::string_view bytes) {
  Decoder in(bytes, "index change");
  std::vector<DocumentNumber> documents = ReadAscending<DocumentNumber>(in, kLargestDocument);
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return documents;
}

}  // namespace tracevec
