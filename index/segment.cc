#include "index/segment.h"

#include <algorithm>
#include <array>
#include <utility>

#include "index/segment_document.h"
#include "index/segment_reader.h"

namespace tracevec {

struct Segment::StatePage {
  std::array<std::atomic<ChunkState*>, kRowsPerPage> states{};
  ~StatePage() {
    for (std::atomic<ChunkState*>& state : states) FreeStates(state.load());
  }
};

Result<std::shared_ptr<Segment>> Segment::Open(std::shared_ptr<const ImageBytes> image,
                                               const std::vector<FieldLayout>& fields,
                                               CollectionNumber collection, bool check_contents,
                                               std::string_view analyzer) {
  return SegmentReader(std::move(image), fields, collection).Read(check_contents, analyzer);
}

Segment::~Segment() {
  for (std::uint32_t page = 0; page * kRowsPerPage < rows_; ++page) delete pages_[page].load();
}

Status Segment::CheckContents(const BuildStop& stop) const {
  return SegmentReader(image_, fields_, CollectionNumber{}).Verify(stop);
}

std::span<const std::uint32_t> Segment::RowsOf(DocumentNumber document) const {
  // Each row carries its document's number, so the table needs no numbers of its own.
  const auto number_of = [this](std::uint32_t place) {
    return documents_[document_rows_[document_first_rows_[place]]];
  };
  std::uint32_t first = 0;
  std::uint32_t last = document_count_;
  while (first < last) {
    const std::uint32_t middle = first + (last - first) / 2;
    if (number_of(middle) < document) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  if (first == document_count_ || number_of(first) != document) return {};
  return document_rows_.subspan(document_first_rows_[first],
                                document_first_rows_[first + 1] - document_first_rows_[first]);
}

std::string_view Segment::id(std::uint32_t row) const {
  return {ids_ + id_offsets_[row], id_offsets_[row + 1] - id_offsets_[row]};
}

std::string_view Segment::OwnBytes(std::uint32_t row) const {
  if (own_offsets_.empty()) return {};
  return {own_ + own_offsets_[row], own_offsets_[row + 1] - own_offsets_[row]};
}

const ChunkState& Segment::StateAt(std::uint32_t row, CommitNumber view,
                                   StateScratch* scratch) const {
  if (const StatePage* page = pages_[row / kRowsPerPage].load(std::memory_order_acquire)) {
    const ChunkState* state = page->states[row % kRowsPerPage].load(std::memory_order_acquire);
    while (state != nullptr && state->commit > view) state = state->older;
    if (state != nullptr) return *state;
  }
  return ImageState(row, scratch);
}

const ChunkState& Segment::ImageState(std::uint32_t row, StateScratch* scratch) const {
  const std::uint32_t document = document_of_row_[row];
  if (scratch->set != this || scratch->document != document) {
    const std::uint64_t begin = document_offsets_[document];
    auto decoded =
        DecodeSegmentDocument({documents_bytes_ + begin, document_offsets_[document + 1] - begin});
    // Damage behind a checksum that matched: a document that no filter knows anything of.
    if (decoded == nullptr) decoded = std::make_shared<DocumentState>();
    scratch->set = this;
    scratch->document = document;
    scratch->state.document = std::move(decoded);
  }
  scratch->state.commit = created(row);
  if (!DecodeOwnMetadata(OwnBytes(row), &scratch->state)) scratch->state.own = nullptr;
  return scratch->state;
}

void Segment::PushState(std::uint32_t row, std::unique_ptr<ChunkState> state,
                        CommitNumber oldest_view) {
  std::atomic<StatePage*>& page = pages_[row / kRowsPerPage];
  if (page.load(std::memory_order_relaxed) == nullptr) {
    page.store(new StatePage(), std::memory_order_release);
  }
  PushNewest(&page.load(std::memory_order_relaxed)->states[row % kRowsPerPage], std::move(state),
             oldest_view);
  metadata_columns_->NoteChange(row);
}

namespace {

void SetMetadata(const ChunkState& state, FilterSubject* subject) {
  subject->own = state.own.get();
  subject->inherited = state.own_is_complete ? nullptr : &state.document->metadata;
}

}  // namespace

std::shared_ptr<const ColumnGeneration> Segment::ColumnsAt(CommitNumber view, bool make) const {
  if (!make) return metadata_columns_->At(view);
  return metadata_columns_->At(view, [this] {
    StateScratch scratch;
    return MetadataColumns::Build(rows_, [&](std::uint32_t row) {
      FilterSubject subject;
      SetMetadata(ImageState(row, &scratch), &subject);
      return subject;
    });
  });
}

std::shared_ptr<ColumnGeneration> Segment::MakeColumns(CommitNumber view,
                                                       const BuildStop& stop) const {
  StateScratch scratch;
  auto columns = MetadataColumns::Build(rows_, [&](std::uint32_t row) {
    if (row % kRowsPerPage == 0) CheckStop(stop);
    FilterSubject subject;
    if (VisibleAt(row, view)) SetMetadata(StateAt(row, view, &scratch), &subject);
    return subject;
  });
  return std::make_shared<ColumnGeneration>(
      ColumnGeneration{std::move(columns), view, std::make_shared<ChangedRows>(rows_)});
}

void Segment::PutColumns(std::shared_ptr<ColumnGeneration> columns) {
  for (std::uint32_t page = 0; page * kRowsPerPage < rows_; ++page) {
    if (pages_[page].load(std::memory_order_relaxed) == nullptr) continue;
    const std::uint32_t last = std::min(rows_, (page + 1) * kRowsPerPage);
    for (std::uint32_t row = page * kRowsPerPage; row < last; ++row) {
      const ChunkState* newest = newest_state(row);
      if (newest != nullptr && newest->commit > columns->as_of) columns->changed->Add(row);
    }
  }
  metadata_columns_->Put(std::move(columns));
}

const ChunkState* Segment::newest_state(std::uint32_t row) const {
  const StatePage* page = pages_[row / kRowsPerPage].load(std::memory_order_relaxed);
  if (page == nullptr) return nullptr;
  return page->states[row % kRowsPerPage].load(std::memory_order_relaxed);
}

void Segment::ListChanges(std::vector<std::uint32_t>* dead,
                          std::vector<DocumentNumber>* restated) const {
  for (std::uint32_t row = 0; row < rows_; ++row) {
    if (!Alive(row)) {
      dead->push_back(row);
    } else if (newest_state(row) != nullptr) {
      restated->push_back(document(row));
    }
  }
}

std::optional<std::uint32_t> Segment::Find(DocumentNumber document, ChunkNumber chunk) const {
  const std::span<const std::uint32_t> rows = RowsOf(document);
  const auto at = std::lower_bound(
      rows.begin(), rows.end(), chunk,
      [this](std::uint32_t row, ChunkNumber wanted) { return chunks_[row] < wanted; });
  if (at == rows.end() || chunks_[*at] != chunk) return std::nullopt;
  return *at;
}

std::size_t Segment::memory_bytes() const {
  std::size_t total = hot_bytes_ + metadata_columns_->memory_bytes();
  if (any_deleted_.load(std::memory_order_relaxed)) total += rows_ * sizeof(std::uint64_t);
  for (std::uint32_t page = 0; page * kRowsPerPage < rows_; ++page) {
    if (pages_[page].load(std::memory_order_relaxed) != nullptr) total += sizeof(StatePage);
  }
  return total + (image_->in_memory() ? image_->bytes().size() : 0);
}

}  // namespace tracevec
