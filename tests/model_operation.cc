#include "tests/model_operation.h"

#include <array>
#include <random>
#include <span>
#include <utility>

#include "core/content_hash.h"

namespace tracevec {
namespace {

constexpr std::array<std::string_view, 9> kKindNames = {
    "create",          "drop",   "upsert",          "put",    "put_many",
    "delete_document", "delete", "update_metadata", "rebuild"};

Outcome FromWrite(const Result<WriteResult>& result) {
  Outcome outcome;
  outcome.status = result.status();
  if (!result.ok()) return outcome;
  outcome.inserted = result->inserted;
  outcome.updated = result->updated;
  outcome.deleted = result->deleted;
  return outcome;
}

PutOutcome FromPut(const PutResult& result) {
  return {result.version, result.unchanged, result.kept, result.added, result.removed};
}

Selection SelectionOf(const Operation& operation) {
  Selection selection;
  if (operation.where.empty()) {
    selection.ids = operation.ids;
  } else {
    selection.where = operation.where;
  }
  return selection;
}

Outcome Upsert(Collection& collection, const Operation& operation) {
  std::map<std::string, std::vector<float>> rows;
  for (const std::string& field : operation.fields) {
    const std::uint32_t dimension = collection.schema().vectors.at(field).dimension;
    for (const std::string& id : operation.ids) {
      const std::vector<float> row = TestVector(id, operation.salt, dimension);
      rows[field].insert(rows[field].end(), row.begin(), row.end());
    }
  }
  UpsertRequest request;
  request.ids = operation.ids;
  request.texts = operation.texts;
  request.metadata = operation.metadata;
  for (const auto& [field, values] : rows) request.vectors[field] = values;
  return FromWrite(collection.Upsert(request));
}

std::map<std::string, Embedder, std::less<>> Embedders(const Collection& collection,
                                                       const Operation& operation) {
  std::map<std::string, Embedder, std::less<>> embedders;
  for (const std::string& field : operation.fields) {
    const std::uint32_t dimension = collection.schema().vectors.at(field).dimension;
    embedders[field] = [dimension, salt = operation.salt](std::span<const std::string> texts) {
      std::vector<float> rows;
      for (const std::string& text : texts) {
        const std::vector<float> row = TestVector(text, salt, dimension);
        rows.insert(rows.end(), row.begin(), row.end());
      }
      return Result<std::vector<float>>(std::move(rows));
    };
  }
  return embedders;
}

Result<PutResult> PutWithPlan(Collection& collection, const Operation& operation) {
  const Document& document = operation.documents.front();
  const Result<UpdatePlan> plan = collection.PlanUpdate(document);
  if (!plan.ok()) return plan.status();
  std::map<std::string, std::vector<float>> rows;
  PutOptions options;
  options.plan = &*plan;
  for (const std::string& field : operation.fields) {
    const std::uint32_t dimension = collection.schema().vectors.at(field).dimension;
    for (const ChunkToEmbed& chunk : plan->to_embed) {
      const auto row = TestVector(chunk.texts.at(field), operation.salt, dimension);
      rows[field].insert(rows[field].end(), row.begin(), row.end());
    }
    options.vectors[field] = rows[field];
  }
  return collection.PutDocument(document, options);
}

Outcome Put(Collection& collection, const Operation& operation) {
  PutOptions options;
  options.embed = Embedders(collection, operation);
  const auto result = operation.with_plan
                          ? PutWithPlan(collection, operation)
                          : collection.PutDocument(operation.documents.front(), options);
  Outcome outcome;
  outcome.status = result.status();
  if (result.ok()) outcome.puts.push_back(FromPut(*result));
  return outcome;
}

Outcome PutMany(Collection& collection, const Operation& operation) {
  Collection::PutManyOptions options;
  options.put.embed = Embedders(collection, operation);
  const auto results = collection.PutDocuments(operation.documents, options);
  Outcome outcome;
  outcome.status = results.status();
  if (!results.ok()) return outcome;
  for (const PutResult& result : *results) outcome.puts.push_back(FromPut(result));
  return outcome;
}

Outcome ExecuteOn(Collection& collection, const Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::kUpsert: return Upsert(collection, operation);
    case Operation::Kind::kPutDocument: return Put(collection, operation);
    case Operation::Kind::kPutDocuments: return PutMany(collection, operation);
    case Operation::Kind::kDeleteDocument:
      return FromWrite(collection.DeleteDocument(operation.ids.front()));
    case Operation::Kind::kDelete: return FromWrite(collection.Delete(SelectionOf(operation)));
    case Operation::Kind::kRebuild: {
      RebuildOptions options;
      options.threads = 1;
      return {collection.Rebuild(options), 0, 0, 0, {}};
    }
    default: return FromWrite(collection.UpdateMetadata(operation.patch, SelectionOf(operation)));
  }
}

std::string Describe(const Outcome& outcome) {
  if (!outcome.status.ok()) return outcome.status.ToString();
  std::string text = "inserted " + std::to_string(outcome.inserted) + " updated " +
                     std::to_string(outcome.updated) + " deleted " +
                     std::to_string(outcome.deleted);
  for (const PutOutcome& put : outcome.puts) {
    text += " [version " + std::to_string(put.version) + (put.unchanged ? " unchanged" : "") +
            " kept " + std::to_string(put.kept) + " added " + std::to_string(put.added) +
            " removed " + std::to_string(put.removed) + "]";
  }
  return text;
}

bool Same(const PutOutcome& a, const PutOutcome& b) {
  const bool same_version = a.version == b.version || a.version == 0 || b.version == 0;
  return same_version && a.unchanged == b.unchanged && a.kept == b.kept && a.added == b.added &&
         a.removed == b.removed;
}

}  // namespace

std::string Operation::Describe() const {
  std::string text(kKindNames[static_cast<std::size_t>(kind)]);
  text += " in '" + collection + "'";
  if (!where.empty()) text += " where " + where;
  if (!patch.empty()) text += " patch " + Value(patch).ToJson();
  for (std::size_t i = 0; i < ids.size() && i < 8; ++i) text += " '" + ids[i] + "'";
  if (ids.size() > 8) text += " and " + std::to_string(ids.size() - 8) + " more";
  for (const Document& document : documents) {
    text += " '" + document.id + "' of " + std::to_string(document.text.size()) + " bytes, " +
            std::to_string(document.chunks.size()) + " given chunks, " + document.chunker.strategy +
            (document.expires_at ? ", expired" : "");
  }
  return with_plan ? text + " with a plan" : text;
}

std::string DifferenceOf(const Outcome& expected, const Outcome& actual) {
  bool same = expected.status.code() == actual.status.code() &&
              expected.inserted == actual.inserted && expected.updated == actual.updated &&
              expected.deleted == actual.deleted && expected.puts.size() == actual.puts.size();
  for (std::size_t i = 0; same && i < expected.puts.size(); ++i) {
    same = Same(expected.puts[i], actual.puts[i]);
  }
  if (same) return "";
  return "expected " + Describe(expected) + "; got " + Describe(actual);
}

Outcome Execute(Database& database, const Operation& operation) {
  Outcome outcome;
  if (operation.kind == Operation::Kind::kCreateCollection) {
    outcome.status = database.CreateCollection(operation.collection, operation.schema).status();
    return outcome;
  }
  if (operation.kind == Operation::Kind::kDropCollection) {
    outcome.status = database.DropCollection(operation.collection);
    return outcome;
  }
  Result<Collection> collection = database.GetCollection(operation.collection);
  if (collection.ok()) return ExecuteOn(*collection, operation);
  outcome.status = collection.status();
  return outcome;
}

std::vector<float> TestVector(std::string_view text, std::uint64_t salt, std::uint32_t dimension) {
  // A tenth of the vectors come from a pool of seven.
  std::uint64_t seed = HashBytes(text) ^ (salt * 0x9e3779b97f4a7c15);
  if (seed % 10 == 0) seed = seed / 10 % 7;
  std::minstd_rand random(static_cast<std::uint32_t>(seed % 2147483646 + 1));
  std::vector<float> vector(dimension);
  for (float& value : vector) {
    value = static_cast<float>(random() % 2001) / 1000.0F - 1.0F;
  }
  vector.front() += 1.5F;
  return vector;
}

}  // namespace tracevec
