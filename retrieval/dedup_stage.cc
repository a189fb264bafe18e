#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/folded_hash.h"
#include "core/return_if_error.h"
#include "retrieval/candidate_text.h"
#include "retrieval/dedup_shingles.h"
#include "retrieval/dedup_vectors.h"
#include "retrieval/stage_functions.h"
#include "retrieval/stage_report.h"

namespace tracevec {
namespace {

constexpr double kLikeVectors = 0.95;
// Two texts, of which one word of 50 was changed in each, have some 0.79; 0.6 is three standard
// errors below it.
constexpr double kLikeShingles = 0.6;

/// Keeps the first of those that say the same, and has it cite the others.
class Deduplicator {
 public:
  Deduplicator(StageContext& context, std::vector<PassageCandidate>* candidates,
               StageReport* report)
      : context_(context), candidates_(*candidates), report_(report), kept_(candidates) {}

  Status ByVector(std::string_view field, double similarity) {
    TRACEVEC_ASSIGN_OR_RETURN(const CandidateVectors vectors,
                              CandidateVectors::Read(context_, field, candidates_));
    KeptVectors search(*context_.kernels, vectors, similarity);
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      std::optional<KeptVectors::Match> match;
      if (vectors.Has(i)) {
        match = search.Find(i);
        if (!match) search.Add(i, kept_.size());
      }
      if (match) {
        Drop(i, match->kept, match->cosine, similarity);
      } else {
        kept_.Keep(i);
      }
    }
    kept_.Finish();
    return Status::Ok();
  }

  Status ByHash() {
    std::unordered_map<ContentHash, std::size_t, HashOfContentHash> places;
    places.reserve(candidates_.size());
    FoldedHasher hasher;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      TRACEVEC_ASSIGN_OR_RETURN(const std::string_view text,
                                TextOf(*context_.reader, &candidates_[i]));
      // Without a text there is nothing to compare.
      const auto same =
          text.empty() ? places.end() : places.try_emplace(hasher.Hash(text), kept_.size()).first;
      if (text.empty() || same->second == kept_.size()) {
        kept_.Keep(i);
      } else {
        Drop(i, same->second, 1, 1);
      }
    }
    kept_.Finish();
    return Status::Ok();
  }

  Status ByShingles(double similarity) {
    KeptShingles search(candidates_.size(), similarity);
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      TRACEVEC_ASSIGN_OR_RETURN(const std::string_view text,
                                TextOf(*context_.reader, &candidates_[i]));
      const std::optional<KeptShingles::Match> match = search.Find(text);
      if (match) {
        Drop(i, match->kept, match->similarity, similarity);
      } else {
        search.Add(kept_.size());
        kept_.Keep(i);
      }
    }
    kept_.Finish();
    return Status::Ok();
  }

 private:
  struct HashOfContentHash {
    std::size_t operator()(const ContentHash& hash) const { return hash.low; }
  };

  /// `kept` cites the candidate and what that has dropped or combined itself.
  void Drop(std::size_t candidate, std::size_t kept, double similarity, double against) {
    PassageCandidate& by = kept_[kept];
    PassageCandidate& dropped = candidates_[candidate];
    ReportDropped(context_, dropped, "duplicate", &by, report_, similarity, against);
    by.cited.push_back(
        {dropped.key, CitationRole::kDuplicate, dropped.score, std::move(dropped.scores)});
    for (CitedChunk& cited : dropped.cited) {
      cited.role = CitationRole::kDuplicate;
      by.cited.push_back(std::move(cited));
    }
  }

  StageContext& context_;
  std::vector<PassageCandidate>& candidates_;
  StageReport* report_;
  KeptCandidates kept_;
};

}  // namespace

Status Dedup(const DedupStage& stage, StageContext& context,
             std::vector<PassageCandidate>* candidates, StageReport* report) {
  Deduplicator dedup(context, candidates, report);
  switch (stage.method) {
    case DedupMethod::kHash: return dedup.ByHash();
    case DedupMethod::kShingles: return dedup.ByShingles(stage.similarity.value_or(kLikeShingles));
    case DedupMethod::kVector: break;
  }
  return dedup.ByVector(stage.field, stage.similarity.value_or(kLikeVectors));
}

}  // namespace tracevec
