#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "retrieval/stage.h"
#include "tracevec/pipeline.h"
#include "tracevec/status.h"

namespace tracevec {

// The stages one by one: what each makes of candidates that come best first. RunStages calls them,
// and fills name, time and counts of their reports. REQUIRES and errors: those of RunStages.

Status Rerank(const RerankStage& stage, StageContext& context,
              std::vector<PassageCandidate>* candidates, StageReport* report);
Status ApplyThreshold(const ThresholdStage& stage, StageContext& context,
                      std::vector<PassageCandidate>* candidates, StageReport* report);
Status Dedup(const DedupStage& stage, StageContext& context,
             std::vector<PassageCandidate>* candidates, StageReport* report);
Status Mmr(const MmrStage& stage, StageContext& context, std::vector<PassageCandidate>* candidates,
           StageReport* report);
Status GroupByDocument(const GroupStage& stage, StageContext& context,
                       std::vector<PassageCandidate>* candidates, StageReport* report);
Status Combine(const CombineStage& stage, StageContext& context,
               std::vector<PassageCandidate>* candidates, StageReport* report);
Status Summarize(const SummarizeStage& stage, StageContext& context,
                 std::vector<PassageCandidate>* candidates, StageReport* report);
Status ApplyBudget(const BudgetStage& stage, StageContext& context,
                   std::vector<PassageCandidate>* candidates, StageReport* report);
Status Order(const OrderStage& stage, StageContext& context,
             std::vector<PassageCandidate>* candidates, StageReport* report);

/// Leaves the first `count`, and reports the others as dropped by `rule`.
void KeepFirst(std::size_t count, std::string_view rule, StageContext& context,
               std::vector<PassageCandidate>* candidates, StageReport* report);

}  // namespace tracevec
