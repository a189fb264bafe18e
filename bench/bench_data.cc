#include "bench/bench_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "bench/vector_data.h"
#include "core/content_hash.h"
#include "core/kernel_dispatch.h"
#include "tracevec/database.h"

namespace tracevec::bench {
namespace {

constexpr std::size_t kGeneratedDimension = 384;
constexpr std::size_t kGeneratedQueries = 1500;
constexpr std::size_t kGeneratedChunks = 15;  // A document; cppdocs has 14.7.
constexpr std::size_t kGeneratedClusters = 400;
constexpr std::uint64_t kSeed = 20'260'730;

Document ReadPage(const nlohmann::json& row) {
  Document document;
  document.id = row.at("id");
  document.title = row.at("title");
  document.text = row.at("text");
  document.parser = "cppdocs";
  document.chunker.strategy = "paragraphs";
  for (const char* field : {"date", "topic", "area"}) {
    document.metadata[field] = row.at(field).get<std::string>();
  }
  return document;
}

Corpus ReadCppdocs(std::size_t most_documents) {
  const auto path = [](const char* file) {
    const std::string relative = std::string("cppdocs/") + file;
    const auto found = SharedDataPath(relative);
    if (!found) throw std::runtime_error(MissingSharedData(relative));
    return *found;
  };
  Corpus corpus;
  corpus.name = "cppdocs";
  JsonlGzReader documents(path("documents.jsonl.gz"));
  while (corpus.documents.size() < most_documents) {
    const auto row = documents.Next();
    if (!row) break;
    corpus.documents.push_back(ReadPage(*row));
  }
  // Chunks come in the order of the pages.
  JsonlGzReader chunks(path("chunks.jsonl.gz"));
  std::size_t rows = 0;
  for (std::size_t at = 0; auto row = chunks.Next(); ++rows) {
    const std::string& id = row->at("doc").get_ref<const std::string&>();
    while (at < corpus.documents.size() && corpus.documents[at].id != id) ++at;
    if (at == corpus.documents.size()) break;
    if (corpus.documents[at].chunks.empty()) {
      corpus.first_row.resize(at + 1, rows);
    }
    ChunkInput chunk;
    chunk.span = Span{row->at("start"), row->at("end")};
    chunk.section = row->at("section");
    corpus.documents[at].chunks.push_back(std::move(chunk));
  }
  corpus.first_row.resize(corpus.documents.size(), rows);
  corpus.vectors = ReadHalfNpy(path("chunks.f16.npy"), rows);
  corpus.queries = ReadHalfNpy(path("queries.f16.npy"));
  // Half precision moved them off unit length by some 1e-4.
  NormaliseRows(&corpus.vectors);
  NormaliseRows(&corpus.queries);
  return corpus;
}

/// Points around cluster centres, so that neighbours mean something.
FloatMatrix GenerateVectors(std::size_t rows, std::uint64_t seed) {
  std::normal_distribution<float> normal;
  std::mt19937_64 centre_random(kSeed);
  std::vector<float> centres(kGeneratedClusters * kGeneratedDimension);
  for (float& value : centres) value = normal(centre_random);
  std::mt19937_64 random(seed);
  FloatMatrix matrix{rows, kGeneratedDimension, {}};
  matrix.values.reserve(rows * kGeneratedDimension);
  for (std::size_t row = 0; row < rows; ++row) {
    const float* centre = centres.data() + random() % kGeneratedClusters * kGeneratedDimension;
    for (std::size_t i = 0; i < kGeneratedDimension; ++i) {
      matrix.values.push_back(centre[i] + normal(random));
    }
  }
  NormaliseRows(&matrix);
  return matrix;
}

Document GeneratePage(std::size_t number, std::mt19937_64* random) {
  Document document;
  document.id = fmt::format("generated/page-{:05}.md", number);
  document.title = fmt::format("Page {}", number);
  document.parser = "generated";
  document.chunker.strategy = "paragraphs";
  document.metadata["area"] = fmt::format("area-{}", (*random)() % 20);
  document.metadata["date"] = fmt::format("{:02}/01/2026", 1 + (*random)() % 12);
  // Every tenth page is long, for the programs that update pages of 40 chunks.
  const std::size_t chunks = number % 10 == 0 ? 3 * kGeneratedChunks : kGeneratedChunks;
  for (std::size_t i = 0; i < chunks; ++i) {
    ChunkInput chunk;
    const std::size_t start = document.text.size();
    while (document.text.size() < start + 300) {
      document.text += fmt::format("word{} ", (*random)() % 5000);
    }
    chunk.span = Span{start, document.text.size()};
    chunk.section = fmt::format("Page {} > Section {}", number, i / 5);
    document.chunks.push_back(std::move(chunk));
    document.text += "\n\n";
  }
  return document;
}

Corpus GenerateCorpus(std::size_t most_documents) {
  BenchReport::Note(
      "no data/cppdocs found (TRACEVEC_SHARED names the folder that holds data/): the figures are "
      "of "
      "generated documents and vectors");
  Corpus corpus;
  corpus.name = fmt::format("generated, seed {}", kSeed);
  std::mt19937_64 random(kSeed);
  std::size_t rows = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(most_documents, 4083); ++i) {
    corpus.documents.push_back(GeneratePage(i, &random));
    corpus.first_row.push_back(rows);
    rows += corpus.documents.back().chunks.size();
  }
  corpus.vectors = GenerateVectors(rows, kSeed + 1);
  corpus.queries = GenerateVectors(kGeneratedQueries, kSeed + 2);
  return corpus;
}

std::string HashOf(const Corpus& corpus) {
  const auto bytes = [](const FloatMatrix& matrix) {
    return std::string_view(reinterpret_cast<const char*>(matrix.values.data()),
                            matrix.values.size() * sizeof(float));
  };
  ContentHasher hasher;
  for (const Document& document : corpus.documents) {
    hasher.Add(document.id);
    hasher.Add(document.text);
    for (const ChunkInput& chunk : document.chunks) hasher.Add(chunk.span->start);
  }
  hasher.Add(bytes(corpus.vectors));
  hasher.Add(bytes(corpus.queries));
  return hasher.Finish().ToHex();
}

}  // namespace

Corpus LoadCorpus(std::size_t most_documents) {
  Corpus corpus = SharedDataPath("cppdocs/chunks.f16.npy") ? ReadCppdocs(most_documents)
                                                           : GenerateCorpus(most_documents);
  corpus.hash = HashOf(corpus);
  return corpus;
}

Embedder EmbedderOf(const Corpus& corpus) {
  return [&corpus, next = std::size_t{0}](
             std::span<const std::string> texts) mutable -> Result<std::vector<float>> {
    std::vector<float> rows;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto row = corpus.vectors.Row(next++ % corpus.vectors.rows);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    return rows;
  };
}

CollectionSchema SchemaOf(const Corpus& corpus) {
  CollectionSchema schema;
  schema.vectors["vector"].dimension = static_cast<std::uint32_t>(corpus.vectors.dimension);
  schema.metadata = {{"area", MetadataType::kString}, {"date", MetadataType::kString}};
  return schema;
}

void DescribeCorpus(const Corpus& corpus, BenchReport* report) {
  report->SetUp("library", Version());
  report->SetUp("kernels", Must(SelectKernels())->name);
  report->SetUp("data", corpus.name);
  report->SetUp("data_hash", corpus.hash);
  report->SetUp("documents", corpus.documents.size());
  report->SetUp("chunks", corpus.vectors.rows);
  report->SetUp("dimension", corpus.vectors.dimension);
}

void PutAll(const Corpus& corpus, Collection* collection) {
  Collection::PutManyOptions options;
  options.vectors_of = [&](std::size_t document) {
    return std::map<std::string, std::span<const float>, std::less<>>{
        {"", corpus.VectorsOf(document)}};
  };
  Must(collection->PutDocuments(corpus.documents, options));
}

}  // namespace tracevec::bench
