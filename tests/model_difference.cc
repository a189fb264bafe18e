#include "tests/model_difference.h"

#include <algorithm>
#include <random>
#include <set>
#include <span>
#include <utility>

#include "tests/model_search.h"
#include "tests/random_operations.h"

namespace tracevec {
namespace {

std::string Show(const std::string& text) { return "'" + text + "'"; }
std::string Show(const Metadata& metadata) { return Value(metadata).ToJson(); }
std::string Show(std::uint64_t number) { return std::to_string(number); }

/// Collects what is different about one thing.
class Differences {
 public:
  explicit Differences(std::string what) : what_(std::move(what)) {}

  template <typename T, typename U>
  Differences& Expect(std::string_view name, const T& expected, const U& actual) {
    if (found_.empty() && !(expected == actual)) {
      found_ = what_ + ": " + std::string(name);
      if constexpr (requires { Show(expected); }) {
        found_ += ": expected " + Show(expected) + ", got " + Show(actual);
      }
    }
    return *this;
  }
  const std::string& found() const { return found_; }

 private:
  std::string what_;
  std::string found_;
};

std::string CompareChunk(const ModelRow& row, const Chunk& chunk) {
  const ModelChunk& expected = row.chunk();
  const std::string parent =
      expected.parent ? row.document->chunks[*expected.parent].id : std::string();
  return Differences("chunk '" + expected.id + "'")
      .Expect("id", expected.id, chunk.id)
      .Expect("document", row.document->put.id, chunk.document)
      .Expect("version", row.document->version, chunk.version)
      .Expect("ordinal", row.ordinal, std::size_t{chunk.ordinal})
      .Expect("text", expected.text, chunk.text)
      .Expect("span", expected.span, chunk.span)
      .Expect("section", expected.section, chunk.section)
      .Expect("page", expected.page, chunk.page)
      .Expect("parent", parent, chunk.parent)
      .Expect("token count", expected.token_count, chunk.token_count)
      .Expect("metadata", row.document->EffectiveMetadata(expected), chunk.metadata)
      .Expect("vectors", expected.vectors, chunk.vectors)
      .found();
}

std::string CompareInfo(const ModelDocument& expected, const DocumentVersion& info) {
  Differences differences("document '" + expected.put.id + "'");
  differences.Expect("id", expected.put.id, info.id)
      .Expect("version", expected.version, info.version)
      .Expect("deleted", false, info.deleted)
      .Expect("title", expected.put.title, info.title)
      .Expect("uri", expected.put.uri, info.uri)
      .Expect("parser", expected.put.parser, info.parser)
      .Expect("metadata", expected.put.metadata, info.metadata)
      .Expect("time to live", expected.put.expires_at, info.expires_at)
      .Expect("chunks", expected.chunks.size(), std::size_t{info.chunk_count})
      .Expect("kept", expected.last.kept, info.kept)
      .Expect("added", expected.last.added, info.added);
  if (!expected.loose) {
    differences.Expect("removed", expected.last.removed, info.removed)
        .Expect("chunker", expected.put.chunker, info.chunker);
  }
  return differences.found();
}

std::string CompareHistory(const Collection& collection, const ModelDocument& expected) {
  const auto history = collection.History(expected.put.id);
  if (!history.ok()) return "history: " + history.status().ToString();
  for (std::size_t i = 1; i < history->size(); ++i) {
    if ((*history)[i - 1].version > (*history)[i].version) continue;
    return "history of '" + expected.put.id + "' is not newest first";
  }
  return CompareInfo(expected, history->front());
}

std::string CompareMissing(const Collection& collection, const std::string& id) {
  const auto document = collection.GetDocument(id);
  if (document.status().code() == StatusCode::kNotFound) return "";
  return "document '" + id + "' should be missing, got " + document.status().ToString();
}

/// The document records, their history and their chunks in order.
std::string CompareDocuments(const Collection& collection, ModelCollection* model) {
  std::vector<std::string> ids;
  for (const auto& [id, document] : model->documents()) ids.push_back(id);
  for (const std::string& id : ids) {
    std::string difference = DifferenceOfDocument(collection, model, id);
    if (!difference.empty()) return difference;
  }
  return "";
}

std::string CompareCounts(const Collection& collection, const ModelCollection& model) {
  const auto stats = collection.Stats();
  if (!stats.ok()) return "stats: " + stats.status().ToString();
  const auto count = collection.Count();
  if (!count.ok()) return "count: " + count.status().ToString();
  return Differences("counts")
      .Expect("chunks", model.chunks(), stats->chunks)
      .Expect("documents", model.documents().size(), std::size_t{stats->documents})
      .Expect("visible chunks", model.visible_chunks(), *count)
      .found();
}

std::string CompareScan(const Collection& collection, const ModelCollection& model) {
  ScanOptions options;
  options.order_by = "id";
  options.with_vectors = true;
  options.batch_size = 100;
  Result<Scanner> scan = collection.Scan(options);
  if (!scan.ok()) return "scan: " + scan.status().ToString();
  for (const auto& [id, row] : model.Visible()) {
    const Result<std::optional<Chunk>> chunk = scan->Next();
    if (!chunk.ok()) return "scan: " + chunk.status().ToString();
    if (!*chunk) return "scan ended before chunk '" + id + "'";
    std::string difference = CompareChunk(row, **chunk);
    if (!difference.empty()) return "scan: " + difference;
  }
  const Result<std::optional<Chunk>> more = scan->Next();
  if (!more.ok()) return "scan: " + more.status().ToString();
  return *more ? "scan: chunk '" + (*more)->id + "' should not be there" : "";
}

/// Some chunks by id, among them some that do not exist, in an order of their own.
std::string CompareGet(const Collection& collection, const ModelCollection& model,
                       std::mt19937_64* random) {
  const std::map<std::string, ModelRow> visible = model.Visible();
  std::vector<std::string> ids = {"no such chunk"};
  for (const auto& [id, row] : visible) ids.push_back(id);
  std::shuffle(ids.begin(), ids.end(), *random);
  ids.resize(std::min<std::size_t>(ids.size(), 50));
  const auto chunks = collection.Get(ids, {.with_vectors = true});
  if (!chunks.ok()) return "get: " + chunks.status().ToString();
  auto chunk = chunks->begin();
  for (const std::string& id : ids) {
    if (!visible.contains(id)) continue;
    if (chunk == chunks->end()) return "get: chunk '" + id + "' is missing";
    std::string difference = CompareChunk(visible.at(id), *chunk++);
    if (!difference.empty()) return "get: " + difference;
  }
  return chunk == chunks->end() ? "" : "get: too many chunks";
}

std::string CompareFilters(const Collection& collection, const ModelCollection& model,
                           std::mt19937_64* random) {
  constexpr int kFilters = 4;
  for (int i = 0; i < kFilters; ++i) {
    // By version only here, where all versions are known.
    const std::string text = i == 0 ? "version >= 2" : RandomFilterText(*random);
    const auto expected = model.Matching(text);
    const auto count = collection.Count(text);
    Differences differences("count where " + text);
    differences.Expect("status", static_cast<int>(expected.status().code()),
                       static_cast<int>(count.status().code()));
    if (expected.ok() && count.ok()) {
      differences.Expect("chunks", expected->size(), std::size_t{*count});
    }
    if (!differences.found().empty()) return differences.found() + count.status().ToString();
    if (!expected.ok()) continue;
    std::string difference = DifferenceOfSearches(collection, model, text, (*random)());
    if (!difference.empty()) return difference;
  }
  return DifferenceOfSearches(collection, model, "", (*random)());
}

}  // namespace

std::string DifferenceOfDocument(const Collection& collection, ModelCollection* model,
                                 const std::string& id) {
  const ModelDocument* expected = model->Find(id);
  if (expected == nullptr || expected->expired()) return CompareMissing(collection, id);
  const auto document = collection.GetDocument(id, {.with_vectors = true});
  if (!document.ok()) return "document '" + id + "': " + document.status().ToString();
  if (expected->version == 0) model->LearnVersion(id, document->info.version);
  std::string difference = CompareInfo(*expected, document->info);
  if (!difference.empty()) return difference;
  difference = CompareHistory(collection, *expected);
  if (!difference.empty()) return difference;
  if (document->text != expected->put.text) return "document '" + id + "': source text";
  if (document->chunks.size() != expected->chunks.size()) return "document '" + id + "': chunks";
  for (std::size_t i = 0; i < expected->chunks.size(); ++i) {
    difference = CompareChunk({expected, i}, document->chunks[i]);
    if (!difference.empty()) return "document: " + difference;
  }
  return "";
}

std::string DifferenceOf(const Collection& collection, ModelCollection* model, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string difference = CompareCounts(collection, *model);
  if (difference.empty()) difference = CompareDocuments(collection, model);
  if (difference.empty()) difference = CompareScan(collection, *model);
  if (difference.empty()) difference = CompareGet(collection, *model, &random);
  if (difference.empty()) difference = CompareFilters(collection, *model, &random);
  return difference.empty() ? "" : "collection '" + collection.name() + "': " + difference;
}

std::string DifferenceOf(Database& database, DatabaseModel* model, std::uint64_t seed) {
  const auto names = database.ListCollections();
  if (!names.ok()) return "list: " + names.status().ToString();
  std::vector<std::string> expected_names;
  for (const auto& [name, collection] : model->collections) expected_names.push_back(name);
  if (std::set(names->begin(), names->end()) !=
      std::set(expected_names.begin(), expected_names.end())) {
    return "the collections are others";
  }
  for (const std::string& name : expected_names) {
    const Result<Collection> collection = database.GetCollection(name);
    if (!collection.ok()) return collection.status().ToString();
    if (collection->schema() != model->collections.at(name).schema()) return name + ": schema";
    std::string difference = DifferenceOf(*collection, &model->collections.at(name), seed);
    if (!difference.empty()) return difference;
  }
  return "";
}

}  // namespace tracevec
