#include "retrieval/embed_call.h"

#include <exception>
#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/clock.h"

namespace tracevec {

Result<MadeVectors> CallEmbedder(const std::string& field, const Embedder& embedder,
                                 std::span<const std::string> texts) {
  MadeVectors made;
  made.call.field = field;
  made.call.texts = static_cast<std::uint32_t>(texts.size());
  const Stopwatch watch;
  try {
    TRACEVEC_ASSIGN_OR_RETURN(made.rows, embedder(texts));
  } catch (const std::exception& error) {
    return Status::Internal(fmt::format("the embedder of '{}' threw: {}", field, error.what()));
  } catch (...) {
    return Status::Internal(
        fmt::format("the embedder of '{}' threw something that is no std::exception", field));
  }
  made.call.micros = watch.Micros();
  return made;
}

}  // namespace tracevec
