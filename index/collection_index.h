#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "index/head.h"
#include "index/index_view.h"
#include "index/merge_policy.h"
#include "index/segment.h"
#include "index/segment_builder.h"

namespace tracevec {

/// The writer's side of a collection's index: segments, oldest first, and a head with the rows that
/// came after them. One writer at a time; readers have views. Segments are built elsewhere: a
/// build takes its rows here and gives the segment back, whatever was written meanwhile.
class CollectionIndex {
 public:
  /// What is to become one segment.
  struct Build {
    std::vector<std::shared_ptr<RowSet>> sets;  ///< Neighbours, to be replaced.
    CommitNumber as_of{};
    std::vector<SourceRow> rows;  ///< Their live rows in order, once ListRows was called.
    bool even_so = false;         ///< See BuildsOfAll.

    /// Sets `rows`. Any thread: the sets do not grow any more, and a row that dies meanwhile may be
    /// listed or not. Cost: one pass over the rows, dead ones too.
    void ListRows();
  };

  /// `most_rows`: of a build, see kMostSegmentRows. `analyzer`: identity of what made the terms of
  /// rows; empty: texts are not indexed.
  explicit CollectionIndex(std::vector<FieldLayout> fields,
                           std::uint64_t most_rows = kMostSegmentRows, std::string analyzer = {},
                           std::size_t sparse_fields = 0);

  const std::vector<FieldLayout>& fields() const { return fields_; }
  const std::string& analyzer() const { return analyzer_; }
  std::size_t sparse_fields() const { return sparse_fields_; }

  /// See Head::Reserve.
  void Reserve(std::size_t rows) { head_.Reserve(rows); }
  void Append(NewRow row);
  /// False when the chunk has no live row.
  bool Delete(const ChunkKey& key, CommitNumber commit);
  bool PushState(const ChunkKey& key, std::unique_ptr<ChunkState> state, CommitNumber oldest_view);

  // How an index is made again from what was kept of it.

  /// Puts a segment after the others. Dead rows are marked as such already.
  void AddSegment(std::shared_ptr<Segment> segment);
  /// Brings the rows of one document to what the store has of it at a commit: rows of other chunks
  /// die, chunks without a row get one. With `restate` rows that were there get the states given.
  void Reconcile(DocumentNumber document, std::vector<NewRow> rows, bool restate,
                 CommitNumber commit);

  IndexView View(CommitNumber commit) const;

  /// A segment of which so many rows have newer metadata that its columns are due to be made anew;
  /// null: none.
  std::shared_ptr<Segment> SegmentWithDueColumns() const;

  bool BuildIsDue() const;
  /// The build that is due, without its rows: sealed blocks, all that wait where that is not too
  /// many, or a merge. Nothing: none is.
  std::optional<Build> NextBuild(CommitNumber as_of) const;
  /// Everything into one segment, or as few as the number of rows allows, rows not listed either,
  /// the head included, which is sealed: one build for each that is to change. Segments without
  /// dead rows are left alone where nothing joins them; with `even_so` they change too.
  std::vector<Build> BuildsOfAll(CommitNumber as_of, bool even_so);
  /// Puts a segment in the place of what it was built from, with the deletions and states that came
  /// meanwhile. Null where no row was live. REQUIRES: no other build was put in place since.
  void Replace(const Build& build, std::shared_ptr<Segment> segment, CommitNumber oldest_view);

  std::uint64_t live_rows() const;
  std::uint64_t dead_rows() const;
  /// Rows that wait for a segment: those of sealed blocks.
  std::uint64_t unbuilt_rows() const;
  std::size_t segments() const { return segments_.size(); }
  std::size_t blocks() const { return head_.blocks().size(); }
  std::size_t memory_bytes() const;

 private:
  struct Entry {
    std::shared_ptr<Segment> segment;
    std::uint32_t dead = 0;
  };
  struct SegmentPlace {
    Entry* entry = nullptr;
    std::uint32_t row = 0;
  };

  MergeChoice DueMerge() const;
  /// How many of the sets from `first` a build takes: as many as have room, at least one.
  std::size_t CountThatFits(std::span<const std::shared_ptr<RowSet>> sets, std::size_t first) const;
  std::optional<SegmentPlace> FindInSegments(const ChunkKey& key);

  std::vector<FieldLayout> fields_;
  std::uint64_t most_rows_;
  std::string analyzer_;
  std::size_t sparse_fields_;
  std::uint64_t live_terms_ = 0;  ///< Of the texts of live rows.
  std::vector<Entry> segments_;
  Head head_;
};

}  // namespace tracevec
