#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "core/return_if_error.h"
#include "retrieval/candidate_text.h"
#include "retrieval/combine_pieces.h"
#include "retrieval/stage_functions.h"
#include "retrieval/stage_reader.h"
#include "retrieval/stage_report.h"

namespace tracevec {
namespace {

/// Candidates to be combined, those of a document side by side.
std::vector<std::size_t> ByDocument(const std::vector<PassageCandidate>& candidates) {
  std::vector<std::size_t> order(candidates.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const CandidateKey& x = candidates[a].key;
    const CandidateKey& y = candidates[b].key;
    return std::tie(x.collection, x.document, a) < std::tie(y.collection, y.document, b);
  });
  return order;
}

class Combiner {
 public:
  Combiner(const CombineStage& stage, StageContext& context,
           std::vector<PassageCandidate>& candidates, StageReport* report)
      : stage_(stage),
        context_(context),
        candidates_(candidates),
        report_(report),
        stays_(candidates.size()) {}

  Status Run() {
    const std::vector<std::size_t> order = ByDocument(candidates_);
    for (std::size_t first = 0; first < order.size();) {
      const CandidateKey& key = candidates_[order[first]].key;
      std::size_t last = first;
      while (last < order.size() && candidates_[order[last]].key.collection == key.collection &&
             candidates_[order[last]].key.document == key.document) {
        ++last;
      }
      TRACEVEC_RETURN_IF_ERROR(CombineDocument(std::span(order).subspan(first, last - first)));
      first = last;
    }
    KeptCandidates kept(&candidates_);
    for (std::size_t place = 0; place < stays_.size(); ++place) {
      if (stays_[place]) kept.Keep(place);
    }
    kept.Finish();
    return Status::Ok();
  }

 private:
  Status CombineDocument(std::span<const std::size_t> places) {
    TRACEVEC_ASSIGN_OR_RETURN(StageDocument * document,
                              context_.reader->Document(candidates_[places.front()].key));
    DocumentPieces pieces(stage_, *document);
    for (const std::size_t place : places) {
      PassageCandidate& candidate = candidates_[place];
      if (candidate.summarized) {  // What it says is no part of the document.
        stays_[place] = true;
        continue;
      }
      TRACEVEC_ASSIGN_OR_RETURN(const std::size_t ordinal, LocateIn(*document, &candidate));
      pieces.Add(place, ordinal, candidate.range);
    }
    TRACEVEC_ASSIGN_OR_RETURN(std::vector<Piece> combined, pieces.Combine());
    for (Piece& piece : combined) Place(std::move(piece), document->version().entries);
    return Status::Ok();
  }

  /// Makes a passage of a piece: its best candidate, in the place of its first, cites the others.
  void Place(Piece piece, const std::vector<VersionEntry>& entries) {
    std::sort(piece.members.begin(), piece.members.end());
    const std::size_t place = piece.members.front();
    const std::size_t best = *std::max_element(
        piece.members.begin(), piece.members.end(),
        [&](std::size_t a, std::size_t b) { return candidates_[a].score < candidates_[b].score; });
    if (best != place) std::swap(candidates_[best], candidates_[place]);
    PassageCandidate& passage = candidates_[place];
    stays_[place] = true;
    if (piece.is_slice) {
      passage.range = piece.range;
      passage.text.reset();
    } else if (piece.apart) {
      passage.range.reset();
      passage.text = std::move(piece.apart);
    }
    for (const std::size_t member : piece.members) {
      if (member == place) continue;
      PassageCandidate& other = candidates_[member];
      ReportDropped(context_, other, "combined", &passage, report_);
      passage.cited.push_back(
          {other.key, CitationRole::kMatch, other.score, std::move(other.scores)});
      std::move(other.cited.begin(), other.cited.end(), std::back_inserter(passage.cited));
    }
    std::sort(piece.context.begin(), piece.context.end());
    for (const std::size_t ordinal : piece.context) {
      CandidateKey key = passage.key;
      key.chunk = entries[ordinal].chunk;
      passage.cited.push_back({key, CitationRole::kContext, 0, {}});
    }
  }

  const CombineStage& stage_;
  StageContext& context_;
  std::vector<PassageCandidate>& candidates_;
  StageReport* report_;
  std::vector<bool> stays_;
};

}  // namespace

Status Combine(const CombineStage& stage, StageContext& context,
               std::vector<PassageCandidate>* candidates, StageReport* report) {
  return Combiner(stage, context, *candidates, report).Run();
}

}  // namespace tracevec
