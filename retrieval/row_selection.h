#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/filter_program.h"
#include "index/scan.h"
#include "retrieval/bound_filter.h"
#include "retrieval/collection_state.h"
#include "retrieval/document_reader.h"
#include "storage/store.h"
#include "tracevec/collection.h"

namespace tracevec {

/// Loads the text of rows for filters that ask for it. One a thread; must not move while a query
/// points to it.
class RowTexts {
 public:
  RowTexts(const Store& store, const CollectionState& state, const IndexView& rows)
      : store_(store), state_(state), rows_(rows) {}
  RowTexts(const RowTexts&) = delete;
  RowTexts& operator=(const RowTexts&) = delete;

  /// Makes a query filter by `filter` (which may be empty), with texts and states from here.
  void Attach(const BoundFilter& filter, ScanQuery* query);
  /// The first failure to read a text; such rows count as having none.
  const Status& status() const { return status_; }

 private:
  static const std::string* Load(void* self);

  const Store& store_;
  const CollectionState& state_;
  const IndexView& rows_;
  RowRef row_;
  StateScratch scratch_;
  std::optional<VersionReader> reader_;  // Neighbours are often of one document.
  std::string text_;
  Status status_;
};

/// The rows of a view that a filter accepts, in index order. Errors: IOError, Corruption.
Result<std::vector<RowRef>> MatchingRows(const Store& store, const CollectionState& state,
                                         const IndexView& rows, const BoundFilter& filter);
/// How many they are. Cost: where bitmaps tell, and no row is dead or has a time to live, that of
/// finding those.
Result<std::uint64_t> CountMatching(const Store& store, const CollectionState& state,
                                    const IndexView& rows, const BoundFilter& filter);

/// A chunk that a call was asked to change.
struct SelectedChunk {
  DocumentNumber document{};
  ChunkNumber chunk{};
  std::string document_id;
  std::uint32_t version = 0;
  std::uint32_t chunks_of_document = 0;
};

/// Finds the chunks of a selection at a view; ids that do not exist are left out. Errors:
/// InvalidArgument when both or neither of ids and where are given, and the filter's.
Result<std::vector<SelectedChunk>> SelectChunks(const Store& store, const CollectionState& state,
                                                const CollectionView& view,
                                                const Selection& selection);

}  // namespace tracevec
