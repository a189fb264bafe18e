#include "index/sparse_postings.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include <fmt/format.h>

#include "core/return_if_error.h"

namespace tracevec {
namespace {

Status DamagedSparse(std::string_view what, std::size_t place) {
  return Status::Corruption(fmt::format("segment image: sparse vectors: {} {}", what, place));
}

std::size_t BlocksOf(std::size_t rows) {
  return (rows + SparseBlock::kMostRows - 1) / SparseBlock::kMostRows;
}

/// Whether a block says of its rows what is so. A value that is no number is outside of any bound.
bool BlockHolds(const SparseBlock& block, std::span<const std::uint32_t> rows,
                std::span<const float> values) {
  bool holds = rows.back() == block.last_row;
  for (const float value : values) holds &= value >= block.least && value <= block.most;
  return holds;
}

}  // namespace

std::optional<std::size_t> SparsePostings::Find(std::uint32_t index) const {
  const auto found = std::lower_bound(indices.begin(), indices.end(), index);
  if (found == indices.end() || *found != index) return std::nullopt;
  return static_cast<std::size_t>(found - indices.begin());
}

std::size_t SparsePostings::bytes() const {
  return indices.size_bytes() + first_rows.size_bytes() + first_blocks.size_bytes() +
         rows.size_bytes() + values.size_bytes() + blocks.size_bytes();
}

Status CheckSparsePostings(const SparsePostings& postings, std::uint32_t row_count) {
  const auto& indices = postings.indices;
  if (postings.first_rows.size() != indices.size() + 1 ||
      postings.first_blocks.size() != indices.size() + 1 || postings.first_rows.front() != 0 ||
      postings.first_blocks.front() != 0 || postings.first_rows.back() != postings.rows.size() ||
      postings.first_blocks.back() != postings.blocks.size() ||
      postings.values.size() != postings.rows.size()) {
    return DamagedSparse("rows of indices do not cover all", postings.rows.size());
  }
  if (std::adjacent_find(indices.begin(), indices.end(), std::greater_equal<>()) != indices.end()) {
    return DamagedSparse("indices do not ascend, of", indices.size());
  }
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::uint64_t begin = postings.first_rows[i];
    const std::uint64_t end = postings.first_rows[i + 1];
    const std::uint64_t first_block = postings.first_blocks[i];
    const std::uint64_t next_block = postings.first_blocks[i + 1];
    if (begin >= end || end > postings.rows.size() || next_block > postings.blocks.size() ||
        next_block < first_block || next_block - first_block != BlocksOf(end - begin)) {
      return DamagedSparse("index", indices[i]);
    }
    const auto rows = postings.rows.subspan(begin, end - begin);
    const auto values = postings.values.subspan(begin, end - begin);
    if (rows.back() >= row_count ||
        std::adjacent_find(rows.begin(), rows.end(), std::greater_equal<>()) != rows.end()) {
      return DamagedSparse("rows do not ascend, or lead out, of index", indices[i]);
    }
    for (std::uint64_t block = first_block; block < next_block; ++block) {
      const std::size_t at = (block - first_block) * SparseBlock::kMostRows;
      const std::size_t count = std::min<std::size_t>(SparseBlock::kMostRows, rows.size() - at);
      if (!BlockHolds(postings.blocks[block], rows.subspan(at, count), values.subspan(at, count))) {
        return DamagedSparse("block", block);
      }
    }
  }
  return Status::Ok();
}

void SparsePostingsBuilder::AddRow(std::uint32_t new_row, const SparseVector& vector) {
  for (std::size_t i = 0; i < vector.indices.size(); ++i) {
    entries_[vector.indices[i]].push_back({new_row, vector.values[i]});
  }
}

void SparsePostingsBuilder::AddPostings(const SparsePostings& postings,
                                        std::span<const std::uint32_t> new_rows) {
  for (std::size_t place = 0; place < postings.indices.size(); ++place) {
    const SparseRows rows = postings.RowsAt(place);
    std::vector<Entry>* entries = nullptr;
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
      const std::uint32_t new_row = new_rows[rows.rows[i]];
      if (new_row == kDropped) continue;
      if (entries == nullptr) entries = &entries_[postings.indices[place]];
      entries->push_back({new_row, rows.values[i]});
    }
  }
}

SparsePostingsData SparsePostingsBuilder::Build(const BuildStop& stop) {
  constexpr std::size_t kIndicesBetweenStops = 256;
  SparsePostingsData data;
  for (const auto& [index, entries] : entries_) data.indices.push_back(index);
  std::sort(data.indices.begin(), data.indices.end());
  for (std::size_t i = 0; i < data.indices.size(); ++i) {
    if (i % kIndicesBetweenStops == 0) CheckStop(stop);
    std::vector<Entry> entries = std::move(entries_[data.indices[i]]);
    for (std::size_t at = 0; at < entries.size(); ++at) {
      const Entry& entry = entries[at];
      if (at % SparseBlock::kMostRows == 0) {
        data.blocks.push_back({entry.row, entry.value, entry.value});
      }
      SparseBlock& block = data.blocks.back();
      block.last_row = entry.row;
      block.least = std::min(block.least, entry.value);
      block.most = std::max(block.most, entry.value);
      data.rows.push_back(entry.row);
      data.values.push_back(entry.value);
    }
    data.first_rows.push_back(data.rows.size());
    data.first_blocks.push_back(data.blocks.size());
  }
  return data;
}

}  // namespace tracevec
