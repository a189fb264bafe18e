#pragma once

#include "retrieval/index_options.h"

namespace tracevec {

/// With these a dozen chunks make an index, and each of its segments is a file.
inline constexpr IndexOptions kSmallIndexOptions = {.least_chunks = 12,
                                                    .least_rows_of_file = 1,
                                                    .least_rows_of_file_at_close = 1,
                                                    .most_changed_documents = 20};

}  // namespace tracevec
