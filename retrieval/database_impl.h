#pragma once

#include <memory>
#include <string>
#include <utility>

#include "retrieval/engine.h"
#include "tracevec/database.h"

namespace tracevec {

class TRACEVEC_HIDDEN Database::Impl {
 public:
  explicit Impl(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}
  const std::shared_ptr<Engine>& engine() const { return engine_; }

 private:
  std::shared_ptr<Engine> engine_;
};

/// Database::Open through a file system of the test's own, which may fail on purpose (null: the
/// host's), and with other borders between what of an index is in memory and what in files.
Result<std::unique_ptr<Database>> OpenForTest(const std::string& path, const OpenOptions& options,
                                              std::shared_ptr<rocksdb::FileSystem> file_system,
                                              const IndexOptions& index = {});

}  // namespace tracevec
