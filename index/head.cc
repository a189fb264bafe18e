#include "index/head.h"

#include <utility>

namespace tracevec {

Head::Head(std::vector<FieldLayout> fields, BlockTexts texts, std::size_t sparse_fields)
    : fields_(std::move(fields)), texts_(texts), sparse_fields_(sparse_fields) {}

void Head::Reserve(std::size_t rows) {
  std::size_t room = 0;
  for (std::size_t b = append_block_; b < blocks_.size(); ++b) {
    room += blocks_[b]->capacity() - blocks_[b]->size();
  }
  const std::uint32_t capacity = RowBlock::CapacityFor(fields_);
  while (room < rows) {
    blocks_.push_back(std::make_shared<RowBlock>(capacity, fields_, texts_, sparse_fields_));
    room += capacity;
  }
}

void Head::Append(NewRow row) {
  Reserve(1);
  const ChunkKey key{row.document, row.chunk};
  Ref& ref = places_[key];
  RowBlock& block = *blocks_[append_block_];
  ref.block = first_block_ + append_block_;
  ref.row = block.Append(std::move(row));
  ++live_rows_;
  if (block.size() == block.capacity()) ++append_block_;
}

std::optional<Head::Place> Head::Find(const ChunkKey& key) const {
  const auto found = places_.find(key);
  if (found == places_.end()) return std::nullopt;
  return Place{blocks_[found->second.block - first_block_].get(), found->second.row};
}

void Head::Delete(const Place& place, CommitNumber commit) {
  place.block->Delete(place.row, commit);
  places_.erase({place.block->document(place.row), place.block->chunk(place.row)});
  --live_rows_;
  ++dead_rows_;
}

void Head::Seal() {
  if (append_block_ < blocks_.size() && blocks_[append_block_]->size() > 0) ++append_block_;
}

void Head::DropSealed(std::size_t count) {
  for (std::size_t b = 0; b < count; ++b) {
    const RowBlock& block = *blocks_.front();
    for (std::uint32_t row = 0; row < block.size(); ++row) {
      if (block.Alive(row)) {
        places_.erase({block.document(row), block.chunk(row)});
        --live_rows_;
      } else {
        --dead_rows_;
      }
    }
    blocks_.pop_front();
  }
  first_block_ += count;
  append_block_ -= count;
}

std::size_t Head::memory_bytes() const {
  std::size_t total = places_.size() * (sizeof(ChunkKey) + sizeof(Ref) + 2 * sizeof(void*));
  for (const auto& block : blocks_) total += block->memory_bytes();
  return total;
}

}  // namespace tracevec
