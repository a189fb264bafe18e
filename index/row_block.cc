#include "index/row_block.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "core/vector_math.h"
#include "index/postings_builder.h"

namespace tracevec {
namespace {

constexpr std::size_t kHeadCodeBytes = std::size_t{512} << 10;
constexpr std::size_t kLeastRows = 512;
constexpr std::size_t kSparseEntryBytes = sizeof(std::uint32_t) + sizeof(float);

}  // namespace

std::uint32_t RowBlock::CapacityFor(std::span<const FieldLayout> fields) {
  std::size_t row_bytes = 0;
  for (const FieldLayout& field : fields) row_bytes += CodeLayout(field).stride();
  return static_cast<std::uint32_t>(
      std::max(kLeastRows, kHeadCodeBytes / std::max<std::size_t>(row_bytes, 64)));
}

RowBlock::RowBlock(std::uint32_t capacity, std::vector<FieldLayout> fields, BlockTexts texts,
                   std::size_t sparse_fields)
    : RowSet(std::move(fields)),
      capacity_(capacity),
      ids_(capacity),
      own_documents_(capacity),
      own_chunks_(capacity),
      own_created_(capacity),
      states_(std::make_unique<std::atomic<ChunkState*>[]>(capacity)),
      own_columns_(fields_.size()),
      texts_(texts),
      own_terms_(texts != BlockTexts::kNone ? capacity : 0),
      own_lengths_(texts != BlockTexts::kNone ? capacity : 0),
      own_sparse_(sparse_fields) {
  ReserveRows(capacity);
  for (auto& column : own_sparse_) column.resize(capacity);
  documents_ = own_documents_.data();
  chunks_ = own_chunks_.data();
  created_ = own_created_.data();
  if (texts != BlockTexts::kNone) text_lengths_ = own_lengths_.data();
  for (std::size_t f = 0; f < fields_.size(); ++f) {
    OwnColumn& own = own_columns_[f];
    own.codes = CodeArray(CodeLayout(fields_[f]), capacity);
    own.vectors = AlignedArray<float>(std::size_t{capacity} * fields_[f].dimension);
    own.present.resize(capacity);
    columns_[f].codes = own.codes.rows(capacity);
    columns_[f].vectors = own.vectors.data();
    columns_[f].present = own.present.data();
  }
}

RowBlock::~RowBlock() {
  for (std::uint32_t row = 0; row < size_; ++row) {
    FreeStates(states_[row].load(std::memory_order_relaxed));
  }
}

std::size_t RowBlock::memory_bytes() const {
  std::size_t row_bytes = sizeof(std::string) + sizeof(DocumentNumber) + sizeof(ChunkNumber) +
                          3 * sizeof(std::uint64_t);
  for (const FieldLayout& field : fields_) {
    const CodeLayout layout(field);
    row_bytes += layout.stride() + layout.factor_bytes() + field.dimension * sizeof(float) + 1;
  }
  if (!own_terms_.empty()) row_bytes += sizeof own_terms_[0] + sizeof own_lengths_[0];
  row_bytes += own_sparse_.size() * sizeof(std::shared_ptr<const SparseVector>);
  return row_bytes * capacity_ + terms_bytes_.load(std::memory_order_relaxed);
}

const Postings* RowBlock::postings(std::uint32_t rows) const {
  if (texts_ != BlockTexts::kPostings || rows < capacity_) return nullptr;
  const std::lock_guard lock(postings_mutex_);
  if (postings_ == nullptr) {
    PostingsBuilder builder(own_lengths_);
    for (std::uint32_t row = 0; row < capacity_; ++row) {
      if (own_terms_[row] != nullptr) builder.AddRow(row, *own_terms_[row]);
    }
    postings_ = std::make_unique<OwnPostings>(builder.Build({}));
  }
  return &postings_->view;
}

void RowBlock::FillColumn(std::size_t field, std::uint32_t row, std::span<const float> vector,
                          bool normalised) {
  OwnColumn& column = own_columns_[field];
  const FieldLayout& layout = fields_[field];
  const std::size_t count = layout.dimension;
  assert(vector.size() == count);
  float* target = column.vectors.data() + std::size_t{row} * count;
  if (layout.metric == Metric::kCosine && !normalised) {
    Normalise(vector.data(), count, target);
  } else {
    std::memcpy(target, vector.data(), count * sizeof(float));
  }
  column.codes.Encode(row, target);
  column.present[row] = 1;
}

std::uint32_t RowBlock::Append(NewRow row) {
  assert(size_ < capacity_);
  auto state = std::make_unique<ChunkState>();
  state->commit = row.created;
  state->document = std::move(row.document_state);
  state->own = std::move(row.own);
  state->own_is_complete = row.own_is_complete;

  const std::uint32_t at = size_;
  ids_[at] = std::move(row.id);
  own_documents_[at] = row.document;
  own_chunks_[at] = row.chunk;
  own_created_[at] = Raw(row.created);
  for (std::size_t f = 0; f < row.vectors.size(); ++f) {
    if (!row.vectors[f].empty()) FillColumn(f, at, row.vectors[f], row.normalised);
  }
  if (row.terms != nullptr && !own_terms_.empty()) {
    own_lengths_[at] = row.terms->length();
    terms_bytes_.fetch_add(row.terms->memory_bytes(), std::memory_order_relaxed);
    own_terms_[at] = std::move(row.terms);
  }
  for (std::size_t f = 0; f < own_sparse_.size() && f < row.sparse.size(); ++f) {
    if (row.sparse[f] == nullptr) continue;
    terms_bytes_.fetch_add(row.sparse[f]->indices.size() * kSparseEntryBytes,
                           std::memory_order_relaxed);
    own_sparse_[f][at] = std::move(row.sparse[f]);
  }
  states_[at].store(state.release(), std::memory_order_release);
  return size_++;
}

void RowBlock::PushState(std::uint32_t row, std::unique_ptr<ChunkState> state,
                         CommitNumber oldest_view) {
  PushNewest(&states_[row], std::move(state), oldest_view);
}

const ChunkState& RowBlock::StateAt(std::uint32_t row, CommitNumber view,
                                    StateScratch* /*scratch*/) const {
  const ChunkState* state = states_[row].load(std::memory_order_acquire);
  while (state->commit > view) state = state->older;
  return *state;
}

}  // namespace tracevec
