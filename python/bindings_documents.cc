#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "python/bindings.h"
#include "python/bindings_arguments.h"
#include "python/bindings_document_input.h"
#include "python/bindings_status.h"
#include "python/bindings_values.h"

namespace tracevec::python {
namespace {

/// Embedders of one call, and what one of them raised. An exception cannot pass through the
/// library, so it is kept here while the library gives up, and goes on to the caller after.
class EmbedCalls {
 public:
  explicit EmbedCalls(const CollectionSchema& schema) : schema_(schema) {}

  /// `callables`: field -> callable(list of str) -> (float32 array, CallInfo or None); borrowed for
  /// the call, and captured without a reference because the library copies embedders without the
  /// GIL.
  void Install(const nb::dict& callables, PutOptions* options) {
    for (auto [key, callable] : callables) {
      std::string field = TakeString(key, "embed");
      options->embed[field] =
          [this, field, function = nb::handle(callable)](std::span<const std::string> texts) {
            return Call(field, function, texts);
          };
    }
    options->call_info = [this] { return std::exchange(info_, std::nullopt); };
  }

  template <typename T>
  T Finish(Result<T> result) const {
    if (raised_ != nullptr) std::rethrow_exception(raised_);
    return Unwrap(std::move(result));
  }

 private:
  Result<std::vector<float>> Call(const std::string& field, nb::handle function,
                                  std::span<const std::string> texts) {
    nb::gil_scoped_acquire gil;
    try {
      nb::list arguments;
      for (const std::string& text : texts) arguments.append(nb::str(text.data(), text.size()));
      const auto answer = nb::cast<nb::tuple>(function(arguments));
      info_ = TakeCallInfo(answer[1]);
      const auto rows = nb::cast<FloatMatrix>(answer[0], false);
      if (rows.shape(0) != texts.size()) {
        Raise(Within("embed", Status::InvalidArgument("expected " + std::to_string(texts.size()) +
                                                      " rows, one a text, got " +
                                                      std::to_string(rows.shape(0)))));
      }
      CheckDimension(schema_, field, rows.shape(1), "embed");
      return std::vector<float>(rows.data(), rows.data() + rows.size());
    } catch (...) {
      raised_ = std::current_exception();
      return Status::Cancelled("the embedder raised");
    }
  }

  const CollectionSchema& schema_;
  std::optional<CallInfo> info_;  // Of the last call.
  std::exception_ptr raised_;
};

void TakeCommon(PutOptions* options, nb::handle space, std::optional<bool> sync, nb::handle label,
                nb::handle embed_batch_size) {
  options->space = TakeSpace(space);
  options->sync = sync;
  if (!label.is_none()) options->label = TakeString(label, "label");
  options->embed_batch_size = TakeUint32(embed_batch_size, "embed_batch_size");
}

PutResult PutDocument(Collection& self, nb::handle document, const nb::dict& embed,
                      const nb::dict& vectors, const UpdatePlan* plan, nb::handle space,
                      std::optional<bool> sync, nb::handle label, nb::handle embed_batch_size,
                      nb::handle moved_from) {
  const Document input = TakeDocument(document);
  EmbedCalls calls(self.schema());
  const VectorRows rows(vectors, self.schema(), std::nullopt);
  PutOptions options;
  calls.Install(embed, &options);
  options.vectors = rows.spans();
  options.sparse_vectors = rows.sparse();
  options.plan = plan;
  TakeCommon(&options, space, sync, label, embed_batch_size);
  if (!moved_from.is_none()) options.moved_from = TakeString(moved_from, "moved_from");
  Result<PutResult> result = [&] {
    nb::gil_scoped_release release;
    return self.PutDocument(input, options);
  }();
  return calls.Finish(std::move(result));
}

/// `vectors`: a dict of arrays for each document, or an empty list where there is an embedder.
std::vector<PutResult> PutDocuments(Collection& self, const nb::list& documents,
                                    const nb::dict& embed, const nb::list& vectors,
                                    nb::handle space, std::optional<bool> sync, nb::handle label,
                                    nb::handle embed_batch_size) {
  const std::vector<Document> inputs = TakeDocuments(documents);
  EmbedCalls calls(self.schema());
  Collection::PutManyOptions options;
  calls.Install(embed, &options.put);
  TakeCommon(&options.put, space, sync, label, embed_batch_size);
  std::deque<VectorRows> rows;
  for (nb::handle of_document : vectors) {
    rows.emplace_back(nb::cast<nb::dict>(of_document), self.schema(), std::nullopt);
  }
  if (!rows.empty()) {
    options.vectors_of = [&rows](std::size_t i) { return rows[i].spans(); };
    options.sparse_vectors_of = [&rows](std::size_t i) { return rows[i].sparse(); };
  }
  Result<std::vector<PutResult>> result = [&] {
    nb::gil_scoped_release release;
    return self.PutDocuments(inputs, options);
  }();
  return calls.Finish(std::move(result));
}

UpdatePlan PlanUpdate(const Collection& self, nb::handle document) {
  const Document input = TakeDocument(document);
  return WithoutGil([&] { return self.PlanUpdate(input); });
}

StoredDocument GetDocument(const Collection& self, nb::handle id, bool vectors,
                           nb::handle version) {
  const std::string document = TakeString(id, "id");
  GetOptions options;
  options.with_vectors = vectors;
  options.version = TakeOptionalUint32(version, "version");
  return WithoutGil([&] { return self.GetDocument(document, options); });
}

std::vector<DocumentVersion> ListDocuments(const Collection& self, nb::handle prefix,
                                           nb::handle after, nb::handle limit) {
  ListOptions options;
  options.prefix = TakeString(prefix, "prefix");
  options.after = TakeString(after, "after");
  options.limit = TakeUint64(limit, "limit");
  return WithoutGil([&] { return self.ListDocuments(options); });
}

std::vector<DocumentVersion> History(const Collection& self, nb::handle id) {
  const std::string document = TakeString(id, "id");
  return WithoutGil([&] { return self.History(document); });
}

WriteResult DeleteDocument(Collection& self, nb::handle id, nb::handle label) {
  const std::string document = TakeString(id, "id");
  const std::string who = label.is_none() ? std::string() : TakeString(label, "label");
  return WithoutGil([&] { return self.DeleteDocument(document, who); });
}

}  // namespace

void BindDocuments(nb::module_& module, nb::class_<Collection>& collection) {
  BindDocumentRecords(module);
  collection
      .def("put_document", &PutDocument, nb::arg("document").none(), nb::arg("embed"),
           nb::arg("vectors"), nb::arg("plan").none(), nb::arg("space").none(),
           nb::arg("sync").none(), nb::arg("label").none(), nb::arg("embed_batch_size").none(),
           nb::arg("moved_from").none())
      .def("put_documents", &PutDocuments, nb::arg("documents"), nb::arg("embed"),
           nb::arg("vectors"), nb::arg("space").none(), nb::arg("sync").none(),
           nb::arg("label").none(), nb::arg("embed_batch_size").none())
      .def("plan_update", &PlanUpdate, nb::arg("document").none())
      .def("document", &GetDocument, nb::arg("id").none(), nb::arg("vectors"),
           nb::arg("version").none())
      .def("list_documents", &ListDocuments, nb::arg("prefix").none(), nb::arg("after").none(),
           nb::arg("limit").none())
      .def("history", &History, nb::arg("id").none())
      .def("delete_document", &DeleteDocument, nb::arg("id").none(), nb::arg("label").none());
}

}  // namespace tracevec::python
