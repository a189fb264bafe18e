#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/content_hash.h"
#include "core/image_sink.h"
#include "index/columns_image.h"
#include "index/filter_candidates.h"
#include "tests/random_filter.h"

// Files of columns, whole and changed, and what filters make of them: for tests and the fuzzer.

namespace tracevec {

/// Columns and names of random rows.
class ColumnsSample {
 public:
  ColumnsSample(std::uint64_t seed, std::uint32_t rows, bool loose) : rows_(rows) {
    RandomFilter random(seed, RandomFilter::Profile::kSmall);
    for (std::uint32_t row = 0; row < rows; ++row) {
      ids_.push_back("id" + std::to_string(random.Below(1000)));
      documents_.push_back(loose ? ids_.back() : "doc" + std::to_string(row / 3 * 7 % 10));
    }
    Metadata fields;
    FilterSubject subject;
    subject.own = &fields;
    generation_.columns = MetadataColumns::Build(rows, {}, [&](std::uint32_t) {
      fields.clear();
      for (const char* name : {"a", "b", "c", "x.y"}) {
        const std::size_t pick = random.Below(4);
        if (pick == 0) fields[name] = random.Scalar();
        if (pick == 1) fields[name] = random.List();
        if (pick == 2) fields[name] = Value::Map{{"m", random.Scalar()}};
      }
      return subject;
    });
    generation_.as_of = CommitNumber{12};
    generation_.names = std::make_shared<const NameColumns>(rows, NameOf(ids_), NameOf(documents_));
  }

  const ColumnGeneration& generation() const { return generation_; }
  ColumnsOrigin origin() const { return {CollectionNumber{7}, 0x1234567890U, rows_}; }

  std::string Write(const ColumnGeneration& generation) const {
    struct StringSink final : ImageSink {
      Status Reserve(std::size_t) override { return Status::Ok(); }
      Status Append(const void* data, std::size_t size) override {
        bytes.append(static_cast<const char*>(data), size);
        return Status::Ok();
      }
      std::string bytes;
    } sink;
    if (!WriteColumns(generation, origin(), &sink).ok()) std::abort();
    return std::move(sink.bytes);
  }
  std::string Write() const { return Write(generation_); }

  Result<ReadColumnsResult> Read(std::string_view bytes, const ColumnsOrigin& of) const {
    return ReadColumns({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, of,
                       NameOf(ids_), NameOf(documents_));
  }
  Result<ReadColumnsResult> Read(std::string_view bytes) const { return Read(bytes, origin()); }

 private:
  static NameColumns::NameOf NameOf(const std::vector<std::string>& names) {
    return [&names](std::uint32_t row) -> std::string_view { return names[row]; };
  }

  std::uint32_t rows_;
  std::vector<std::string> ids_;
  std::vector<std::string> documents_;
  ColumnGeneration generation_;
};

/// One change, chosen by three numbers of any value.
inline void DamageColumns(std::string* bytes, std::uint8_t kind, std::uint32_t where,
                          std::uint32_t value) {
  if (bytes->empty()) return;
  const std::size_t at = where % bytes->size();
  switch (kind % 5) {
    case 0: bytes->resize(std::max<std::size_t>(at, 1)); return;
    case 1: (*bytes)[at] = static_cast<char>((*bytes)[at] ^ (1 << (value % 8))); return;
    case 2: (*bytes)[at] = static_cast<char>(value); return;
    case 3: bytes->insert(at, 1 + value % 8, static_cast<char>(value >> 8)); return;
    default: bytes->erase(at, 1 + value % 8);
  }
}

/// Makes the checksum at the end right again, as a forger would.
inline void RepairColumnsChecksum(std::string* bytes) {
  if (bytes->size() < sizeof(std::uint64_t)) return;
  const std::size_t size = bytes->size() - sizeof(std::uint64_t);
  const std::uint64_t checksum = HashBytes(std::string_view(*bytes).substr(0, size));
  std::memcpy(bytes->data() + size, &checksum, sizeof checksum);
}

/// Asks filters of it where it is accepted: no answer may be a row that there is not.
inline bool UseColumns(const ColumnsSample& sample, const std::string& bytes) {
  const auto read = sample.Read(bytes);
  if (!read.ok()) return false;
  RandomFilter random(1, RandomFilter::Profile::kSmall);
  for (int i = 0; i < 20; ++i) {
    const auto program = FilterProgram::Compile(Filter(random.Expression(3)), {});
    if (!program.ok()) continue;
    const FilterCandidates found = FindCandidates(*program, read->columns, read->names.get());
    const std::vector<std::uint32_t> rows = found.rows.Rows();
    if (!rows.empty() && rows.back() >= sample.origin().rows) std::abort();
  }
  return true;
}

}  // namespace tracevec
