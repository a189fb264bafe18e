#include <memory>
#include <optional>
#include <string>

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
  out.embed_template = TakeString(field.attr("embed_template"), "embed_template");
  return out;
}

Collection CreateCollection(Database& self, nb::handle name, const nb::dict& vectors,
                            nb::handle text, const nb::dict& metadata, nb::handle durability) {
  const std::string collection = TakeString(name, "name");
  CollectionSchema schema;
  for (auto [field, value] : vectors) {
    schema.vectors.emplace(TakeString(field, "vectors"), TakeVectorField(value));
  }
  if (!text.is_none()) schema.text = TextField{TakeString(text.attr("analyzer"), "analyzer")};
  for (auto [field, type] : metadata) {
    schema.metadata.emplace(TakeString(field, "metadata"),
                            Unwrap(ParseMetadataType(TakeString(type, "metadata"))));
  }
  CreateOptions options;
  if (!durability.is_none()) options.durability = TakeDurability(durability);
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

void BindDatabase(nb::module_& module) {
  BindStats(module);
  nb::class_<Database>(module, "Database")
      .def("create_collection", &CreateCollection, nb::arg("name").none(), nb::arg("vectors"),
           nb::arg("text").none(), nb::arg("metadata"), nb::arg("durability").none())
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
      .def("stats", [](const Database& self) { return WithoutGil([&] { return self.Stats(); }); })
      .def("close", [](Database& self) { WithoutGil([&] { return self.Close(); }); });
  module.def("open", &Open, nb::arg("path"), nb::arg("durability").none(), nb::arg("mode").none(),
             nb::arg("create"), nb::arg("store_memory_bytes").none());
}

}  // namespace tracevec::python
