#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <roaring/roaring.h>

namespace tracevec {

/// Some rows of a row set: a Roaring bitmap (CRoaring). A value; safe for concurrent use while it
/// is not changed. Everything that makes one throws std::bad_alloc.
class RowBitmap {
 public:
  RowBitmap();  ///< No rows.
  RowBitmap(const RowBitmap& other);
  RowBitmap(RowBitmap&&) noexcept = default;
  RowBitmap& operator=(RowBitmap&&) noexcept = default;
  RowBitmap& operator=(const RowBitmap& other) { return *this = RowBitmap(other); }
  ~RowBitmap() = default;

  /// Of rows in ascending order.
  static RowBitmap Of(std::span<const std::uint32_t> rows);
  /// Row i is the bit i % 64 of words[i / 64].
  static RowBitmap OfBits(std::span<const std::uint64_t> words);
  /// The rows before one.
  static RowBitmap Below(std::uint32_t rows);
  static RowBitmap Union(const std::vector<const RowBitmap*>& bitmaps);

  std::uint64_t count() const;
  bool empty() const;
  bool Contains(std::uint32_t row) const;
  /// The rows, ascending.
  std::vector<std::uint32_t> Rows() const;
  /// The row that has `place` rows before it. REQUIRES: place < count().
  std::uint32_t Select(std::uint32_t place) const;
  /// Those of the rows before `rows` that are not here.
  RowBitmap Complement(std::uint32_t rows) const;

  RowBitmap& operator&=(const RowBitmap& other);
  RowBitmap& operator|=(const RowBitmap& other);
  RowBitmap& operator-=(const RowBitmap& other);

  /// Gives back the room that growing left.
  void ShrinkToFit();
  /// About what it takes, allocator included.
  std::size_t memory_bytes() const;

 private:
  struct Free {
    void operator()(roaring_bitmap_t* bitmap) const { roaring_bitmap_free(bitmap); }
  };

  explicit RowBitmap(roaring_bitmap_t* bitmap);

  std::unique_ptr<roaring_bitmap_t, Free> bitmap_;
};

}  // namespace tracevec
