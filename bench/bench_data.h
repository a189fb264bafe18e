#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "bench/bench_report.h"
#include "tests/shared_data.h"
#include "tracevec/collection.h"
#include "tracevec/document.h"
#include "tracevec/schema.h"

namespace tracevec::bench {

/// Documents with given chunks, a vector of unit length for each chunk, and queries.
struct Corpus {
  std::string name;  ///< "cppdocs", or how it was generated.
  std::string hash;  ///< Of ids, spans and vectors: equal in two runs means equal data.
  std::vector<Document> documents;
  std::vector<std::size_t> first_row;  ///< In `vectors`, of each document.
  FloatMatrix vectors;
  FloatMatrix queries;

  std::span<const float> VectorsOf(std::size_t document) const {
    return std::span(vectors.values)
        .subspan(first_row[document] * vectors.dimension,
                 documents[document].chunks.size() * vectors.dimension);
  }
};

/// The first `most_documents` pages of cppdocs (C++ documentation: 4,083 pages, 60,003 chunks of
/// 384 dimensions); where the data is absent, as many generated ones, and a note that says so.
Corpus LoadCorpus(std::size_t most_documents);

/// Answers with vectors of the corpus, in turn: at once, and of the same dimension, so that the
/// same queries ask spaces that it fills. The corpus must outlive it.
Embedder EmbedderOf(const Corpus& corpus);

/// One cosine field of the corpus's dimension, and its metadata fields.
CollectionSchema SchemaOf(const Corpus& corpus);

/// Names data, library and kernels in the setup of every figure.
void DescribeCorpus(const Corpus& corpus, BenchReport* report);

/// Puts everything, with given vectors, in one call.
void PutAll(const Corpus& corpus, Collection* collection);

}  // namespace tracevec::bench
