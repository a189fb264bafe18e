// libFuzzer: any bytes as a filter's text and as JSON. What parses must print, both ways, to the
// same expression, and must bind and evaluate.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/filter_expression.h"
#include "core/filter_program.h"
#include "tracevec/filter.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckFilter(const tracevec::Filter& filter) {
  using tracevec::Filter;
  const tracevec::Result<Filter> from_text = Filter::Parse(filter.ToString());
  const tracevec::Result<Filter> from_json = Filter::FromJson(filter.ToJson());
  Require(from_text.ok() && from_json.ok());
  if (filter.empty()) return;
  Require(SameExpression(*filter.expression(), *from_text->expression()));
  Require(SameExpression(*filter.expression(), *from_json->expression()));

  const auto program = tracevec::FilterProgram::Compile(filter, {});
  if (!program.ok()) return;
  static const tracevec::Metadata kFields = {
      {"a", 1}, {"b", "text"}, {"c", tracevec::Value::List{1.5, "x", nullptr}}};
  tracevec::FilterSubject subject;
  subject.own = &kFields;
  const tracevec::Truth truth = program->Evaluate(subject);
  Require(program->Accepts(subject) == (truth == tracevec::Truth::kTrue));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto filter = tracevec::Filter::Parse(bytes); filter.ok()) CheckFilter(*filter);
  if (const auto filter = tracevec::Filter::FromJson(bytes); filter.ok()) CheckFilter(*filter);
  return 0;
}
