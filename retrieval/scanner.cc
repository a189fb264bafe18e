#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/nearest_name.h"
#include "core/return_if_error.h"
#include "core/sort_key.h"
#include "retrieval/document_reader.h"
#include "retrieval/guard.h"
#include "retrieval/read_chunks.h"
#include "retrieval/row_loader.h"
#include "retrieval/row_selection.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kLargestBatch = 100'000;

/// A field's value of a row: its own, else the document's; null when there is none.
const Value* FieldOf(const ChunkState& chunk, const std::string& name) {
  if (chunk.own != nullptr) {
    const auto found = chunk.own->find(name);
    if (found != chunk.own->end()) return &found->second;
    if (chunk.own_is_complete) return nullptr;
  }
  const auto found = chunk.document->metadata.find(name);
  return found == chunk.document->metadata.end() ? nullptr : &found->second;
}

/// A row with what it is sorted by.
struct SortedRow {
  RowRef ref;
  std::string_view id;
  Value value;  ///< Null where the row lacks the field.
};

/// Sorts rows by id or by a metadata field; rows that are equal in it, or lack it, by id. Rows
/// without the field come last in both directions.
void SortRows(const IndexView& view, const std::string& order_by, std::vector<RowRef>* order) {
  const bool descending = order_by.front() == '-';
  const std::string name = order_by.substr(descending ? 1 : 0);
  const bool by_id = name == "id";
  std::vector<SortedRow> rows;
  rows.reserve(order->size());
  StateScratch scratch;
  for (const RowRef ref : *order) {
    const RowSet& set = *view.sets[ref.set];
    rows.push_back({ref, set.id(ref.row), Value()});
    if (by_id) continue;
    const Value* value = FieldOf(set.StateAt(ref.row, view.commit, &scratch), name);
    if (value != nullptr) rows.back().value = *value;
  }
  std::sort(rows.begin(), rows.end(), [&](const SortedRow& a, const SortedRow& b) {
    if (by_id) return descending ? b.id < a.id : a.id < b.id;
    if (a.value.is_null() != b.value.is_null()) return b.value.is_null();
    if (!a.value.is_null()) {
      const auto compared = CompareForSorting(a.value, b.value);
      if (compared != 0) return descending ? compared > 0 : compared < 0;
    }
    return a.id < b.id;
  });
  std::transform(rows.begin(), rows.end(), order->begin(),
                 [](const SortedRow& row) { return row.ref; });
}

/// Errors: InvalidArgument for a name that no chunk can have, with the nearest one.
Status CheckOrderBy(const std::string& order_by, const CollectionSchema& schema,
                    const std::vector<std::string>* known_fields) {
  const std::string name = order_by.starts_with('-') ? order_by.substr(1) : order_by;
  if (name.empty() && !order_by.empty()) {
    return Status::InvalidArgument("order_by: '-' names no field");
  }
  if (name.empty() || name == "id" || known_fields == nullptr || schema.metadata.contains(name) ||
      std::binary_search(known_fields->begin(), known_fields->end(), name)) {
    return Status::Ok();
  }
  std::vector<std::string> names = *known_fields;
  for (const auto& [declared, type] : schema.metadata) names.push_back(declared);
  return Status::InvalidArgument(
      fmt::format("order_by: unknown field '{}'{}", name, DidYouMean(name, names)));
}

}  // namespace

Result<std::unique_ptr<Scanner::Impl>> Scanner::Impl::Open(
    std::shared_ptr<const Engine> engine, std::shared_ptr<const CollectionState> state,
    ScanOptions options) {
  if (options.batch_size == 0 || options.batch_size > kLargestBatch) {
    return Status::InvalidArgument(
        fmt::format("batch_size: {}, expected 1 to {}", options.batch_size, kLargestBatch));
  }
  std::unique_ptr<Impl> scan(new Impl(std::move(engine), std::move(state), std::move(options)));
  scan->view_ = scan->state_->views.Current();
  TRACEVEC_RETURN_IF_ERROR(
      CheckOrderBy(scan->options_.order_by, scan->state_->schema, scan->view_->known_fields.get()));
  const Store& store = scan->engine_->store();
  TRACEVEC_ASSIGN_OR_RETURN(scan->rows_,
                            RowsOf(store, *scan->state_, *scan->view_, RowParts::NoVectors()));
  TRACEVEC_ASSIGN_OR_RETURN(const auto filter, BindFilter(*scan->state_, *scan->view_, scan->rows_,
                                                          scan->options_.where));
  TRACEVEC_ASSIGN_OR_RETURN(scan->order_, MatchingRows(store, *scan->state_, scan->rows_, *filter));
  if (!scan->options_.order_by.empty()) {
    SortRows(scan->rows_, scan->options_.order_by, &scan->order_);
  }
  return scan;
}

Status Scanner::Impl::ReadAhead() {
  batch_.clear();
  next_in_batch_ = 0;
  const Store& store = engine_->store();
  StateScratch scratch;
  std::optional<VersionReader> reader;  // Neighbours are often of one document.
  while (batch_.size() < options_.batch_size && next_row_ < order_.size()) {
    const RowRef ref = order_[next_row_++];
    const RowSet& set = *rows_.sets[ref.set];
    const DocumentState& document = *set.StateAt(ref.row, rows_.commit, &scratch).document;
    if (!reader || reader->document() != document.number) {
      TRACEVEC_ASSIGN_OR_RETURN(reader, VersionReader::Open(store, state_->number, document));
    }
    const auto ordinal = reader->OrdinalOf(set.chunk(ref.row));
    if (!ordinal) {
      return Status::Corruption(fmt::format("document '{}': chunk '{}' is not in its version {}",
                                            document.id, set.id(ref.row), document.version));
    }
    TRACEVEC_ASSIGN_OR_RETURN(Chunk chunk, ReadChunk(store, *state_, *reader, *ordinal,
                                                     view_->commit, options_.with_vectors));
    batch_.push_back(std::move(chunk));
  }
  return Status::Ok();
}

Status Scanner::Impl::CheckReadable() const {
  TRACEVEC_RETURN_IF_ERROR(engine_->CheckOpen());
  return state_->snapshot == nullptr ? Status::Ok() : state_->snapshot->CheckOpen();
}

Result<std::optional<Chunk>> Scanner::Impl::Next() {
  TRACEVEC_RETURN_IF_ERROR(CheckReadable());
  if (next_in_batch_ == batch_.size()) {
    const Status read = ReadAhead();
    // Rather than what a drop, or a snapshot let go of, left to read.
    TRACEVEC_RETURN_IF_ERROR(CheckReadable());
    TRACEVEC_RETURN_IF_ERROR(state_->CheckNotDropped());
    TRACEVEC_RETURN_IF_ERROR(read);
  }
  if (next_in_batch_ == batch_.size()) return std::optional<Chunk>();
  return std::optional(std::move(batch_[next_in_batch_++]));
}

Scanner::Scanner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Scanner::Scanner(Scanner&&) noexcept = default;
Scanner& Scanner::operator=(Scanner&&) noexcept = default;
Scanner::~Scanner() = default;

Result<std::optional<Chunk>> Scanner::Next() {
  return Guard([&] { return impl_->Next(); });
}

}  // namespace tracevec
