#include "index/head.h"

#include <algorithm>
#include <utility>

namespace tracevec {

Head::Head(std::vector<FieldLayout> fields) : fields_(std::move(fields)) {}

void Head::Reserve(std::size_t rows) {
  std::size_t room = 0;
  for (std::size_t b = append_block_; b < blocks_.size(); ++b) {
    room += blocks_[b]->capacity() - blocks_[b]->size();
  }
  const std::uint32_t capacity = RowBlock::CapacityFor(fields_);
  while (room < rows) {
    blocks_.push_back(std::make_shared<RowBlock>(capacity, fields_));
    room += capacity;
  }
}

RowRef Head::Append(NewRow row) {
  Reserve(1);
  while (blocks_[append_block_]->size() == blocks_[append_block_]->capacity()) ++append_block_;
  std::vector<RowRef>& rows = rows_of_document_[Raw(row.document)];
  if (rows.size() == rows.capacity()) rows.reserve(std::max<std::size_t>(1, 2 * rows.size()));
  RowRef ref{static_cast<std::uint32_t>(append_block_), 0};
  ref.row = blocks_[append_block_]->Append(std::move(row));
  rows.push_back(ref);
  ++live_rows_;
  return ref;
}

void Head::Delete(RowRef ref, CommitNumber commit) {
  RowBlock& block = *blocks_[ref.block];
  block.Delete(ref.row, commit);
  --live_rows_;
  ++dead_rows_;
  const auto found = rows_of_document_.find(Raw(block.document(ref.row)));
  if (found == rows_of_document_.end()) return;
  std::erase(found->second, ref);
  if (found->second.empty()) rows_of_document_.erase(found);
}

std::span<const RowRef> Head::RowsOf(DocumentNumber document) const {
  const auto found = rows_of_document_.find(Raw(document));
  if (found == rows_of_document_.end()) return {};
  return found->second;
}

std::size_t Head::memory_bytes() const {
  std::size_t total = 0;
  for (const auto& block : blocks_) total += block->memory_bytes();
  return total;
}

bool Head::HasExpiring() const {
  for (const auto& block : blocks_) {
    for (std::uint32_t row = 0; row < block->size(); ++row) {
      const ChunkState& state = block->StateAt(row, kNeverDeleted);
      if (state.document->expires_at) return true;
    }
  }
  return false;
}

IndexView Head::View(CommitNumber commit) const {
  IndexView view;
  view.commit = commit;
  for (const auto& block : blocks_) {
    if (block->size() == 0) break;
    view.blocks.push_back(block);
    view.sizes.push_back(block->size());
  }
  return view;
}

std::unique_ptr<Head> Head::CopyLive(CommitNumber commit) const {
  auto copy = std::make_unique<Head>(fields_);
  copy->Reserve(live_rows_);
  for (const auto& block : blocks_) {
    for (std::uint32_t row = 0; row < block->size(); ++row) {
      if (!block->VisibleAt(row, commit)) continue;
      const ChunkState& state = block->StateAt(row, commit);
      NewRow live;
      live.document = block->document(row);
      live.chunk = block->chunk(row);
      live.created = state.commit;
      live.id = block->id(row);
      live.document_state = state.document;
      live.own = state.own;
      live.own_is_complete = state.own_is_complete;
      live.normalised = true;
      for (std::size_t f = 0; f < fields_.size(); ++f) {
        live.vectors.push_back(block->HasVector(f, row)
                                   ? std::span(block->vector(f, row), fields_[f].dimension)
                                   : std::span<const float>());
      }
      copy->Append(std::move(live));
    }
  }
  return copy;
}

}  // namespace tracevec
