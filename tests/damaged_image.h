#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "core/content_hash.h"
#include "core/image_bytes.h"
#include "core/kernel_dispatch.h"
#include "index/aligned_array.h"
#include "index/search.h"
#include "index/segment.h"

// Images that somebody changed, and what a search makes of them: for tests and for the fuzzer.

namespace tracevec {

/// An image that can be changed.
class DamagedImage final : public ImageBytes {
 public:
  explicit DamagedImage(std::span<const std::uint8_t> bytes)
      : bytes_(bytes.size()), size_(bytes.size()) {
    std::memcpy(bytes_.data(), bytes.data(), bytes.size());
  }
  std::span<const std::uint8_t> bytes() const override { return {bytes_.data(), size_}; }
  bool in_memory() const override { return true; }

  void Truncate(std::size_t size) { size_ = std::min(size, size_); }
  std::uint8_t& operator[](std::size_t i) { return bytes_[i]; }

  /// The first section of a kind. REQUIRES: the image is whole.
  std::span<std::uint8_t> Section(SectionKind kind) {
    SegmentTrailer trailer;
    std::memcpy(&trailer, &bytes_[size_ - sizeof trailer], sizeof trailer);
    for (std::uint32_t i = 0; i < trailer.sections; ++i) {
      SectionRecord record;
      std::memcpy(&record, &bytes_[trailer.table_offset + i * sizeof record], sizeof record);
      if (record.kind == static_cast<std::uint16_t>(kind)) {
        return {&bytes_[record.offset], record.bytes};
      }
    }
    return {};
  }

  /// One change, chosen by three numbers of any value.
  void Damage(std::uint8_t kind, std::uint32_t where, std::uint32_t value) {
    if (size_ == 0) return;
    const std::size_t at = where % size_;
    // The last KiB holds the table and the trailer: what decides where things lie.
    const std::size_t near_end = size_ - 1 - where % std::min<std::size_t>(size_, 1024);
    switch (kind % 6) {
      case 0: return Truncate(at);
      case 1: bytes_[at] ^= static_cast<std::uint8_t>(1U << (value % 8)); return;
      case 2: return Fill(at, 4096, 0);
      case 3: bytes_[near_end] = static_cast<std::uint8_t>(value); return;
      case 4: return PutNumber(at / 4 * 4, value);
      default: return PutNumber(near_end / 4 * 4, value);
    }
  }

  /// Makes all checksums right again that are where they should be, as a forger would.
  void RepairChecksums() {
    if (size_ < sizeof(SegmentTrailer)) return;
    SegmentTrailer trailer;
    const std::size_t end = size_ - sizeof trailer;
    std::memcpy(&trailer, bytes_.data() + end, sizeof trailer);
    const std::uint64_t table_bytes = std::uint64_t{trailer.sections} * sizeof(SectionRecord);
    if (trailer.table_offset > end || table_bytes > end - trailer.table_offset) return;
    for (std::uint32_t i = 0; i < trailer.sections; ++i) {
      SectionRecord section;
      std::uint8_t* const at = bytes_.data() + trailer.table_offset + i * sizeof section;
      std::memcpy(&section, at, sizeof section);
      if (section.offset > end || section.bytes > end - section.offset) continue;
      section.checksum = Hash(section.offset, section.bytes);
      std::memcpy(at, &section, sizeof section);
    }
    trailer.table_checksum = Hash(trailer.table_offset, table_bytes);
    std::memcpy(bytes_.data() + end, &trailer, sizeof trailer);
    trailer.checksum = Hash(end, offsetof(SegmentTrailer, checksum));
    std::memcpy(bytes_.data() + end, &trailer, sizeof trailer);
  }

 private:
  void Fill(std::size_t at, std::size_t count, std::uint8_t value) {
    std::fill(&bytes_[at], &bytes_[at] + std::min(count, size_ - at), value);
  }
  void PutNumber(std::size_t at, std::uint32_t value) {
    if (at + sizeof value <= size_) std::memcpy(&bytes_[at], &value, sizeof value);
  }
  std::uint64_t Hash(std::uint64_t offset, std::uint64_t count) const {
    return HashBytes({reinterpret_cast<const char*>(bytes_.data() + offset), count});
  }

  AlignedArray<std::uint8_t> bytes_;
  std::size_t size_;
};

/// Searches every field in every way, and looks at every row: whatever the image holds, it stays
/// within it. Returns a number, so that nothing of it is left out.
inline std::size_t UseAll(const std::shared_ptr<Segment>& segment) {
  std::size_t used = 0;
  IndexView view;
  view.sets = {segment};
  view.sizes = {segment->rows()};
  view.commit = CommitNumber{1000};
  StateScratch scratch;
  for (std::size_t field = 0; field < segment->fields().size(); ++field) {
    ScanQuery query;
    query.scratch = &scratch;
    const std::vector<float> vector(segment->fields()[field].dimension, 0.2F);
    query.vector = vector.data();
    query.field = field;
    for (const std::size_t ef : {0, 10, 1000}) {
      query.ef = ef;
      ScanCounts counts;
      used += SearchCodes(view, query, *RunnableKernels().front(), &counts).size();
      used += SearchCodes(view, query, *RunnableKernels().back(), &counts).size();
    }
    ScanCounts counts;
    used += ScanExact(view, query, *RunnableKernels().front(), &counts).size();
  }
  for (std::uint32_t row = 0; row < segment->rows(); ++row) {
    used += segment->id(row).size();
    used += segment->StateAt(row, CommitNumber{1000}, &scratch).document->id.size();
    used += segment->Find(segment->document(row), segment->chunk(row)).has_value() ? 1 : 0;
  }
  return used;
}

}  // namespace tracevec
