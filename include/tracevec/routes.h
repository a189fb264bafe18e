#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tracevec/filter.h"
#include "tracevec/schema.h"

namespace tracevec {

/// A kind of questions, told by examples: where such questions are to be searched for.
struct SemanticRoute {
  std::string name;                      ///< UTF-8, 1 to 255 bytes, one of its kind in a set.
  std::vector<std::string> utterances;   ///< Example questions, at least one.
  std::vector<float> vectors;            ///< Theirs, row-major, utterances x dimension.
  double threshold = 0.5;                ///< The least score of a question that takes this route.
  std::vector<std::string> collections;  ///< To be searched; may be empty, and need not exist yet.
  Filter where;                          ///< To be searched with; may be empty.
};

/// Routes that are asked together, in one embedding space. Stored in the database by name.
struct RouteSet {
  std::string name;             ///< UTF-8, 1 to 255 bytes.
  std::uint32_t dimension = 0;  ///< 1 to 65,536.
  Metric metric = Metric::kCosine;
  EmbeddingSpace space;               ///< Of the utterances' vectors; may be left undeclared.
  std::vector<SemanticRoute> routes;  ///< At most 1,000, with at most 10,000 utterances in all.
};

/// A route that a question takes.
struct RouteMatch {
  std::string name;
  float score = 0;        ///< Of the best utterance, by the set's metric.
  std::string utterance;  ///< That one.
  std::vector<std::string> collections;
  Filter where;
};

struct RouteOptions {
  EmbeddingSpace space;   ///< Of the question's vector; undeclared: asserted to fit.
  std::uint32_t top = 0;  ///< At most so many routes; 0: all.
};

}  // namespace tracevec
