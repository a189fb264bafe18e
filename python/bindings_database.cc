#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "python/bindings.h"
#include "python/bindings_arguments.h"
#include "python/bindings_records.h"
#include "python/bindings_status.h"
#include "tracevec/database.h"

namespace tracevec::python {
namespace {

Durability TakeDurability(nb::handle object) {
  const std::string name = TakeString(object, "durability");
  if (name == "async") return Durability::kAsync;
  if (name == "sync") return Durability::kSync;
  Raise(Status::InvalidArgument("durability: expected 'async' or 'sync', got '" + name + "'"));
}

OpenMode TakeMode(nb::handle object) {
  const std::string name = TakeString(object, "mode");
  if (name == "w") return OpenMode::kReadWrite;
  if (name == "r") return OpenMode::kRead;
  Raise(Status::InvalidArgument("mode: expected 'w' or 'r', got '" + name + "'"));
}

std::unique_ptr<Database> Open(const nb::bytes& path, nb::handle durability, nb::handle mode,
                               bool create, nb::handle store_memory_bytes) {
  OpenOptions options;
  options.durability = TakeDurability(durability);
  options.mode = TakeMode(mode);
  options.create_if_missing = create;
  options.store_memory_bytes = TakeUint64(store_memory_bytes, "store_memory_bytes");
  const std::string directory(path.c_str(), path.size());
  return WithoutGil([&] { return Database::Open(directory, options); });
}

VectorField TakeVectorField(nb::handle field) {
  VectorField out;
  out.dimension = TakeUint32(field.attr("dim"), "dim");
  out.metric = Unwrap(ParseMetric(TakeString(field.attr("metric"), "metric")));
  out.space = TakeSpace(field.attr("space"));
  out.codes = Unwrap(ParseCodeChoice(TakeString(field.attr("codes"), "codes")));
  out.embed_template = TakeString(field.attr("embed_template"), "embed_template");
  return out;
}

TextField TakeTextField(nb::handle field) {
  TextField out;
  out.analyzer = TakeString(field.attr("analyzer"), "analyzer");
  const nb::object words = field.attr("stop_words");
  if (nb::isinstance<nb::str>(words)) {
    const std::string name = TakeString(words, "stop_words");
    if (name != "english") {
      Raise(Status::InvalidArgument("stop_words: expected 'english' or a list of words, got '" +
                                    name + "'"));
    }
    out.stop_words = EnglishStopWords();
  } else {
    out.stop_words = TakeStrings(words, "stop_words");
  }
  out.k1 = TakeOptionalDouble(field.attr("k1"), "k1").value_or(out.k1);
  out.b = TakeOptionalDouble(field.attr("b"), "b").value_or(out.b);
  return out;
}

Collection CreateCollection(Database& self, nb::handle name, const nb::dict& vectors,
                            nb::handle text, const nb::dict& metadata, nb::handle durability,
                            nb::handle keep_versions) {
  const std::string collection = TakeString(name, "name");
  CollectionSchema schema;
  for (auto [field, value] : vectors) {
    std::string field_name = TakeString(field, "vectors");
    if (nb::isinstance(value, PackageType("SparseField"))) {
      schema.sparse_vectors.emplace(std::move(field_name), SparseField());
    } else {
      schema.vectors.emplace(std::move(field_name), TakeVectorField(value));
    }
  }
  if (!text.is_none()) schema.text = TakeTextField(text);
  for (auto [field, type] : metadata) {
    schema.metadata.emplace(TakeString(field, "metadata"),
                            Unwrap(ParseMetadataType(TakeString(type, "metadata"))));
  }
  CreateOptions options;
  if (!durability.is_none()) options.durability = TakeDurability(durability);
  options.keep_versions = TakeUint32(keep_versions, "keep_versions");
  return WithoutGil([&] { return self.CreateCollection(collection, schema, options); });
}

Collection GetCollection(Database& self, nb::handle name, nb::handle dimension) {
  const std::string collection = TakeString(name, "name");
  if (dimension.is_none()) return WithoutGil([&] { return self.GetCollection(collection); });
  const std::uint32_t expected = TakeUint32(dimension, "dim");
  return WithoutGil([&] { return self.GetOrCreateCollection(collection, expected); });
}

void DropCollection(Database& self, nb::handle name) {
  const std::string collection = TakeString(name, "name");
  WithoutGil([&] { return self.DropCollection(collection); });
}

std::vector<JournalEntry> Journal(const Database& self, nb::handle since, nb::handle after_commit,
                                  nb::handle collection, nb::handle document, nb::handle label,
                                  nb::handle limit) {
  JournalQuery query;
  query.since = TakeOptionalTimestamp(since, "since");
  if (!after_commit.is_none()) query.after_commit = TakeUint64(after_commit, "after_commit");
  if (!collection.is_none()) query.collection = TakeString(collection, "collection");
  if (!document.is_none()) query.document = TakeString(document, "document");
  if (!label.is_none()) query.label = TakeString(label, "label");
  if (!limit.is_none()) query.limit = TakeUint64(limit, "limit");
  return WithoutGil([&] { return self.Journal(query); });
}

std::uint64_t TrimJournal(Database& self, nb::handle before, nb::handle keep, nb::handle label) {
  JournalTrim trim;
  trim.before = TakeOptionalTimestamp(before, "before");
  if (!keep.is_none()) trim.keep = TakeUint64(keep, "keep");
  if (!label.is_none()) trim.label = TakeString(label, "label");
  return WithoutGil([&] { return self.TrimJournal(trim); });
}

void BindJournal(nb::module_& module) {
  Record<JournalEntry>(module, "JournalEntry", "What one commit did, and who wrote it.")
      .Field("commit", &JournalEntry::commit, "Its number.")
      .Converted("time", &JournalEntry::time, "When: datetime in UTC.")
      .Field("collection", &JournalEntry::collection, "Collection; \"\" when dropped since.")
      .Field("kind", &JournalEntry::kind,
             "\"create\", \"drop\", \"put\", \"upsert\", \"delete\", \"update_metadata\", "
             "\"expire\", \"erase\", \"rename\", \"begin_migration\", \"fill_migration\", "
             "\"cut_over\", \"roll_back\", \"finish_migration\" or \"trim_journal\".")
      .Field("label", &JournalEntry::label, "Who wrote it, if said.")
      .Field("document", &JournalEntry::document, "Id of the document, when it was one.")
      .Field("documents", &JournalEntry::documents, "Documents or loose vectors touched.")
      .Field("kept", &JournalEntry::kept, "Chunks that stayed; of update_metadata those changed.")
      .Field("added", &JournalEntry::added, "Chunks that are new.")
      .Field("removed", &JournalEntry::removed, "Chunks that went.")
      .Field("embedded", &JournalEntry::embedded, "Texts that embedders were called for.")
      .Field("calls", &JournalEntry::calls, "EmbedCall objects, one a batch, in order.")
      .Finish();
  Record<SnapshotInfo>(module, "Snapshot", "A commit whose data is held under a name.")
      .Field("name", &SnapshotInfo::name, "Its name.")
      .Field("commit", &SnapshotInfo::commit, "The commit it holds.")
      .Converted("created", &SnapshotInfo::created, "When it was taken: datetime in UTC.")
      .Finish();
}

void BindStats(nb::module_& module) {
  Record<DatabaseStats>(module, "DatabaseStats", "Figures of a database.")
      .Field("commit", &DatabaseStats::commit, "Number of the last commit.")
      .Field("timeline", &DatabaseStats::timeline, "Grows after each unclean recovery.")
      .Field("collections", &DatabaseStats::collections, "Number of collections.")
      .Field("format_version", &DatabaseStats::format_version, "Version of the files.")
      .Field("disk_bytes", &DatabaseStats::disk_bytes, "Size of the directory.")
      .Field("kernels", &DatabaseStats::kernels, "Instruction set in use: \"avx512vnni\".")
      .Field("build", &DatabaseStats::build, "Library version and build.")
      .Finish();
}

}  // namespace

void BindDatabase(nb::module_& module, nb::class_<Database>& database) {
  BindStats(module);
  BindJournal(module);
  BindRoutes(module, database);
  database
      .def("create_collection", &CreateCollection, nb::arg("name").none(), nb::arg("vectors"),
           nb::arg("text").none(), nb::arg("metadata"), nb::arg("durability").none(),
           nb::arg("keep_versions").none())
      .def("collection", &GetCollection, nb::arg("name").none(), nb::arg("dim").none())
      .def("drop_collection", &DropCollection, nb::arg("name").none())
      .def("collections",
           [](const Database& self) { return WithoutGil([&] { return self.ListCollections(); }); })
      .def(
          "compact",
          [](Database& self, std::uint32_t threads) {
            WithoutGil([&] { return self.Compact(threads); });
          },
          nb::arg("threads"))
      .def("journal", &Journal, nb::arg("since").none(), nb::arg("after_commit").none(),
           nb::arg("collection").none(), nb::arg("document").none(), nb::arg("label").none(),
           nb::arg("limit").none())
      .def("trim_journal", &TrimJournal, nb::arg("before").none(), nb::arg("keep").none(),
           nb::arg("label").none())
      .def(
          "snapshot",
          [](Database& self, nb::handle name) {
            const std::string snapshot = TakeString(name, "name");
            return WithoutGil([&] { return self.Snapshot(snapshot); });
          },
          nb::arg("name").none())
      .def(
          "at",
          [](const Database& self, nb::handle name) {
            const std::string snapshot = TakeString(name, "name");
            return WithoutGil([&] { return self.At(snapshot); });
          },
          nb::arg("name").none())
      .def(
          "release_snapshot",
          [](Database& self, nb::handle name) {
            const std::string snapshot = TakeString(name, "name");
            WithoutGil([&] { return self.ReleaseSnapshot(snapshot); });
          },
          nb::arg("name").none())
      .def("snapshots",
           [](const Database& self) { return WithoutGil([&] { return self.ListSnapshots(); }); })
      .def(
          "put_pipeline",
          [](Database& self, nb::handle name, const Pipeline& pipeline) {
            const std::string pipeline_name = TakeString(name, "name");
            return WithoutGil([&] { return self.PutPipeline(pipeline_name, pipeline); });
          },
          nb::arg("name").none(), nb::arg("pipeline"))
      .def(
          "pipeline",
          [](const Database& self, nb::handle name) {
            const std::string pipeline_name = TakeString(name, "name");
            return WithoutGil([&] { return self.GetPipeline(pipeline_name); });
          },
          nb::arg("name").none())
      .def(
          "delete_pipeline",
          [](Database& self, nb::handle name) {
            const std::string pipeline_name = TakeString(name, "name");
            WithoutGil([&] { return self.DeletePipeline(pipeline_name); });
          },
          nb::arg("name").none())
      .def("pipelines",
           [](const Database& self) { return WithoutGil([&] { return self.ListPipelines(); }); })
      .def("stats", [](const Database& self) { return WithoutGil([&] { return self.Stats(); }); })
      .def("close", [](Database& self) { WithoutGil([&] { return self.Close(); }); });
  module.def("open", &Open, nb::arg("path"), nb::arg("durability").none(), nb::arg("mode").none(),
             nb::arg("create"), nb::arg("store_memory_bytes").none());
}

}  // namespace tracevec::python
