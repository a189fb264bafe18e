#pragma once

#include <string>
#include <string_view>

#include "core/filter_expression.h"
#include "core/filter_program.h"
#include "tracevec/filter.h"

namespace tracevec {

/// Prints a filter both ways, reads both back, and evaluates it. Returns what went wrong, or an
/// empty string.
inline std::string CheckFilterPrints(const Filter& filter) {
  const std::string text = filter.ToString();
  const std::string json = filter.ToJson();
  const Result<Filter> from_text = Filter::Parse(text);
  const Result<Filter> from_json = Filter::FromJson(json);
  if (!from_text.ok()) return "printed text is refused: " + from_text.status().message();
  if (!from_json.ok()) return "printed JSON is refused: " + from_json.status().message();
  if (filter.empty()) return from_text->empty() && from_json->empty() ? "" : "no longer empty";
  if (!SameExpression(*filter.expression(), *from_text->expression())) return "other by text";
  if (!SameExpression(*filter.expression(), *from_json->expression())) return "other by JSON";
  if (from_json->ToString() != text || from_text->ToJson() != json) return "prints otherwise";

  const Result<FilterProgram> program = FilterProgram::Compile(filter, {});
  if (!program.ok()) return "";  // A reserved name with a value of another type.
  static const Metadata kFields = {
      {"a", 1}, {"b", "text"}, {"c", Value::List{1.5, "x", nullptr}}, {"m", Value::Map{{"a", 2}}}};
  FilterSubject subject;
  subject.own = &kFields;
  const bool is_true = program->Evaluate(subject) == Truth::kTrue;
  return program->Accepts(subject) == is_true ? "" : "accepted and true differ";
}

/// Reads any bytes as a filter's text and as its JSON; what is accepted must print to itself.
/// Returns what went wrong, or an empty string.
inline std::string CheckFilterBytes(std::string_view bytes) {
  std::string failure;
  if (const auto filter = Filter::Parse(bytes); filter.ok()) {
    failure = CheckFilterPrints(*filter);
  }
  if (const auto filter = Filter::FromJson(bytes); filter.ok()) {
    failure += CheckFilterPrints(*filter);
  }
  return failure;
}

}  // namespace tracevec
