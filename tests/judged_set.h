#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/shared_data.h"

// Published retrieval test collections from the shared data (data/ir/README.md there).

namespace tracevec {

struct JudgedQuery {
  std::string text;
  std::size_t vector = 0;               ///< Its row of JudgedSet::query_vectors.
  std::map<std::string, double> gains;  ///< By id of a text; those not there are worth nothing.
};

struct JudgedSet {
  std::string name;
  std::vector<std::string> ids;
  std::vector<std::string> texts;  ///< Title and text, as the reference figures have them.
  FloatMatrix vectors;             ///< One a text.
  FloatMatrix query_vectors;
  std::vector<JudgedQuery> queries;  ///< Those with judgements.
};

/// Throws std::runtime_error.
JudgedSet ReadJudgedSet(const std::string& name);

/// Of the first ten of a ranking, with the judgement as the gain.
double NdcgAt10(const JudgedQuery& query, const std::vector<std::string>& ranking);

/// A text by the rules of the reference figures, but for stop words: lower case, split at anything
/// but letters and digits, plural -s, -ed, -ing and a final -e off.
std::string LightStems(const std::string& text);

/// A question without the signs that a query text gives a meaning to.
std::string WithoutSyntax(std::string text);

}  // namespace tracevec
