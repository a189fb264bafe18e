#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "python/bindings.h"
#include "python/bindings_arguments.h"
#include "python/bindings_records.h"
#include "python/bindings_status.h"
#include "python/bindings_values.h"

namespace tracevec::python {
namespace {

/// One Metadata a row of a list of dicts, where None is an empty one.
std::vector<Metadata> TakeRows(const nb::list& rows) {
  std::vector<Metadata> out;
  out.reserve(rows.size());
  for (nb::handle row : rows) {
    out.push_back(TakeMetadata(row, "metadata[" + std::to_string(out.size()) + "]"));
  }
  return out;
}

/// One Metadata a row of a dict of equally long lists; None leaves the field out of its row.
std::vector<Metadata> TakeColumns(const nb::dict& columns, std::size_t rows) {
  std::vector<Metadata> out(rows);
  for (auto [key, value] : columns) {
    const std::string name = TakeString(key, "metadata");
    const std::string what = "metadata['" + name + "']";
    const auto column = nb::cast<nb::list>(value);
    if (column.size() != rows) {
      Raise(Within(what, Status::InvalidArgument("expected " + std::to_string(rows) +
                                                 " rows, got " + std::to_string(column.size()))));
    }
    for (std::size_t row = 0; row < rows; ++row) {
      if (column[row].is_none()) continue;
      Result<Value> cell = ValueFromPython(column[row]);
      if (!cell.ok()) Raise(Within(what + "[" + std::to_string(row) + "]", cell.status()));
      out[row].emplace(name, *std::move(cell));
    }
  }
  return out;
}

WriteResult Upsert(Collection& self, nb::handle ids, const nb::dict& vectors, nb::handle texts,
                   nb::handle metadata, nb::handle space, std::optional<bool> sync,
                   nb::handle label) {
  const std::vector<std::string> id_rows = TakeStrings(ids, "ids");
  const VectorRows vector_rows(vectors, self.schema(), id_rows.size());
  std::vector<std::string> text_rows;
  if (!texts.is_none()) text_rows = TakeStrings(texts, "texts");
  std::vector<Metadata> metadata_rows;
  if (PyDict_Check(metadata.ptr())) {
    metadata_rows = TakeColumns(nb::borrow<nb::dict>(metadata), id_rows.size());
  } else if (!metadata.is_none()) {
    metadata_rows = TakeRows(nb::cast<nb::list>(metadata));
  }
  UpsertRequest request;
  request.ids = id_rows;
  request.vectors = vector_rows.spans();
  request.sparse_vectors = vector_rows.sparse();
  request.texts = text_rows;
  request.metadata = metadata_rows;
  request.space = TakeSpace(space);
  request.sync = sync;
  if (!label.is_none()) request.label = TakeString(label, "label");
  return WithoutGil([&] { return self.Upsert(request); });
}

Selection TakeSelection(nb::handle ids, nb::handle where) {
  Selection selection;
  if (!ids.is_none()) selection.ids = TakeStrings(ids, "ids");
  selection.where = TakeFilter(where);
  return selection;
}

WriteResult Delete(Collection& self, nb::handle ids, nb::handle where, nb::handle label) {
  const Selection selection = TakeSelection(ids, where);
  const std::string who = label.is_none() ? std::string() : TakeString(label, "label");
  return WithoutGil([&] { return self.Delete(selection, who); });
}

WriteResult UpdateMetadata(Collection& self, nb::handle patch, nb::handle ids, nb::handle where,
                           nb::handle label) {
  const Metadata changes = TakeMetadata(patch, "patch");
  const Selection selection = TakeSelection(ids, where);
  const std::string who = label.is_none() ? std::string() : TakeString(label, "label");
  return WithoutGil([&] { return self.UpdateMetadata(changes, selection, who); });
}

std::vector<Chunk> Get(const Collection& self, nb::handle ids, bool vectors) {
  const std::vector<std::string> wanted = TakeStrings(ids, "ids");
  return WithoutGil([&] { return self.Get(wanted, GetOptions{.with_vectors = vectors}); });
}

std::uint64_t Count(const Collection& self, nb::handle where) {
  const Filter filter = TakeFilter(where);
  return WithoutGil([&] { return self.Count(filter); });
}

Scanner Scan(const Collection& self, nb::handle where, nb::handle order_by, nb::handle batch_size,
             bool vectors) {
  ScanOptions options;
  options.where = TakeFilter(where);
  if (!order_by.is_none()) options.order_by = TakeString(order_by, "order_by");
  options.with_vectors = vectors;
  options.batch_size = TakeUint32(batch_size, "batch_size");
  return WithoutGil([&] { return self.Scan(options); });
}

Result<std::vector<Chunk>> NextBatch(Scanner& scanner, std::size_t size) {
  std::vector<Chunk> batch;
  while (batch.size() < size) {
    Result<std::optional<Chunk>> chunk = scanner.Next();
    if (!chunk.ok()) return chunk.status();
    if (!chunk->has_value()) break;
    batch.push_back(**std::move(chunk));
  }
  return batch;
}

WriteResult Sum(const WriteResult& first, const WriteResult& second) {
  return WriteResult{
      .commit = std::max(first.commit, second.commit),
      .inserted = first.inserted + second.inserted,
      .updated = first.updated + second.updated,
      .deleted = first.deleted + second.deleted,
  };
}

/// CollectionSchema of the package, made of its own dataclasses.
nb::object SchemaToPython(const Collection& self) {
  nb::dict vectors;
  for (const auto& [name, field] : self.schema().vectors) {
    vectors[name.c_str()] =
        PackageType("VectorField")(field.dimension, MetricName(field.metric), ToPython(field.space),
                                   field.embed_template, CodeChoiceName(field.codes));
  }
  for (const auto& [name, unused] : self.schema().sparse_vectors) {
    vectors[name.c_str()] = PackageType("SparseField")();
  }
  nb::object text = nb::none();
  if (const auto& own = self.schema().text) {
    text = PackageType("TextField")(own->analyzer, nb::tuple(nb::cast(own->stop_words)), own->k1,
                                    own->b);
  }
  nb::dict metadata;
  for (const auto& [name, type] : self.schema().metadata) {
    metadata[name.c_str()] = MetadataTypeName(type);
  }
  return PackageType("CollectionSchema")(vectors, text, metadata);
}

void BindResults(nb::module_& module) {
  Record<WriteResult>(module, "WriteResult", "What a write did.")
      .Field("commit", &WriteResult::commit, "Its last commit; 0 when nothing was written.")
      .Field("inserted", &WriteResult::inserted, "Chunks that are new.")
      .Field("updated", &WriteResult::updated, "Chunks that were replaced or changed.")
      .Field("deleted", &WriteResult::deleted, "Chunks that are gone.")
      .Finish()
      .def("__add__", &Sum, "Of two writes, one after the other.");
  Record<CollectionStats>(module, "CollectionStats", "Figures of a collection.")
      .Field("name", &CollectionStats::name, "Its name.")
      .Field("chunks", &CollectionStats::chunks, "Live chunks.")
      .Field("documents", &CollectionStats::documents, "Live documents.")
      .Field("tombstones", &CollectionStats::tombstones, "Dead rows still in memory.")
      .Field("segments", &CollectionStats::segments, "Segments of the index, each with its graphs.")
      .Field("blocks", &CollectionStats::blocks, "Blocks in memory; 0 for a small collection.")
      .Field("index_bytes", &CollectionStats::index_bytes, "Memory of the index.")
      .Field("unbuilt_chunks", &CollectionStats::unbuilt_chunks,
             "Chunks in sealed blocks, which are scanned, not searched.")
      .Field("segments_built", &CollectionStats::segments_built, "Since it was opened.")
      .Field("graph_insertions", &CollectionStats::graph_insertions,
             "Chunks inserted into graphs for them, once a field.")
      .Field("write_stalls", &CollectionStats::write_stalls,
             "Writes that waited for the builder since it was opened.")
      .Field("commit", &CollectionStats::commit, "Its last commit.")
      .Field("asserted_vectors", &CollectionStats::asserted_vectors,
             "Vectors written without a declared space since it was opened.")
      .Field("tuned", &CollectionStats::tuned, "TuneResult objects, by field.")
      .Field("kernels", &CollectionStats::kernels, "Instruction set in use.")
      .Field("warnings", &CollectionStats::warnings, "What somebody should look at.")
      .Finish();
}

}  // namespace

void BindCollection(nb::module_& module, nb::class_<Collection>& collection) {
  BindResults(module);
  nb::class_<Scanner>(module, "Scanner").def("next_batch", [](Scanner& self, std::size_t size) {
    return WithoutGil([&] { return NextBatch(self, size); });
  });
  collection.def_prop_ro("name", &Collection::name)
      .def_prop_ro("schema", &SchemaToPython)
      .def("upsert", &Upsert, nb::arg("ids").none(), nb::arg("vectors"), nb::arg("texts").none(),
           nb::arg("metadata").none(), nb::arg("space").none(), nb::arg("sync").none(),
           nb::arg("label").none())
      .def("delete", &Delete, nb::arg("ids").none(), nb::arg("where").none(),
           nb::arg("label").none())
      .def("update_metadata", &UpdateMetadata, nb::arg("patch").none(), nb::arg("ids").none(),
           nb::arg("where").none(), nb::arg("label").none())
      .def("get", &Get, nb::arg("ids").none(), nb::arg("vectors"))
      .def("count", &Count, nb::arg("where").none())
      .def("scan", &Scan, nb::arg("where").none(), nb::arg("order_by").none(),
           nb::arg("batch_size").none(), nb::arg("vectors"))
      .def(
          "rebuild",
          [](Collection& self, std::uint32_t threads, bool deterministic) {
            WithoutGil([&] { return self.Rebuild({threads, deterministic}); });
          },
          nb::arg("threads"), nb::arg("deterministic"))
      .def("stats",
           [](const Collection& self) { return WithoutGil([&] { return self.Stats(); }); });
}

}  // namespace tracevec::python
