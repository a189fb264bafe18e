#include "index/metadata_columns.h"

namespace tracevec {

const MetadataColumn* MetadataColumns::Find(std::string_view path) const {
  const auto found = columns_.find(path);
  return found != columns_.end() ? &found->second : nullptr;
}

std::size_t MetadataColumns::memory_bytes() const {
  std::size_t total = 0;
  for (const auto& [path, column] : columns_) {
    total += sizeof column + path.capacity() + column.present.memory_bytes() +
             column.values.memory_bytes() + column.elements.memory_bytes();
  }
  return total;
}

}  // namespace tracevec
