#include <string>
#include <string_view>

#include "core/prompt_template.h"
#include "core/return_if_error.h"
#include "retrieval/guard.h"
#include "tracevec/query.h"

namespace tracevec {

Result<std::string> PipelineResponse::ToPrompt(std::string_view prompt_template) {
  return Guard([&]() -> Result<std::string> {
    TRACEVEC_ASSIGN_OR_RETURN(const PromptTemplate parsed, PromptTemplate::Parse(prompt_template));
    std::string prompt = parsed.Render(query, passages);
    if (!receipt.id.empty()) receipt.prompt_template = parsed.hash();
    return prompt;
  });
}

}  // namespace tracevec
