// libFuzzer: any bytes as a text and as a query text. Terms are whole and within their limits, a
// query is taken apart or refused.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/analyzer.h"
#include "core/text_query.h"
#include "core/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tracevec;
  static const auto analyzer = *Analyzer::Make(TextField{"english", {"the", "of"}});
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  TermList terms;
  analyzer->Analyze(bytes, &terms);
  for (std::size_t i = 0; i < terms.terms.size(); ++i) {
    const std::string_view term = terms.term(i);
    const bool good = !term.empty() && term.size() <= Analyzer::kLongestTerm &&
                      !FindInvalidUtf8(term) &&
                      (i == 0 || terms.terms[i].position > terms.terms[i - 1].position);
    if (!good) std::abort();
  }
  const auto query = TextQuery::Parse(bytes, *analyzer);
  if (!query.ok()) return 0;
  for (const TextClause& clause : query->clauses) {
    if (clause.terms.empty() || (clause.required && clause.excluded)) std::abort();
  }
  return 0;
}
