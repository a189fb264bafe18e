#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/build_stop.h"
#include "index/segment.h"

namespace tracevec {

/// Checks an image and lays a Segment over it. The image may hold anything.
class SegmentReader {
 public:
  SegmentReader(std::shared_ptr<const ImageBytes> image, const std::vector<FieldLayout>& fields,
                CollectionNumber collection);

  /// Once. `analyzer`: see Segment::Open. Errors: Corruption with the section and the numbers.
  Result<std::shared_ptr<Segment>> Read(bool check_contents, std::string_view analyzer,
                                        std::size_t sparse_fields);
  /// Checks the checksums alone. Errors: Corruption. Throws BuildStopped.
  Status Verify(const BuildStop& stop);

 private:
  Status ReadTable();
  Status CheckOrigin() const;
  Status CheckContents(const BuildStop& stop) const;
  Status ReadRows();
  Status ReadDocuments();
  Status ReadField(std::size_t field);
  Status ReadGraph(std::size_t field, const FieldRecord& record);
  Status ReadText(std::string_view analyzer);
  Status ReadSparse(std::size_t sparse_field);
  Status ReadLevel(std::size_t field, std::uint32_t level, std::size_t nodes_below,
                   GraphView::Level* out);

  /// The elements of a section, exactly `count` of them.
  template <typename T>
  Result<std::span<const T>> Get(SectionKind kind, std::size_t count, std::size_t field = 0,
                                 std::uint32_t level = 0) const;
  /// The elements, or where the image is in a file their copy in memory. Throws std::bad_alloc.
  template <typename T>
  std::span<const T> KeepHot(std::span<const T> elements, AlignedArray<T>* copy);
  /// All elements of a section, whose number another section tells.
  template <typename T>
  Result<std::span<const T>> GetAll(SectionKind kind, std::size_t field = 0) const;
  Result<std::span<const std::uint8_t>> Find(SectionKind kind, std::size_t field,
                                             std::uint32_t level) const;
  /// Offsets of `count` variable parts into a section of bytes, checked.
  Result<std::span<const std::uint64_t>> GetOffsets(SectionKind offsets, SectionKind bytes,
                                                    std::size_t count, const char** begin) const;

  std::shared_ptr<const ImageBytes> image_;
  std::span<const std::uint8_t> bytes_;
  const CollectionNumber collection_;
  SegmentTrailer trailer_;
  std::vector<SectionRecord> sections_;
  std::shared_ptr<Segment> segment_;
};

}  // namespace tracevec
