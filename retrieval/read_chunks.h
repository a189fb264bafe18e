#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/head.h"
#include "retrieval/engine.h"
#include "tracevec/collection.h"

namespace tracevec {

// Reading what is stored: Collection::Get, Count, Scan, GetDocument and History.

Result<std::vector<Chunk>> GetChunks(const Engine& engine, const CollectionState& state,
                                     std::span<const std::string> ids, const GetOptions& options);
Result<std::uint64_t> CountChunks(const Engine& engine, const CollectionState& state,
                                  const Filter& where);
Result<StoredDocument> GetDocument(const Engine& engine, const CollectionState& state,
                                   std::string_view id, const GetOptions& options);
Result<std::vector<DocumentVersion>> History(const Engine& engine, const CollectionState& state,
                                             std::string_view id);

/// A scan in progress: the rows it will read, in order, at one view.
class TRACEVEC_HIDDEN Scanner::Impl {
 public:
  static Result<std::unique_ptr<Impl>> Open(std::shared_ptr<const Engine> engine,
                                            std::shared_ptr<const CollectionState> state,
                                            ScanOptions options);
  Result<std::optional<Chunk>> Next();

 private:
  Impl(std::shared_ptr<const Engine> engine, std::shared_ptr<const CollectionState> state,
       ScanOptions options)
      : engine_(std::move(engine)), state_(std::move(state)), options_(std::move(options)) {}
  Status ReadAhead();
  Status CheckReadable() const;

  std::shared_ptr<const Engine> engine_;
  std::shared_ptr<const CollectionState> state_;
  ScanOptions options_;
  std::shared_ptr<const CollectionView> view_;
  IndexView rows_;
  std::vector<RowRef> order_;
  std::size_t next_row_ = 0;  // Into order_.
  std::vector<Chunk> batch_;
  std::size_t next_in_batch_ = 0;
};

}  // namespace tracevec
