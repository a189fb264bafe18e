#include "retrieval/index_loader.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/column_files.h"
#include "retrieval/row_loader.h"
#include "storage/image_files.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace tracevec {
namespace {

class IndexLoader {
 public:
  IndexLoader(const Store& store, CollectionState& state) : store_(store), state_(state) {}

  Status Load() {
    TRACEVEC_RETURN_IF_ERROR(ReadCheckpoint());
    StartIndex();
    for (std::size_t i = 0; i < checkpoint_.images.size(); ++i) {
      TRACEVEC_RETURN_IF_ERROR(AddImage(i));
    }
    TRACEVEC_RETURN_IF_ERROR(some_are_missing_ ? ReadAll() : ReadStale());
    if (index_->live_rows() != state_.counters.chunks && index_->segments() > 0) {
      Distrust(fmt::format("with its images it has {} chunks, {} were counted", index_->live_rows(),
                           state_.counters.chunks));
      StartIndex();
      TRACEVEC_RETURN_IF_ERROR(ReadAll());
    }
    if (index_->live_rows() != state_.counters.chunks) {
      return Status::Corruption(
          fmt::format("collection '{}': {} chunks were found, {} were counted", state_.name,
                      index_->live_rows(), state_.counters.chunks));
    }
    Publish();
    return Status::Ok();
  }

 private:
  /// The checkpoint, and the documents that changed since or were stale then. One that is damaged
  /// counts as none.
  Status ReadCheckpoint() {
    TRACEVEC_ASSIGN_OR_RETURN(const auto stored,
                              store_.Get(Table::kRecords, keys::IndexCheckpoint(state_.number)));
    some_are_missing_ = !stored;
    if (!stored) return Status::Ok();
    loaded_.has_checkpoint = true;
    auto checkpoint = DecodeIndexCheckpoint(*stored);
    if (!checkpoint.ok()) {
      Distrust(checkpoint.status().message());
      return Status::Ok();
    }
    checkpoint_ = *std::move(checkpoint);
    for (const ImageRecord& image : checkpoint_.images) loaded_.images.push_back(image.number);
    for (const ColumnsRecord& each : checkpoint_.columns) loaded_.images.push_back(each.number);
    if (checkpoint_.commit > state_.counters.commit) {
      Distrust(fmt::format("its checkpoint is of commit {}, the last one is {}",
                           Raw(checkpoint_.commit), Raw(state_.counters.commit)));
      return Status::Ok();
    }
    return ReadChanges();
  }

  Status ReadChanges() {
    stale_ = std::move(checkpoint_.stale_documents);
    StoreCursor cursor = store_.NewCursor(Table::kRecords, keys::IndexChangesPrefix(state_.number));
    for (; cursor.Valid(); cursor.Next()) {
      const auto changed = DecodeIndexChange(cursor.value());
      if (!changed.ok()) {
        // Which documents it named is not known: no image can be trusted.
        Distrust(changed.status().message());
        return Status::Ok();
      }
      loaded_.changed_documents += changed->size();
      stale_.insert(stale_.end(), changed->begin(), changed->end());
    }
    std::sort(stale_.begin(), stale_.end());
    stale_.erase(std::unique(stale_.begin(), stale_.end()), stale_.end());
    return cursor.status();
  }

  void StartIndex() { index_ = state_.NewIndex(); }

  /// Opens an image, or notes that it cannot be used.
  Status AddImage(std::size_t place) {
    const ImageRecord& image = checkpoint_.images[place];
    const Result<std::shared_ptr<Segment>> segment = OpenSegment(image);
    if (segment.ok()) {
      for (const std::uint32_t row : image.dead) {
        (*segment)->Delete(row, state_.counters.commit);
      }
      AddColumns(place, **segment);
      index_->AddSegment(*segment);
      return Status::Ok();
    }
    // Without memory, or descriptors, for the image there is none for its rows either.
    if (segment.status().code() == StatusCode::kResourceExhausted) return segment.status();
    Warn(segment.status().message());
    return Status::Ok();
  }

  /// Before rows are restated: what is newer than the columns is then told to them.
  void AddColumns(std::size_t place, Segment& segment) {
    const auto& all = checkpoint_.columns;
    const auto named = std::find_if(
        all.begin(), all.end(), [place](const ColumnsRecord& each) { return each.image == place; });
    if (named == all.end()) return;
    auto file = OpenColumnsFile(store_, *named);
    if (file.ok()) return segment.SetColumnsFile(*std::move(file));
    segment.SetColumnsFile(std::make_shared<ColumnsFile>(ColumnsFile{nullptr, 0, {}, true}));
    warnings_.push_back(
        fmt::format("columns of filters are made again: {}", file.status().message()));
  }

  Result<std::shared_ptr<Segment>> OpenSegment(const ImageRecord& image) {
    if (state_.stored_index.damaged.contains(image.number)) {
      return Status::Corruption(fmt::format("image {}: damaged on disk", image.number));
    }
    TRACEVEC_ASSIGN_OR_RETURN(const auto file, store_.image_files().Open(image.number));
    const bool untouched = image.stamp && file->stamp() == image.stamp;
    TRACEVEC_ASSIGN_OR_RETURN(
        std::shared_ptr<Segment> segment,
        Segment::Open(file, index_->fields(), state_.number,
                      /*check_contents=*/!untouched, index_->analyzer(), index_->sparse_fields()));
    if (segment->image_checksum() != image.checksum || segment->rows() != image.rows) {
      return Status::Corruption(
          fmt::format("image {}: another one than was recorded", image.number));
    }
    if (untouched && !state_.stored_index.verified.contains(image.number)) {
      loaded_.unverified.push_back(segment);
    } else if (!untouched && file->stamp()) {
      loaded_.checkpoint_is_due = true;  // With the new stamp, for the next open to trust.
    }
    return segment;
  }

  Status ReadStale() {
    may_expire_ = checkpoint_.may_expire;
    return LoadDocuments(store_, state_, state_.counters.commit, stale_,
                         [this](DocumentNumber document, std::vector<NewRow> rows) {
                           Reconcile(document, std::move(rows), /*restate=*/true);
                           return Status::Ok();
                         });
  }

  Status ReadAll() {
    may_expire_ = false;
    TRACEVEC_RETURN_IF_ERROR(
        LoadAllDocuments(store_, state_, state_.counters.commit, RowParts::All(),
                         [this](DocumentNumber document, std::vector<NewRow> rows) {
                           Reconcile(document, std::move(rows), IsStale(document));
                           return Status::Ok();
                         }));
    if (index_->segments() == 0) return Status::Ok();
    // Documents that are gone were not met.
    return LoadDocuments(store_, state_, state_.counters.commit, stale_,
                         [this](DocumentNumber document, const std::vector<NewRow>& rows) {
                           if (rows.empty()) Reconcile(document, {}, /*restate=*/false);
                           return Status::Ok();
                         });
  }

  bool IsStale(DocumentNumber document) const {
    return std::binary_search(stale_.begin(), stale_.end(), document);
  }

  void Reconcile(DocumentNumber document, std::vector<NewRow> rows, bool restate) {
    if (!rows.empty() && rows.front().document_state->expires_at) may_expire_ = true;
    index_->Reconcile(document, std::move(rows), restate, state_.counters.commit);
  }

  void Warn(std::string_view why) {
    some_are_missing_ = true;
    loaded_.checkpoint_is_due = true;
    warnings_.push_back(fmt::format("part of the index is built again from the store: {}", why));
  }
  /// Nothing of the images is used.
  void Distrust(std::string_view why) {
    checkpoint_.images.clear();
    checkpoint_.columns.clear();
    loaded_.unverified.clear();
    Warn(why);
  }

  void Publish() {
    StoredIndex& before = state_.stored_index;
    // Files that were written since the checkpoint are in no index now, and go with the next one.
    for (const std::uint64_t image : before.images) {
      const bool named =
          std::find(loaded_.images.begin(), loaded_.images.end(), image) != loaded_.images.end();
      if (!named) loaded_.images.push_back(image);
    }
    PublishIndex();
    loaded_.damaged = std::move(before.damaged);
    loaded_.verified = std::move(before.verified);
    before = std::move(loaded_);
    // Who reads one finds answers that do without what it warns of.
    for (std::string& warning : warnings_) state_.warnings.Add(std::move(warning));
  }

  /// Without memory for a view the state keeps the index it had.
  void PublishIndex() {
    std::swap(state_.index, index_);
    std::swap(state_.may_expire, may_expire_);
    try {
      state_.PublishView();
    } catch (...) {
      std::swap(state_.index, index_);
      std::swap(state_.may_expire, may_expire_);
      throw;
    }
  }

  const Store& store_;
  CollectionState& state_;
  IndexCheckpointRecord checkpoint_;
  std::vector<DocumentNumber> stale_;  // Ascending.
  bool some_are_missing_ = false;      // Rows may be in no image although nothing names them.
  bool may_expire_ = false;
  StoredIndex loaded_;
  std::vector<std::string> warnings_;
  std::shared_ptr<CollectionIndex> index_;
};

}  // namespace

Status LoadIndex(const Store& store, CollectionState& state) {
  return IndexLoader(store, state).Load();
}

Status LoadStoredIndex(const Store& store, CollectionState& state) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto stored,
                            store.Get(Table::kRecords, keys::IndexCheckpoint(state.number)));
  state.stored_index.has_checkpoint = stored.has_value();
  if (!stored) return Status::Ok();
  const auto checkpoint = DecodeIndexCheckpoint(*stored);
  // One that is damaged names no file that anyone could find.
  if (!checkpoint.ok()) return Status::Ok();
  for (const ImageRecord& image : checkpoint->images) {
    state.stored_index.images.push_back(image.number);
  }
  for (const ColumnsRecord& columns : checkpoint->columns) {
    state.stored_index.images.push_back(columns.number);
  }
  return Status::Ok();
}

}  // namespace tracevec
