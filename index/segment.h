#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/image_bytes.h"
#include "core/image_sink.h"
#include "index/aligned_array.h"
#include "index/build_stop.h"
#include "index/columns_image.h"
#include "index/row_set.h"
#include "index/segment_columns.h"
#include "index/segment_format.h"
#include "tracevec/status.h"

namespace tracevec {

/// A generation of a segment's columns that is kept in a file of its own.
struct ColumnsFile {
  std::shared_ptr<const ImageBytes> bytes;  ///< Null: it could not be opened.
  std::uint64_t checksum = 0;               ///< Over all of it.
  CommitNumber as_of{};
  /// Not read yet by the thread that makes columns anew, so that it may be damaged.
  bool unread = false;
};

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
                                               std::string_view analyzer = {},
                                               std::size_t sparse_fields = 0);
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
  const SparsePostings* sparse_postings(std::size_t sparse_field) const override {
    return sparse_field < sparse_.size() ? &sparse_[sparse_field] : nullptr;
  }
  std::shared_ptr<const ColumnGeneration> ColumnsAt(
      CommitNumber view, const MetadataColumns::FieldNames* declared) const override;
  void PushState(std::uint32_t row, std::unique_ptr<ChunkState> state,
                 CommitNumber oldest_view) override;
  std::size_t memory_bytes() const override;
  /// Whether columns should be read from their file, or made anew, see SegmentColumns. Writer only.
  bool ColumnsAreDue() const;
  /// Columns with the states of a view, for PutColumns. Any thread. REQUIRES: the view is in use.
  /// Throws BuildStopped.
  std::shared_ptr<ColumnGeneration> MakeColumns(CommitNumber view,
                                                const MetadataColumns::FieldNames& declared,
                                                const BuildStop& stop) const;
  /// Takes them into use, with what changed since. Writer only.
  void PutColumns(std::shared_ptr<ColumnGeneration> columns);
  /// Says where a generation of columns is kept: columns that are not in memory are read from
  /// there. Null: nowhere. Any thread.
  void SetColumnsFile(std::shared_ptr<const ColumnsFile> file);
  /// Any thread.
  std::shared_ptr<const ColumnsFile> columns_file() const;
  /// Reads a file of columns, for PutColumns. Any thread. Errors: Corruption, also of another one
  /// than was recorded.
  Result<std::shared_ptr<ColumnGeneration>> ReadColumnsFile(const ColumnsFile& file) const;
  /// Writes a generation for SetColumnsFile, and gives its checksum. Any thread. Errors: those of
  /// the sink.
  Result<std::uint64_t> WriteColumnsFile(const ColumnGeneration& generation, ImageSink* sink) const;
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
  std::string_view DocumentBytes(std::uint32_t row) const;
  std::string_view DocumentIdOf(std::uint32_t row) const;
  ColumnsOrigin columns_origin() const { return {collection_, image_checksum_, rows_}; }
  /// Made when it is first asked for. Any thread.
  std::shared_ptr<const NameColumns> Names() const;

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
  CollectionNumber collection_{};
  mutable std::mutex names_mutex_;
  mutable std::shared_ptr<const NameColumns> names_;  // Guarded by names_mutex_.
  mutable std::mutex columns_file_mutex_;
  std::shared_ptr<const ColumnsFile> columns_file_;  // Guarded by columns_file_mutex_.
  std::optional<Postings> postings_;
  std::vector<SparsePostings> sparse_;  ///< One a sparse field.
};

}  // namespace tracevec
