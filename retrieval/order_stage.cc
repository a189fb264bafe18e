#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/return_if_error.h"
#include "retrieval/candidate_text.h"
#include "retrieval/stage_functions.h"
#include "retrieval/stage_reader.h"

namespace tracevec {
namespace {

/// Where in which document.
using Position = std::tuple<std::string_view, std::string_view, std::uint64_t, std::size_t>;

Result<std::vector<Position>> PositionsOf(StageReader& reader,
                                          std::vector<PassageCandidate>& candidates) {
  std::vector<Position> positions;
  for (PassageCandidate& candidate : candidates) {
    TRACEVEC_RETURN_IF_ERROR(Locate(reader, &candidate));
    TRACEVEC_ASSIGN_OR_RETURN(StageDocument * document, reader.Document(candidate.key));
    positions.emplace_back(reader.CollectionName(candidate.key.collection),
                           document->version().document_id,
                           candidate.range ? candidate.range->span.start : 0,
                           document->OrdinalOf(candidate.key.chunk).value_or(0));
  }
  return positions;
}

/// The best at both ends, the worst in the middle: of 1 to 5 comes 1, 3, 5, 4, 2.
std::vector<std::size_t> EdgesFirst(std::size_t count) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < count; i += 2) order.push_back(i);
  for (std::size_t i = count / 2 * 2; i > 0; i -= 2) order.push_back(i - 1);
  return order;
}

}  // namespace

Status Order(const OrderStage& stage, StageContext& context,
             std::vector<PassageCandidate>* candidates, StageReport* /*report*/) {
  std::vector<std::size_t> order(candidates->size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  switch (stage.by) {
    case PassageOrder::kScore:
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return (*candidates)[a].score > (*candidates)[b].score;
      });
      break;
    case PassageOrder::kEdges: order = EdgesFirst(order.size()); break;
    case PassageOrder::kDocument: {
      TRACEVEC_ASSIGN_OR_RETURN(const std::vector<Position> positions,
                                PositionsOf(*context.reader, *candidates));
      std::sort(order.begin(), order.end(),
                [&](std::size_t a, std::size_t b) { return positions[a] < positions[b]; });
      break;
    }
  }
  std::vector<PassageCandidate> sorted;
  for (const std::size_t place : order) sorted.push_back(std::move((*candidates)[place]));
  *candidates = std::move(sorted);
  return Status::Ok();
}

}  // namespace tracevec
