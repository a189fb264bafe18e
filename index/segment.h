#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/image_bytes.h"
#include "index/aligned_array.h"
#include "index/build_stop.h"
#include "index/row_set.h"
#include "index/segment_columns.h"
#include "index/segment_format.h"
#include "tracevec/status.h"

namespace tracevec {

/// An immutable image of rows with a graph for each vector field. Deletions and newer states lie
/// beside the image, in memory. Threads: as RowSet.
class Segment final : public RowSet {
 public:
  /// Takes the image of a collection into use. Structure and bounds are always checked, so that no
  /// search can leave the image, whatever it holds; `check_contents` checks the sections' checksums
  /// too, which reads all of it. `analyzer`: identity of what its terms must come from; empty:
  /// texts are not searched. Errors: Corruption.
  static Result<std::shared_ptr<Segment>> Open(std::shared_ptr<const ImageBytes> image,
                                               const std::vector<FieldLayout>& fields,
                                               CollectionNumber collection, bool check_contents,
                                               std::string_view analyzer = {});
  ~Segment() override;

  /// Reads the whole image and checks the sections' checksums. Any thread. Errors: Corruption.
  /// Throws BuildStopped.
  Status CheckContents(const BuildStop& stop) const;

  std::uint32_t rows() const { return rows_; }
  std::uint32_t documents() const { return document_count_; }
  /// The commit whose states the image holds.
  CommitNumber as_of() const { return as_of_; }
  /// The row of a chunk, dead or alive. O(log documents + log chunks of the document).
  std::optional<std::uint32_t> Find(DocumentNumber document, ChunkNumber chunk) const;

  std::string_view id(std::uint32_t row) const override;
  const ChunkState& StateAt(std::uint32_t row, CommitNumber view,
                            StateScratch* scratch) const override;
  const Postings* postings(std::uint32_t /*rows*/) const override {
    return postings_ ? &*postings_ : nullptr;
  }
  std::shared_ptr<const ColumnGeneration> ColumnsAt(CommitNumber view, bool make) const override;
  void PushState(std::uint32_t row, std::unique_ptr<ChunkState> state,
                 CommitNumber oldest_view) override;
  std::size_t memory_bytes() const override;
  /// See SegmentColumns. Writer only.
  bool ColumnsAreDue() const { return metadata_columns_->RefreshIsDue(); }
  /// Columns with the states of a view, for PutColumns. Any thread. REQUIRES: the view is in use.
  /// Throws BuildStopped.
  std::shared_ptr<ColumnGeneration> MakeColumns(CommitNumber view, const BuildStop& stop) const;
  /// Takes them into use, with what changed since. Writer only.
  void PutColumns(std::shared_ptr<ColumnGeneration> columns);
  const std::shared_ptr<const ImageBytes>& image() const { return image_; }
  /// A checksum that binds every section of the image.
  std::uint64_t image_checksum() const { return image_checksum_; }
  /// What is true of the rows and does not stand in the image: the dead ones, ascending, and of
  /// which documents live ones have newer states, in any order. Writer only.
  void ListChanges(std::vector<std::uint32_t>* dead, std::vector<DocumentNumber>* restated) const;
  /// The rows of a document, dead or alive, by ascending chunk number.
  std::span<const std::uint32_t> RowsOf(DocumentNumber document) const;

  const ChunkState* newest_state(std::uint32_t row) const override;

 private:
  friend class SegmentReader;

  static constexpr std::uint32_t kRowsPerPage = 1024;
  struct StatePage;

  /// Of an image in a file, what every search reads at many places, copied to memory: there it has
  /// huge pages, which files have not. 60,003 rows x 384 give 19,760 instead of 15,779 queries a
  /// second at recall 0.99 so, 15,545 instead of 11,939 at 0.995.
  struct HotCopy {
    AlignedArray<std::uint8_t> codes;
    AlignedArray<std::uint8_t> factors;
    AlignedArray<std::uint32_t> links;
  };

  /// The state that the image has.
  const ChunkState& ImageState(std::uint32_t row, StateScratch* scratch) const;
  /// A chunk's own metadata as the image has them.
  std::string_view OwnBytes(std::uint32_t row) const;

  explicit Segment(std::vector<FieldLayout> fields)
      : RowSet(std::move(fields)), hot_(fields_.size()) {}

  std::shared_ptr<const ImageBytes> image_;
  std::uint64_t image_checksum_ = 0;
  std::vector<HotCopy> hot_;  ///< One a field.
  std::size_t hot_bytes_ = 0;
  std::uint32_t rows_ = 0;
  std::uint32_t document_count_ = 0;
  CommitNumber as_of_{};
  std::span<const std::uint64_t> id_offsets_;
  const char* ids_ = nullptr;
  std::span<const std::uint64_t> own_offsets_;
  const char* own_ = nullptr;
  std::span<const std::uint32_t> document_of_row_;
  std::span<const std::uint64_t> document_offsets_;
  const char* documents_bytes_ = nullptr;
  std::span<const std::uint32_t> document_first_rows_;
  std::span<const std::uint32_t> document_rows_;
  /// Pages of states newer than the image; null where no row of the page has any.
  std::unique_ptr<std::atomic<StatePage*>[]> pages_;
  std::unique_ptr<SegmentColumns> metadata_columns_;
  std::optional<Postings> postings_;
};

}  // namespace tracevec
