#include "index/columns_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/codec.h"
#include "core/content_hash.h"
#include "core/return_if_error.h"

namespace tracevec {
namespace {

constexpr std::uint64_t kColumnsMagic = 0x314c4f43'56525401;  // Also tells the byte order.
constexpr std::uint32_t kColumnsFormat = 1;
constexpr std::size_t kChecksumBytes = sizeof(std::uint64_t);
// Flag bits. Stored: do not renumber.
constexpr std::uint8_t kComplete = 1;
constexpr std::uint8_t kHasNames = 2;
constexpr std::uint8_t kHasDocumentOrder = 4;
constexpr std::uint8_t kAllFlags = kComplete | kHasNames | kHasDocumentOrder;

void PutRows(const std::vector<std::uint32_t>& rows, Encoder* out) {
  out->PutVarint(rows.size());
  std::uint32_t last = 0;
  for (const std::uint32_t row : rows) {
    out->PutVarint(row - last);
    last = row;
  }
}

void PutValues(const ValueRows& values, Encoder* out) {
  out->PutVarint(values.values().size());
  for (std::uint32_t place = 0; place < values.values().size(); ++place) {
    out->PutValue(values.values().value(place));
    PutRows(values.RowsOf(place), out);
  }
}

std::uint8_t FlagsOf(const ColumnGeneration& generation) {
  std::uint8_t flags = generation.columns.complete() ? kComplete : 0;
  if (generation.names == nullptr) return flags;
  flags |= kHasNames;
  const bool same = generation.names->by_id() == generation.names->by_document();
  return same ? flags : flags | kHasDocumentOrder;
}

/// Columns one by one as they are read; what fails is kept in the decoder.
class ColumnsReader {
 public:
  ColumnsReader(std::string_view bytes, const ColumnsOrigin& origin)
      : in_(bytes, "column file"), origin_(origin) {}

  Result<ReadColumnsResult> Read(const NameColumns::NameOf& id_of,
                                 const NameColumns::NameOf& document_of) {
    ReadColumnsResult result;
    TRACEVEC_RETURN_IF_ERROR(ReadOrigin());
    result.as_of = CommitNumber{in_.ReadVarint()};
    const std::uint8_t flags = in_.ReadFlags(kAllFlags);
    MetadataColumns::Columns columns = ReadAllColumns();
    ValueTable::RowOrder by_id;
    ValueTable::RowOrder by_document;
    if ((flags & kHasNames) != 0) by_id = ReadOrder();
    by_document = (flags & kHasDocumentOrder) != 0 ? ReadOrder() : by_id;
    TRACEVEC_RETURN_IF_ERROR(in_.Finish());
    result.columns = {origin_.rows, (flags & kComplete) != 0, std::move(columns)};
    if (by_id == nullptr) return result;
    if (!NameColumns::IsOrderByName(*by_id, id_of) ||
        !NameColumns::IsOrderByName(*by_document, document_of)) {
      return Status::Corruption("column file: rows are not in the order of their names");
    }
    result.names = std::make_shared<const NameColumns>(std::move(by_id), std::move(by_document),
                                                       id_of, document_of);
    return result;
  }

 private:
  Status ReadOrigin() {
    if (in_.ReadFixed64() != kColumnsMagic) in_.Fail("it does not begin as one");
    if (const std::uint32_t format = in_.ReadFixed32(); format != kColumnsFormat) {
      in_.Fail(fmt::format("format {}, expected {}", format, kColumnsFormat));
    }
    const bool own = in_.ReadFixed32() == Raw(origin_.collection) &&
                     in_.ReadFixed64() == origin_.segment_checksum &&
                     in_.ReadVarint32() == origin_.rows;
    if (!own) in_.Fail("it is of another segment");
    return in_.ok() ? Status::Ok() : in_.Finish();
  }

  MetadataColumns::Columns ReadAllColumns() {
    constexpr std::size_t kLeastColumnBytes = 3;  // Of its name and two counts.
    MetadataColumns::Columns columns;
    const std::size_t count = in_.ReadCount(kLeastColumnBytes);
    if (count > MetadataColumns::kMostColumns) in_.Fail(fmt::format("{} columns", count));
    for (std::size_t i = 0; i < count && in_.ok(); ++i) {
      std::string path = in_.ReadString();
      if (!columns.empty() && path <= columns.rbegin()->first) in_.Fail("names are not in order");
      MetadataColumn column;
      column.values = ReadValues(&column.present);
      column.elements = ReadValues(nullptr);
      if (in_.ok()) columns.emplace_hint(columns.end(), std::move(path), std::move(column));
    }
    return columns;
  }

  /// `present`: set to all rows, each of which must have one value only; null: they may have more.
  ValueRows ReadValues(RowBitmap* present) {
    constexpr std::size_t kLeastValueBytes = 2;
    std::vector<Value> values;
    std::vector<ValueRows::Entry> entries;
    std::vector<std::uint64_t> bits(present != nullptr ? origin_.rows / 64 + 1 : 0);
    for (std::size_t left = in_.ReadCount(kLeastValueBytes); left > 0 && in_.ok(); --left) {
      Value value = in_.ReadValue();
      const Value::Map* map = value.AsMap();
      if (map != nullptr && !map->empty()) in_.Fail("a map is told apart from others");
      if (!values.empty() && !ValueTable::Before(values.back(), value)) {
        in_.Fail("values are not in order");
      }
      const std::size_t first = entries.size();
      ReadRows(static_cast<std::uint32_t>(values.size()), &entries);
      values.push_back(std::move(value));
      for (std::size_t i = first; i < entries.size() && present != nullptr; ++i) {
        std::uint64_t& word = bits[entries[i].second / 64];
        const std::uint64_t bit = std::uint64_t{1} << (entries[i].second % 64);
        if ((word & bit) != 0) in_.Fail("a row has two values");
        word |= bit;
      }
    }
    if (!in_.ok()) return {};
    if (present != nullptr) {
      *present = RowBitmap::OfBits(bits);
      present->ShrinkToFit();
    }
    std::vector<const Value*> sorted;
    for (const Value& value : values) sorted.push_back(&value);
    return {ValueTable(sorted), entries, origin_.rows};
  }

  /// Strictly ascending rows of a value.
  void ReadRows(std::uint32_t place, std::vector<ValueRows::Entry>* entries) {
    std::uint64_t row = 0;
    const std::size_t count = in_.ReadCount(1);
    for (std::size_t i = 0; i < count && in_.ok(); ++i) {
      const std::uint32_t difference = in_.ReadVarint32();
      row += difference;
      if (difference == 0 && i > 0) in_.Fail("rows are not in ascending order");
      if (row >= origin_.rows) in_.Fail(fmt::format("row {} of {}", row, origin_.rows));
      if (in_.ok()) entries->emplace_back(place, static_cast<std::uint32_t>(row));
    }
    if (count == 0) in_.Fail("a value has no row");
  }

  ValueTable::RowOrder ReadOrder() {
    auto rows = std::make_shared<std::vector<std::uint32_t>>();
    if (in_.ReadCount(sizeof(std::uint32_t)) != origin_.rows) in_.Fail("names are missing");
    if (!in_.ok()) return rows;
    rows->reserve(origin_.rows);
    for (std::uint32_t i = 0; i < origin_.rows && in_.ok(); ++i) {
      rows->push_back(in_.ReadFixed32());
    }
    return rows;
  }

  Decoder in_;
  const ColumnsOrigin& origin_;
};

void PutOrder(const ValueTable::RowOrder& rows, Encoder* out) {
  out->PutVarint(rows->size());
  for (const std::uint32_t row : *rows) out->PutFixed32(row);
}

}  // namespace

Result<std::uint64_t> WriteColumns(const ColumnGeneration& generation, const ColumnsOrigin& origin,
                                   ImageSink* sink) {
  const std::uint8_t flags = FlagsOf(generation);
  Encoder out;
  out.PutFixed64(kColumnsMagic);
  out.PutFixed32(kColumnsFormat);
  out.PutFixed32(Raw(origin.collection));
  out.PutFixed64(origin.segment_checksum);
  out.PutVarint(origin.rows);
  out.PutVarint(Raw(generation.as_of));
  out.PutByte(flags);
  out.PutVarint(generation.columns.columns().size());
  for (const auto& [path, column] : generation.columns.columns()) {
    out.PutString(path);
    PutValues(column.values, &out);
    PutValues(column.elements, &out);
  }
  if ((flags & kHasNames) != 0) PutOrder(generation.names->by_id(), &out);
  if ((flags & kHasDocumentOrder) != 0) PutOrder(generation.names->by_document(), &out);
  const std::string bytes = out.Take();
  const std::uint64_t checksum = HashBytes(bytes);
  Encoder end;
  end.PutFixed64(checksum);
  const std::string last = end.Take();
  TRACEVEC_RETURN_IF_ERROR(sink->Reserve(bytes.size() + last.size()));
  TRACEVEC_RETURN_IF_ERROR(sink->Append(bytes.data(), bytes.size()));
  TRACEVEC_RETURN_IF_ERROR(sink->Append(last.data(), last.size()));
  return checksum;
}

Result<ReadColumnsResult> ReadColumns(std::span<const std::uint8_t> bytes,
                                      const ColumnsOrigin& origin, const NameColumns::NameOf& id_of,
                                      const NameColumns::NameOf& document_of) {
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (all.size() < kChecksumBytes) {
    return Status::Corruption(fmt::format("column file: {} bytes", all.size()));
  }
  const std::string_view contents = all.substr(0, all.size() - kChecksumBytes);
  Decoder end(all.substr(contents.size()), "column file");
  const std::uint64_t checksum = end.ReadFixed64();
  if (checksum != HashBytes(contents)) {
    return Status::Corruption("column file: its checksum does not match");
  }
  auto read = ColumnsReader(contents, origin).Read(id_of, document_of);
  if (read.ok()) read->checksum = checksum;
  return read;
}

}  // namespace tracevec
