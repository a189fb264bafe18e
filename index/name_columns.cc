#include "index/name_columns.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

namespace tracevec {
namespace {

ValueTable::RowOrder OrderByName(std::uint32_t rows, const NameColumns::NameOf& name_of) {
  auto order = std::make_shared<std::vector<std::uint32_t>>(rows);
  std::iota(order->begin(), order->end(), 0U);
  std::stable_sort(order->begin(), order->end(),
                   [&](std::uint32_t a, std::uint32_t b) { return name_of(a) < name_of(b); });
  return order;
}

MetadataColumn ColumnOfNames(ValueTable::RowOrder order, const NameColumns::NameOf& name_of) {
  MetadataColumn column;
  column.present = RowBitmap::Below(static_cast<std::uint32_t>(order->size()));
  column.values = ValueRows::OfTexts(std::move(order), name_of);
  return column;
}

}  // namespace

NameColumns::NameColumns(std::uint32_t rows, const NameOf& id_of, const NameOf& document_of)
    : by_id_(OrderByName(rows, id_of)) {
  // A loose vector is a document of one chunk and of the same name.
  bool loose = true;
  for (std::uint32_t row = 0; row < rows && loose; ++row) loose = id_of(row) == document_of(row);
  by_document_ = loose ? by_id_ : OrderByName(rows, document_of);
  MakeColumns(id_of, document_of);
}

NameColumns::NameColumns(ValueTable::RowOrder by_id, ValueTable::RowOrder by_document,
                         const NameOf& id_of, const NameOf& document_of)
    : by_id_(std::move(by_id)), by_document_(std::move(by_document)) {
  MakeColumns(id_of, document_of);
}

void NameColumns::MakeColumns(const NameOf& id_of, const NameOf& document_of) {
  id_ = ColumnOfNames(by_id_, id_of);
  document_ = ColumnOfNames(by_document_, document_of);
}

bool NameColumns::IsOrderByName(std::span<const std::uint32_t> rows, const NameOf& name_of) {
  std::vector<bool> seen(rows.size());
  for (const std::uint32_t row : rows) {
    if (row >= rows.size() || seen[row]) return false;
    seen[row] = true;
  }
  return std::is_sorted(rows.begin(), rows.end(),
                        [&](std::uint32_t a, std::uint32_t b) { return name_of(a) < name_of(b); });
}

std::size_t NameColumns::memory_bytes() const {
  const std::size_t orders = by_id_ == by_document_ ? 1 : 2;
  return orders * by_id_->capacity() * sizeof(std::uint32_t);
}

}  // namespace tracevec
