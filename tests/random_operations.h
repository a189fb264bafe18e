#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include "tests/database_model.h"
#include "tests/model_operation.h"

namespace tracevec {

/// What random operations are to make of a database.
struct OperationMix {
  /// Around how many chunks the collection "large" hovers. 512 is where a collection changes from
  /// one that lives in the store alone to one with rows in memory.
  std::size_t large_chunks = 560;
  std::size_t small_chunks = 60;     ///< The same of the others.
  std::size_t most_paragraphs = 16;  ///< Of a document when it is made.
  bool drops = true;                 ///< Collections are dropped, and made again.
  std::size_t rebuild_one_in = 0;    ///< One of so many operations rebuilds an index; 0: none.
};

/// Makes the `index`-th operation on a database like `model`. Pure: the same arguments give the
/// same operation, in any process.
Operation MakeOperation(std::uint64_t seed, std::uint64_t index, const DatabaseModel& model,
                        const OperationMix& mix);

/// A filter over the fields that operations write, in the language of docs/filters.md. Some ask for
/// a field that may never have been written.
std::string RandomFilterText(std::mt19937_64& random);

}  // namespace tracevec
