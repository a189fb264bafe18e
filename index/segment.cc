#include "index/segment.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/return_if_error.h"
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
                                               std::string_view analyzer,
                                               std::size_t sparse_fields) {
  return SegmentReader(std::move(image), fields, collection)
      .Read(check_contents, analyzer, sparse_fields);
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

std::string_view Segment::DocumentBytes(std::uint32_t row) const {
  const std::uint32_t document = document_of_row_[row];
  const std::uint64_t begin = document_offsets_[document];
  return {documents_bytes_ + begin, document_offsets_[document + 1] - begin};
}

std::shared_ptr<const NameColumns> Segment::Names() const {
  const std::lock_guard lock(names_mutex_);
  if (names_ == nullptr) {
    names_ = std::make_shared<const NameColumns>(
        rows_, [this](std::uint32_t row) { return id(row); },
        [this](std::uint32_t row) { return DocumentIdOf(row); });
  }
  return names_;
}

std::string_view Segment::DocumentIdOf(std::uint32_t row) const {
  return SegmentDocumentId(DocumentBytes(row));
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
    auto decoded = DecodeSegmentDocument(DocumentBytes(row));
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

std::shared_ptr<const ColumnGeneration> Segment::ColumnsAt(
    CommitNumber view, const MetadataColumns::FieldNames* declared) const {
  if (declared == nullptr) return metadata_columns_->At(view);
  return metadata_columns_->At(view, [&](ColumnGeneration* first) {
    const auto file = columns_file();
    if (file != nullptr && file->bytes != nullptr && file->as_of <= view) {
      const auto read = ReadColumnsFile(*file);
      // One that is damaged is found again by the thread that makes columns, which tells of it.
      if (read.ok()) {
        first->columns = std::move((*read)->columns);
        first->as_of = (*read)->as_of;
        first->names = (*read)->names;
        return;
      }
    }
    StateScratch scratch;
    first->columns = MetadataColumns::Build(rows_, *declared, [&](std::uint32_t row) {
      FilterSubject subject;
      SetMetadata(ImageState(row, &scratch), &subject);
      return subject;
    });
    first->names = Names();
  });
}

std::shared_ptr<ColumnGeneration> Segment::MakeColumns(CommitNumber view,
                                                       const MetadataColumns::FieldNames& declared,
                                                       const BuildStop& stop) const {
  StateScratch scratch;
  auto columns = MetadataColumns::Build(rows_, declared, [&](std::uint32_t row) {
    if (row % kRowsPerPage == 0) CheckStop(stop);
    FilterSubject subject;
    if (VisibleAt(row, view)) SetMetadata(StateAt(row, view, &scratch), &subject);
    return subject;
  });
  CheckStop(stop);
  return std::make_shared<ColumnGeneration>(
      ColumnGeneration{std::move(columns), view, std::make_shared<ChangedRows>(rows_), Names()});
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

void Segment::SetColumnsFile(std::shared_ptr<const ColumnsFile> file) {
  const std::lock_guard lock(columns_file_mutex_);
  columns_file_ = std::move(file);
}

std::shared_ptr<const ColumnsFile> Segment::columns_file() const {
  const std::lock_guard lock(columns_file_mutex_);
  return columns_file_;
}

bool Segment::ColumnsAreDue() const {
  const auto file = columns_file();
  return (file != nullptr && file->unread) || metadata_columns_->RefreshIsDue();
}

Result<std::shared_ptr<ColumnGeneration>> Segment::ReadColumnsFile(const ColumnsFile& file) const {
  TRACEVEC_ASSIGN_OR_RETURN(
      ReadColumnsResult read,
      ReadColumns(
          file.bytes->bytes(), columns_origin(), [this](std::uint32_t row) { return id(row); },
          [this](std::uint32_t row) { return DocumentIdOf(row); }));
  file.bytes->Forget(file.bytes->bytes());
  if (read.as_of != file.as_of || read.checksum != file.checksum) {
    return Status::Corruption("column file: another one than was recorded");
  }
  {
    const std::lock_guard lock(names_mutex_);
    if (names_ == nullptr) names_ = std::move(read.names);
  }
  return std::make_shared<ColumnGeneration>(ColumnGeneration{
      std::move(read.columns), read.as_of, std::make_shared<ChangedRows>(rows_), Names()});
}

Result<std::uint64_t> Segment::WriteColumnsFile(const ColumnGeneration& generation,
                                                ImageSink* sink) const {
  return WriteColumns(generation, columns_origin(), sink);
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
  {
    const std::lock_guard lock(names_mutex_);
    if (names_ != nullptr) total += names_->memory_bytes();
  }
  if (any_deleted_.load(std::memory_order_relaxed)) total += rows_ * sizeof(std::uint64_t);
  for (std::uint32_t page = 0; page * kRowsPerPage < rows_; ++page) {
    if (pages_[page].load(std::memory_order_relaxed) != nullptr) total += sizeof(StatePage);
  }
  return total + (image_->in_memory() ? image_->bytes().size() : 0);
}

}  // namespace tracevec
