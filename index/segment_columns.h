#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/ids.h"
#include "index/metadata_columns.h"
#include "index/name_columns.h"
#include "index/row_bitmap.h"

namespace tracevec {

/// Rows that got a newer state than their columns know. One writer; readers concurrently: a reader
/// sees what was added before its view was published, and perhaps more.
class ChangedRows {
 public:
  explicit ChangedRows(std::uint32_t rows) : words_((std::size_t{rows} + 63) / 64) {}

  void Add(std::uint32_t row);
  std::uint32_t count() const { return count_.load(std::memory_order_acquire); }
  RowBitmap Rows() const;

 private:
  std::vector<std::atomic<std::uint64_t>> words_;
  std::atomic<std::uint32_t> count_{0};
};

/// Columns as rows were at a commit, and the rows that changed since.
struct ColumnGeneration {
  MetadataColumns columns;
  CommitNumber as_of{};
  std::shared_ptr<ChangedRows> changed;
  /// Of the segment, which must outlive their use. Null: it has none.
  std::shared_ptr<const NameColumns> names;
};

/// The generations of a segment's columns: the first is made with the segment, or after an open in
/// the background or when it is asked for; later ones take the place of one of which too many rows
/// have changed. One writer; readers concurrently.
class SegmentColumns {
 public:
  /// Sets columns, as the image has them, and names.
  using Make = std::function<void(ColumnGeneration*)>;

  SegmentColumns(std::uint32_t rows, CommitNumber image_commit)
      : rows_(rows),
        image_commit_(image_commit),
        since_image_(std::make_shared<ChangedRows>(rows)) {}

  /// The newest that a view may use; null: there is none, or the view is older than those kept.
  std::shared_ptr<const ColumnGeneration> At(CommitNumber view) const;
  /// The same, but `make` is called for the first: who asks for it meanwhile waits.
  std::shared_ptr<const ColumnGeneration> At(CommitNumber view, const Make& make);
  /// Writer only.
  void NoteChange(std::uint32_t row);
  /// Whether there are none yet, or so many rows have changed that asking each costs more than
  /// other columns would. Writer only.
  bool RefreshIsDue() const;
  /// Puts a generation before the others. `changed` must have the rows that changed since its
  /// commit. Writer only.
  void Put(std::shared_ptr<ColumnGeneration> newest);
  std::size_t memory_bytes() const;

 private:
  /// A view is taken for the time of a call: none is older than the generation before the newest
  /// but one of a long scan, whose rows are asked one by one.
  static constexpr std::size_t kMostGenerations = 2;

  const std::uint32_t rows_;
  const CommitNumber image_commit_;
  const std::shared_ptr<ChangedRows> since_image_;
  std::mutex make_mutex_;  // Before mutex_ in the lock order.
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<ColumnGeneration>> generations_;  // Newest first.
};

}  // namespace tracevec
