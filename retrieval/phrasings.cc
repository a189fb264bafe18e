#include "retrieval/phrasings.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "core/text_query.h"
#include "retrieval/validate.h"

namespace tracevec {

Status CheckQueryText(std::string_view text) {
  if (text.size() > TextQuery::kMostBytes) {
    return Status::InvalidArgument(
        fmt::format("the query has {} bytes, at most {} are searched for; shorten or summarise it",
                    text.size(), TextQuery::kMostBytes));
  }
  return CheckText(text, "the query");
}

Result<std::vector<std::string>> MakePhrasings(StageContext& context, const ExpandStep& step,
                                               const std::string& text, StageReport* report) {
  const Stopwatch watch;
  report->name = "expand";
  report->available = report->n_in = 1;
  std::vector<std::string> phrasings = {text};
  TRACEVEC_ASSIGN_OR_RETURN(auto made,
                            (CallForSource<std::vector<std::string>>(
                                context, "rewriter", 1, [&] { return step.callback(text); },
                                [](const std::vector<std::string>& all) {
                                  return all.empty() ? Status::InvalidArgument("it gave nothing")
                                                     : Status::Ok();
                                },
                                report)));
  std::size_t left_out = 0;
  for (std::string& phrasing : made.value_or(std::vector<std::string>())) {
    const bool repeated =
        std::find(phrasings.begin(), phrasings.end(), phrasing) != phrasings.end();
    const bool blank = phrasing.find_first_not_of(" \t\r\n") == std::string::npos;
    if (repeated || phrasings.size() == step.most) continue;
    if (blank || !CheckQueryText(phrasing).ok()) {
      ++left_out;
      continue;
    }
    phrasings.push_back(std::move(phrasing));
  }
  if (left_out > 0) {
    report->degraded =
        fmt::format("{} phrasings were left out: empty, too long or no UTF-8", left_out);
  }
  report->n_out = phrasings.size();
  report->micros = watch.Micros();
  return phrasings;
}

}  // namespace tracevec
