#include "retrieval/index_checkpoint.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "core/return_if_error.h"
#include "retrieval/column_files.h"
#include "storage/features.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace tracevec {
namespace {

template <typename Number>
void SortUnique(std::vector<Number>& numbers) {
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

IndexCheckpointRecord MakeCheckpoint(const CollectionState& state, const KeptFiles& kept) {
  IndexCheckpointRecord record;
  record.commit = state.counters.commit;
  record.may_expire = state.may_expire;
  if (state.index == nullptr) return record;  // That of no images is none.
  std::vector<DocumentNumber>& stale = record.stale_documents;
  const IndexView view = state.index->View(state.counters.commit);
  for (std::size_t s = 0; s < view.sets.size(); ++s) {
    const RowSet& set = *view.sets[s];
    const auto* segment = dynamic_cast<const Segment*>(&set);
    const ImageFile* file = segment == nullptr ? nullptr : FileOf(*segment);
    auto columns = segment == nullptr ? nullptr : segment->columns_file();
    if (const auto found = kept.find(segment); found != kept.end()) {
      file = found->second.image.get();
      columns = found->second.columns;
    }
    if (file == nullptr) {
      for (std::uint32_t row = 0; row < view.sizes[s]; ++row) {
        if (set.Alive(row)) stale.push_back(set.document(row));
      }
      continue;
    }
    ImageRecord image;
    image.number = file->number();
    image.checksum = segment->image_checksum();
    image.rows = segment->rows();
    image.stamp = file->stamp();
    segment->ListChanges(&image.dead, &stale);
    if (const auto named = RecordOf(columns.get(), record.images.size())) {
      record.columns.push_back(*named);
    }
    record.images.push_back(std::move(image));
  }
  SortUnique(stale);
  return record;
}

/// Before the first checkpoint that names columns, which older versions could not read.
Status SetColumnsFeature(const Store& store, StoreBatch* batch) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto stored, store.Get(Table::kRecords, keys::Format()));
  if (!stored) return Status::Corruption("the format record is missing");
  TRACEVEC_ASSIGN_OR_RETURN(FormatRecord record, DecodeFormat(*stored));
  if ((record.feature_flags & kColumnFilesFeature) != 0) return Status::Ok();
  record.feature_flags |= kColumnFilesFeature;
  batch->Put(Table::kRecords, keys::Format(), EncodeFormat(record));
  return Status::Ok();
}

Result<std::shared_ptr<const ImageFile>> WriteToFile(Store& store, const ImageBytes& image) {
  TRACEVEC_ASSIGN_OR_RETURN(auto writer, store.image_files().Create());
  const auto bytes = image.bytes();
  TRACEVEC_RETURN_IF_ERROR(writer->Reserve(bytes.size()));
  TRACEVEC_RETURN_IF_ERROR(writer->Append(bytes.data(), bytes.size()));
  return writer->Finish();
}

/// Null where there are none, or they cannot be written: then they are made again.
std::shared_ptr<const ColumnsFile> WriteColumnsOf(Store& store, const CollectionState& state,
                                                  const Segment& segment) {
  const auto newest = segment.ColumnsAt(state.counters.commit, nullptr);
  if (newest == nullptr) return nullptr;
  auto written = WriteColumnsFile(store, segment, *newest);
  return written.ok() ? *std::move(written) : nullptr;
}

}  // namespace

const ImageFile* FileOf(const Segment& segment) {
  return dynamic_cast<const ImageFile*>(segment.image().get());
}

Status WriteIndexCheckpoint(Store& store, CollectionState& state, const KeptFiles& kept) {
  const IndexCheckpointRecord record = MakeCheckpoint(state, kept);
  StoreBatch batch;
  batch.DeletePrefix(Table::kRecords, keys::IndexChangesPrefix(state.number));
  const std::string key = keys::IndexCheckpoint(state.number);
  if (record.images.empty()) {
    batch.Delete(Table::kRecords, key);
  } else {
    batch.Put(Table::kRecords, key, EncodeIndexCheckpoint(record));
    if (!record.columns.empty()) TRACEVEC_RETURN_IF_ERROR(SetColumnsFeature(store, &batch));
  }
  std::vector<std::uint64_t> named;  // Before the write: after it nothing may fail.
  for (const ImageRecord& image : record.images) named.push_back(image.number);
  for (const ColumnsRecord& columns : record.columns) named.push_back(columns.number);
  // Synced, since the files that it does not name go next.
  TRACEVEC_RETURN_IF_ERROR(store.Write(batch, /*sync=*/true));
  StoredIndex& stored = state.stored_index;
  const std::vector<std::uint64_t> before = std::exchange(stored.images, std::move(named));
  stored.has_checkpoint = !record.images.empty();
  stored.checkpoint_is_due = false;
  stored.changed_documents = 0;
  for (const std::uint64_t number : before) {
    const auto& now = stored.images;
    if (std::find(now.begin(), now.end(), number) != now.end()) continue;
    stored.damaged.erase(number);
    stored.verified.erase(number);
    store.image_files().Remove(number).IgnoreError("the next open for writing removes it");
  }
  return Status::Ok();
}

Status RemoveReplacedImages(Store& store, CollectionState& state) {
  std::set<std::uint64_t> used;
  if (state.index != nullptr) {
    for (const auto& set : state.index->View(state.counters.commit).sets) {
      if (const auto* segment = dynamic_cast<const Segment*>(set.get())) {
        const std::vector<std::uint64_t> files = FilesOf(*segment);
        used.insert(files.begin(), files.end());
      }
    }
  }
  const std::vector<std::uint64_t>& stored = state.stored_index.images;
  const bool all_used = std::all_of(stored.begin(), stored.end(),
                                    [&](std::uint64_t number) { return used.contains(number); });
  return all_used ? Status::Ok() : WriteIndexCheckpoint(store, state);
}

bool CheckpointIsDue(const CollectionState& state, const IndexOptions& options) {
  const StoredIndex& stored = state.stored_index;
  return stored.checkpoint_is_due || stored.changed_documents > options.most_changed_documents;
}

Status PersistIndex(Store& store, CollectionState& state, const IndexOptions& options) {
  if (state.index == nullptr) return Status::Ok();
  KeptFiles kept;
  Status first_failure;
  for (const auto& set : state.index->View(state.counters.commit).sets) {
    const auto* segment = dynamic_cast<const Segment*>(set.get());
    if (segment == nullptr || FileOf(*segment) != nullptr) continue;
    if (segment->rows() < options.least_rows_of_file_at_close) continue;
    auto file = WriteToFile(store, *segment->image());
    if (file.ok()) {
      kept[segment] = {*std::move(file), WriteColumnsOf(store, state, *segment)};
    } else if (first_failure.ok()) {
      first_failure = file.status();
    }
  }
  const StoredIndex& stored = state.stored_index;
  const bool misses_nothing =
      kept.empty() && !stored.checkpoint_is_due && stored.changed_documents == 0;
  if (misses_nothing) return first_failure;
  const Status written = WriteIndexCheckpoint(store, state, kept);
  return written.ok() ? first_failure : written;
}

Status RemoveStrayImages(Store& store) {
  TRACEVEC_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> numbers, store.image_files().List());
  if (numbers.empty()) return Status::Ok();
  std::set<std::uint64_t> named;
  StoreCursor cursor = store.NewCursor(Table::kRecords, keys::IndexCheckpointsPrefix());
  for (; cursor.Valid(); cursor.Next()) {
    const auto record = DecodeIndexCheckpoint(cursor.value());
    if (!record.ok()) continue;  // Its collection cannot use a file either.
    for (const ImageRecord& image : record->images) named.insert(image.number);
    for (const ColumnsRecord& columns : record->columns) named.insert(columns.number);
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  for (const std::uint64_t number : numbers) {
    if (named.contains(number)) continue;
    TRACEVEC_RETURN_IF_ERROR(store.image_files().Remove(number));
  }
  return Status::Ok();
}

}  // namespace tracevec
