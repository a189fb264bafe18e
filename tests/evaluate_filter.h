#pragma once

#include <gtest/gtest.h>

#include <ostream>

#include "core/filter_program.h"

namespace tracevec {

inline void PrintTo(Truth truth, std::ostream* out) {
  *out << (truth == Truth::kTrue ? "true" : truth == Truth::kFalse ? "false" : "unknown");
}

inline Truth Evaluate(const Filter& filter, const FilterSubject& subject,
                      const CollectionSchema& schema = {}) {
  const Result<FilterProgram> program = FilterProgram::Compile(filter, schema);
  EXPECT_TRUE(program.ok()) << program.status().message();
  return program.ok() ? program->Evaluate(subject) : Truth::kUnknown;
}

inline Truth Evaluate(const Filter& filter, const Metadata& fields) {
  FilterSubject subject;
  subject.own = &fields;
  return Evaluate(filter, subject);
}

}  // namespace tracevec
