#include "tests/random_operations.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "tests/random_documents.h"

namespace tracevec {
namespace {

constexpr std::array<const char*, 4> kCollections = {"large", "pages", "plain", "temporary"};

CollectionSchema SchemaOf(const std::string& name) {
  CollectionSchema schema;
  schema.metadata["year"] = MetadataType::kInt;
  schema.metadata["lang"] = MetadataType::kString;
  if (name == "pages") {
    schema.vectors["body"] = {12, Metric::kIp, {}, "{title}: {section} {text}"};
    schema.vectors["code"] = {5, Metric::kL2, {}, "{text}"};
  } else {
    schema.vectors["vector"] = {8, name == "plain" ? Metric::kL2 : Metric::kCosine, {}, "{text}"};
  }
  return schema;
}

/// Makes one operation on one collection.
class OperationMaker {
 public:
  OperationMaker(std::mt19937_64* random, std::string name, const ModelCollection& model,
                 const OperationMix& mix)
      : random_(*random), model_(model), mix_(mix) {
    operation_.collection = std::move(name);
    operation_.salt = Pick(1'000'000);
    for (const auto& [field, definition] : model_.schema().vectors) {
      if (operation_.fields.empty() || Pick(4) != 0) operation_.fields.push_back(field);
    }
    if (Pick(10) == 0) operation_.fields.erase(operation_.fields.begin());
  }

  Operation Make() {
    const std::size_t wanted =
        operation_.collection == "large" ? mix_.large_chunks : mix_.small_chunks;
    const std::size_t chunks = model_.chunks();
    if (chunks < wanted * 3 / 4) {
      Pick(3) != 0 ? Upsert(wanted / 8 + 1) : Put();
    } else if (chunks > wanted * 5 / 4 && Pick(3) != 0) {
      DeleteMany();
    } else {
      MakeAny();
    }
    return std::move(operation_);
  }

 private:
  std::size_t Pick(std::size_t end) { return Below(random_, end); }

  void MakeAny() {
    switch (Pick(12)) {
      case 0:
      case 1:
      case 2: return Upsert(8);
      case 3:
      case 4:
      case 5: return Put();
      case 6: return PutMany();
      case 7: return DeleteDocument();
      case 8: return DeleteIds();
      case 9:
      case 10: return UpdateMetadata();
      default: return DeleteWhere();
    }
  }

  /// Loose vectors, and now and then the id of a document, or its chunk.
  void Upsert(std::size_t most) {
    operation_.kind = Operation::Kind::kUpsert;
    std::set<std::string> ids;
    for (std::size_t rows = 1 + Pick(most); rows > 0; --rows) ids.insert(LooseId());
    if (Pick(30) == 0) ids.insert(AnyChunkId());
    for (const std::string& id : ids) {
      operation_.ids.push_back(id);
      const ModelDocument* stored = model_.Find(id);
      const bool again = stored != nullptr && stored->loose && Pick(4) == 0;
      operation_.texts.push_back(again          ? stored->chunks.front().text
                                 : Pick(3) == 0 ? RandomSentence(random_)
                                                : "");
      operation_.metadata.push_back(again ? stored->put.metadata : RandomMetadata(random_));
    }
  }

  void Put() {
    operation_.kind = Operation::Kind::kPutDocument;
    operation_.with_plan = Pick(3) == 0;
    operation_.documents.push_back(NextState(Pick(40) == 0 ? LooseId() : DocumentId()));
  }

  void PutMany() {
    operation_.kind = Operation::Kind::kPutDocuments;
    std::set<std::string> ids;
    for (std::size_t count = 1 + Pick(5); count > 0; --count) ids.insert(DocumentId());
    for (const std::string& id : ids) {
      Document document = NextState(id);
      // Within one call an id cannot pass from one document to another.
      for (ChunkInput& chunk : document.chunks) {
        if (chunk.id.starts_with("shared/")) chunk.id.clear();
      }
      operation_.documents.push_back(std::move(document));
    }
  }

  Document NextState(const std::string& id) {
    const ModelDocument* stored = model_.Find(id);
    const std::size_t what = Pick(10);
    if (stored == nullptr || stored->loose || what == 0) {
      return RandomDocument(random_, id, mix_.most_paragraphs);
    }
    return what == 1 ? stored->put : EditDocument(random_, stored->put);
  }

  void DeleteDocument() {
    operation_.kind = Operation::Kind::kDeleteDocument;
    operation_.ids.push_back(Pick(5) == 0 ? LooseId() : DocumentId());
  }

  /// Whole documents by their chunks, loose vectors, ids that are missing; rarely a part of one.
  void DeleteIds() {
    operation_.kind = Operation::Kind::kDelete;
    for (std::size_t count = 1 + Pick(3); count > 0; --count) {
      operation_.ids.push_back(LooseId());
    }
    const ModelDocument* document = model_.Find(DocumentId());
    if (document != nullptr && Pick(3) == 0) {
      for (const ModelChunk& chunk : document->chunks) operation_.ids.push_back(chunk.id);
    }
    if (Pick(10) == 0) operation_.ids.push_back(AnyChunkId());
  }

  void DeleteWhere() {
    operation_.kind = Operation::Kind::kDelete;
    operation_.where = "id = '" + LooseId() + "' OR document = '" + DocumentId() + "'";
    if (Pick(4) == 0) operation_.where = RandomFilterText(random_);
  }

  void DeleteMany() {
    operation_.kind = Operation::Kind::kDelete;
    operation_.where = "document LIKE '%" + std::to_string(Pick(10)) + "'";
    if (Pick(8) == 0) operation_.where += " OR document LIKE 'v%'";
  }

  void UpdateMetadata() {
    operation_.kind = Operation::Kind::kUpdateMetadata;
    operation_.patch = RandomMetadata(random_);
    if (Pick(2) == 0) operation_.patch["year"] = nullptr;
    if (Pick(3) == 0) operation_.patch["lang"] = nullptr;
    if (Pick(3) == 0) operation_.patch["extra" + std::to_string(Pick(5))] = RandomSentence(random_);
    if (Pick(2) == 0) {
      operation_.where = RandomFilterText(random_);
      return;
    }
    operation_.ids = {LooseId(), AnyChunkId(), AnyChunkId(), "missing"};
  }

  std::string LooseId() { return "v" + std::to_string(Pick(3 * PoolSize())); }
  std::string DocumentId() { return "d" + std::to_string(Pick(PoolSize() / 4)); }
  std::size_t PoolSize() const {
    return operation_.collection == "large" ? mix_.large_chunks : mix_.small_chunks;
  }
  std::string AnyChunkId() {
    const std::map<std::string, ModelDocument>& documents = model_.documents();
    if (documents.empty()) return "missing";
    const auto document =
        std::next(documents.begin(), static_cast<std::ptrdiff_t>(Pick(documents.size())));
    const std::vector<ModelChunk>& chunks = document->second.chunks;
    return chunks.empty() ? "missing" : chunks[Pick(chunks.size())].id;
  }

  std::mt19937_64& random_;
  const ModelCollection& model_;
  const OperationMix& mix_;
  Operation operation_;
};

std::string RandomCondition(std::mt19937_64& random) {
  const std::string n = std::to_string(Below(random, 20));
  switch (Below(random, 13)) {
    case 0: return "year >= 20" + std::string(n.size() == 1 ? "0" : "") + n;
    case 1: return "year BETWEEN 2003 AND 2012";
    case 2: return "lang IN ('en', 'nl')";
    case 3: return "tags CONTAINS 'draft'";
    case 4: return "reviewed = true";
    case 5: return "note IS NULL";
    case 6: return "score < 0." + n;
    case 7: return "author.name = 'de'";
    case 8: return "document LIKE 'd%" + n + "'";
    case 9: return "text CONTAINS 'データ'";
    case 10: return "id = 'v" + n + "'";
    case 11: return "extra" + std::to_string(Below(random, 5)) + " LIKE '%chunk%'";
    default: return "lang STARTS WITH 'e'";
  }
}

}  // namespace

Operation MakeOperation(std::uint64_t seed, std::uint64_t index, const DatabaseModel& model,
                        const OperationMix& mix) {
  std::seed_seq sequence{seed, seed >> 32, index, index >> 32};
  std::mt19937_64 random(sequence);
  for (std::string name : kCollections) {
    if (model.collections.contains(name)) continue;
    Operation create;
    create.kind = Operation::Kind::kCreateCollection;
    create.collection = name;
    create.schema = SchemaOf(name);
    return create;
  }
  constexpr std::array<std::size_t, 8> kWeights = {0, 0, 1, 1, 1, 2, 2, 3};
  const std::string name = kCollections[kWeights[Below(random, kWeights.size())]];
  if (mix.drops && name == "temporary" && Below(random, 30) == 0) {
    Operation drop;
    drop.kind = Operation::Kind::kDropCollection;
    drop.collection = name;
    return drop;
  }
  if (mix.rebuild_one_in > 0 && Below(random, mix.rebuild_one_in) == 0) {
    Operation rebuild;
    rebuild.kind = Operation::Kind::kRebuild;
    rebuild.collection = name;
    return rebuild;
  }
  return OperationMaker(&random, name, model.collections.at(name), mix).Make();
}

std::string RandomFilterText(std::mt19937_64& random) {
  std::string text = RandomCondition(random);
  switch (Below(random, 5)) {
    case 0: return "NOT " + text;
    case 1: return text + " AND " + RandomCondition(random);
    case 2: return text + " OR NOT " + RandomCondition(random);
    default: return text;
  }
}

}  // namespace tracevec
