#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "index/metadata_columns.h"
#include "index/value_table.h"

namespace tracevec {

/// Rows in the order of their ids, and of their documents' ids: what conditions on `id` and
/// `document` are answered from. The names are not copied: they outlive this. What a row is called
/// never changes, so that there is one of these for all generations of columns. Immutable; safe for
/// concurrent use.
///
/// Memory: four bytes a row; eight where documents have several chunks.
class NameColumns {
 public:
  using NameOf = ValueTable::TextOf;
  /// Cost: two sorts of names. Throws std::bad_alloc.
  NameColumns(std::uint32_t rows, const NameOf& id_of, const NameOf& document_of);
  /// Of orders that were made before; the same one twice where documents have one chunk each.
  /// REQUIRES: IsOrderByName of both.
  NameColumns(ValueTable::RowOrder by_id, ValueTable::RowOrder by_document, const NameOf& id_of,
              const NameOf& document_of);

  /// Whether rows have each number below their count once, and are in the order of their names.
  static bool IsOrderByName(std::span<const std::uint32_t> rows, const NameOf& name_of);

  const MetadataColumn& id() const { return id_; }
  const MetadataColumn& document() const { return document_; }
  const ValueTable::RowOrder& by_id() const { return by_id_; }
  const ValueTable::RowOrder& by_document() const { return by_document_; }
  std::size_t memory_bytes() const;

 private:
  void MakeColumns(const NameOf& id_of, const NameOf& document_of);

  ValueTable::RowOrder by_id_;
  ValueTable::RowOrder by_document_;
  MetadataColumn id_;
  MetadataColumn document_;
};

}  // namespace tracevec
