#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "retrieval/stage_functions.h"
#include "retrieval/stage_report.h"

namespace tracevec {
namespace {

struct DocumentKey {
  std::uint32_t collection = 0;
  DocumentNumber document{};
  friend bool operator==(const DocumentKey&, const DocumentKey&) = default;
};
struct DocumentKeyHash {
  std::size_t operator()(const DocumentKey& key) const {
    return std::hash<std::uint64_t>()(Raw(key.document) ^ std::uint64_t{key.collection} << 40);
  }
};

/// The best candidate of a document, and how many are left of it.
struct KeptOfDocument {
  std::size_t best = 0;
  std::uint32_t kept = 0;
};

}  // namespace

Status GroupByDocument(const GroupStage& stage, StageContext& context,
                       std::vector<PassageCandidate>* candidates, StageReport* report) {
  std::unordered_map<DocumentKey, KeptOfDocument, DocumentKeyHash> groups;
  KeptCandidates kept(candidates);
  for (std::size_t i = 0; i < candidates->size(); ++i) {
    const PassageCandidate& candidate = (*candidates)[i];
    const DocumentKey key = {candidate.key.collection, candidate.key.document};
    KeptOfDocument& group = groups.try_emplace(key, KeptOfDocument{kept.size(), 0}).first->second;
    if (group.kept < stage.per_document) {
      ++group.kept;
      kept.Keep(i);
    } else {
      ReportDropped(context, candidate, "document", &kept[group.best], report, {},
                    stage.per_document);
    }
  }
  kept.Finish();
  return Status::Ok();
}

}  // namespace tracevec
