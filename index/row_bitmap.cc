#include "index/row_bitmap.h"

#include <algorithm>
#include <bit>
#include <new>

namespace tracevec {

RowBitmap::RowBitmap(roaring_bitmap_t* bitmap) : bitmap_(bitmap) {
  if (bitmap == nullptr) throw std::bad_alloc();
}

RowBitmap::RowBitmap() : RowBitmap(roaring_bitmap_create()) {}

RowBitmap::RowBitmap(const RowBitmap& other)
    : RowBitmap(roaring_bitmap_copy(other.bitmap_.get())) {}

RowBitmap RowBitmap::Of(std::span<const std::uint32_t> rows) {
  return RowBitmap(roaring_bitmap_of_ptr(rows.size(), rows.data()));
}

namespace {

/// A part of the words that is one container of a bitmap.
constexpr std::size_t kContainerWords = 1024;
/// Containers of more rows are bitsets.
constexpr std::uint32_t kLargestArray = 4096;

void AppendRows(std::span<const std::uint64_t> words, std::size_t first,
                std::vector<std::uint32_t>* rows) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (std::uint64_t word = words[i]; word != 0; word &= word - 1) {
      const auto bit = static_cast<unsigned>(std::countr_zero(word));
      rows->push_back(static_cast<std::uint32_t>((first + i) * 64 + bit));
    }
  }
}

/// Of more than kLargestArray rows of one container, by way of the library's portable format: its
/// interface has no other way in for words, and adding row by row takes 50 times as long.
roaring_bitmap_t* OneBitset(std::span<const std::uint64_t> words, std::size_t first,
                            std::uint32_t count) {
  struct {
    std::uint32_t cookie = 12346;  // Without runs.
    std::uint32_t containers = 1;
    std::uint16_t key = 0;
    std::uint16_t count_less_one = 0;
    std::uint32_t offset = 16;
    std::uint64_t words[kContainerWords] = {};
  } portable;
  portable.key = static_cast<std::uint16_t>(first / kContainerWords);
  portable.count_less_one = static_cast<std::uint16_t>(count - 1);
  std::copy(words.begin(), words.end(), portable.words);
  return roaring_bitmap_portable_deserialize_safe(reinterpret_cast<const char*>(&portable),
                                                  sizeof portable);
}

}  // namespace

RowBitmap RowBitmap::OfBits(std::span<const std::uint64_t> words) {
  RowBitmap bitmap;
  std::vector<std::uint32_t> rows;
  for (std::size_t first = 0; first < words.size(); first += kContainerWords) {
    const auto part = words.subspan(first, std::min(kContainerWords, words.size() - first));
    std::uint32_t count = 0;
    for (const std::uint64_t word : part) count += static_cast<std::uint32_t>(std::popcount(word));
    if (count > kLargestArray) {
      bitmap |= RowBitmap(OneBitset(part, first, count));
    } else {
      AppendRows(part, first, &rows);
    }
  }
  bitmap |= Of(rows);
  return bitmap;
}

RowBitmap RowBitmap::Below(std::uint32_t rows) {
  return rows == 0 ? RowBitmap() : RowBitmap(roaring_bitmap_from_range(0, rows, 1));
}

RowBitmap RowBitmap::Union(const std::vector<const RowBitmap*>& bitmaps) {
  std::vector<const roaring_bitmap_t*> inner;
  inner.reserve(bitmaps.size());
  for (const RowBitmap* bitmap : bitmaps) inner.push_back(bitmap->bitmap_.get());
  if (inner.empty()) return {};
  return RowBitmap(roaring_bitmap_or_many(inner.size(), inner.data()));
}

std::uint64_t RowBitmap::count() const { return roaring_bitmap_get_cardinality(bitmap_.get()); }

bool RowBitmap::empty() const { return roaring_bitmap_is_empty(bitmap_.get()); }

bool RowBitmap::Contains(std::uint32_t row) const {
  return roaring_bitmap_contains(bitmap_.get(), row);
}

std::vector<std::uint32_t> RowBitmap::Rows() const {
  std::vector<std::uint32_t> rows(count());
  if (!rows.empty()) roaring_bitmap_to_uint32_array(bitmap_.get(), rows.data());
  return rows;
}

std::uint32_t RowBitmap::Select(std::uint32_t place) const {
  std::uint32_t row = 0;
  roaring_bitmap_select(bitmap_.get(), place, &row);
  return row;
}

RowBitmap RowBitmap::Complement(std::uint32_t rows) const {
  return RowBitmap(roaring_bitmap_flip(bitmap_.get(), 0, rows));
}

RowBitmap& RowBitmap::operator&=(const RowBitmap& other) {
  roaring_bitmap_and_inplace(bitmap_.get(), other.bitmap_.get());
  return *this;
}

RowBitmap& RowBitmap::operator|=(const RowBitmap& other) {
  roaring_bitmap_or_inplace(bitmap_.get(), other.bitmap_.get());
  return *this;
}

RowBitmap& RowBitmap::operator-=(const RowBitmap& other) {
  roaring_bitmap_andnot_inplace(bitmap_.get(), other.bitmap_.get());
  return *this;
}

void RowBitmap::ShrinkToFit() {
  roaring_bitmap_run_optimize(bitmap_.get());
  roaring_bitmap_shrink_to_fit(bitmap_.get());
}

std::size_t RowBitmap::memory_bytes() const {
  // A container has a struct and its contents, each with the allocator's header, and a place in
  // three arrays.
  constexpr std::size_t kContainerBytes = 70;
  constexpr std::size_t kBitmapBytes = 120;
  roaring_statistics_t statistics;
  roaring_bitmap_statistics(bitmap_.get(), &statistics);
  return kBitmapBytes + statistics.n_containers * kContainerBytes +
         roaring_bitmap_portable_size_in_bytes(bitmap_.get());
}

}  // namespace tracevec
