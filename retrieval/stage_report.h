#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "retrieval/stage.h"

namespace tracevec {

/// Notes that a candidate does not pass a stage, where the context asks for it. `into`: what stands
/// for it; null: nothing.
void ReportDropped(StageContext& context, const PassageCandidate& candidate, std::string_view rule,
                   const PassageCandidate* into, StageReport* report,
                   std::optional<double> value = {}, std::optional<double> against = {});

/// Lets some of the candidates of a list pass, one after the other, and moves them up in it.
class KeptCandidates {
 public:
  explicit KeptCandidates(std::vector<PassageCandidate>* candidates) : candidates_(*candidates) {}
  /// How many were kept: the place of the next.
  std::size_t size() const { return size_; }
  PassageCandidate& operator[](std::size_t place) { return candidates_[place]; }
  /// REQUIRES: candidates are kept in the order of the list.
  void Keep(std::size_t candidate) {
    if (size_ != candidate) candidates_[size_] = std::move(candidates_[candidate]);
    ++size_;
  }
  /// The list ends behind those kept.
  void Finish() {
    candidates_.erase(candidates_.begin() + static_cast<std::ptrdiff_t>(size_), candidates_.end());
  }

 private:
  std::vector<PassageCandidate>& candidates_;
  std::size_t size_ = 0;
};

/// The best chunk's score of a name, or nothing. Where several phrasings gave one, the best;
/// where several reranks, the last.
std::optional<float> ScoreOf(const PassageCandidate& candidate, std::string_view name);

/// Why there is no score of a name, or nothing.
const SkippedScore* FindSkipped(const StageContext& context, std::string_view name);

}  // namespace tracevec
