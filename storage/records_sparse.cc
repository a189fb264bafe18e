// Sparse vectors of chunks.

#include <cstring>

#include <fmt/format.h>

#include "storage/records.h"

namespace tracevec {

namespace {

constexpr std::size_t kEntryBytes = sizeof(std::uint32_t) + sizeof(float);

}  // namespace

std::string EncodeSparseVector(const SparseVector& vector) {
  const std::size_t count = vector.indices.size();
  std::string bytes(count * kEntryBytes, '\0');
  if (count == 0) return bytes;  // Nothing has no address to copy from.
  std::memcpy(bytes.data(), vector.indices.data(), count * sizeof(std::uint32_t));
  std::memcpy(bytes.data() + count * sizeof(std::uint32_t), vector.values.data(),
              count * sizeof(float));
  return bytes;
}

Result<SparseVector> DecodeSparseVector(std::string_view bytes) {
  if (bytes.empty() || bytes.size() % kEntryBytes != 0) {
    return Status::Corruption(fmt::format("record 'sparse vector': {} bytes are not entries of {}",
                                          bytes.size(), kEntryBytes));
  }
  const std::size_t count = bytes.size() / kEntryBytes;
  SparseVector vector;
  vector.indices.resize(count);
  vector.values.resize(count);
  std::memcpy(vector.indices.data(), bytes.data(), count * sizeof(std::uint32_t));
  std::memcpy(vector.values.data(), bytes.data() + count * sizeof(std::uint32_t),
              count * sizeof(float));
  for (std::size_t i = 0; i < count; ++i) {
    // A value that is no number is not equal to itself.
    if ((i == 0 || vector.indices[i - 1] < vector.indices[i]) &&
        vector.values[i] - vector.values[i] == 0) {
      continue;
    }
    return Status::Corruption(fmt::format(
        "record 'sparse vector': entry {} does not ascend, or its value is not finite", i));
  }
  return vector;
}

}  // namespace tracevec
