#include "python/bindings_document_input.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "python/bindings_arguments.h"
#include "python/bindings_status.h"
#include "python/bindings_values.h"

namespace tracevec::python {
namespace {

std::string Member(std::string_view owner, const char* name) {
  return std::string(owner) + "." + name;
}

std::optional<Span> TakeSpan(nb::handle object, std::string_view what) {
  if (object.is_none()) return std::nullopt;
  std::pair<std::uint64_t, std::uint64_t> ends;
  if (!nb::try_cast(object, ends)) {
    Raise(Within(what, Status::InvalidArgument("expected (start, end) in code points, got " +
                                               nb::cast<std::string>(nb::repr(object)))));
  }
  return Span{ends.first, ends.second};
}

Chunker TakeChunker(nb::handle chunker, std::string_view what) {
  return Chunker{
      .strategy = TakeString(chunker.attr("strategy"), Member(what, "strategy")),
      .size = TakeUint32(chunker.attr("size"), Member(what, "size")),
      .overlap = TakeUint32(chunker.attr("overlap"), Member(what, "overlap")),
  };
}

ChunkInput TakeChunk(nb::handle chunk, const std::string& what) {
  ChunkInput out;
  out.id = TakeString(chunk.attr("id"), Member(what, "id"));
  out.span = TakeSpan(chunk.attr("span"), Member(what, "span"));
  nb::object text = chunk.attr("text");
  if (!text.is_none()) out.text = TakeString(text, Member(what, "text"));
  out.section = TakeString(chunk.attr("section"), Member(what, "section"));
  out.page = TakeOptionalUint32(chunk.attr("page"), Member(what, "page"));
  out.parent = TakeOptionalUint32(chunk.attr("parent"), Member(what, "parent"));
  out.token_count = TakeOptionalUint32(chunk.attr("token_count"), Member(what, "token_count"));
  out.metadata = TakeMetadata(chunk.attr("metadata"), Member(what, "metadata"));
  return out;
}

/// The dataclass, not something that happens to have its attributes: a typo in a dict or in a
/// record of the caller's own would otherwise end in an AttributeError about internals.
void RequireType(nb::handle object, const char* name, std::string_view what) {
  const int fits = PyObject_IsInstance(object.ptr(), PackageType(name).ptr());
  if (fits < 0) throw nb::python_error();
  if (fits == 0) Raise(Within(what, WrongType(name, object)));
}

}  // namespace

Document TakeDocument(nb::handle object) {
  RequireType(object, "Document", "document");
  Document out;
  out.id = TakeString(object.attr("id"), "document.id");
  out.text = TakeString(object.attr("text"), "document.text");
  out.title = TakeString(object.attr("title"), "document.title");
  out.uri = TakeString(object.attr("uri"), "document.uri");
  out.parser = TakeString(object.attr("parser"), "document.parser");
  out.metadata = TakeMetadata(object.attr("metadata"), "document.metadata");
  nb::object chunker = object.attr("chunker");
  RequireType(chunker, "Chunker", "document.chunker");
  out.chunker = TakeChunker(chunker, "document.chunker");
  for (nb::handle chunk : object.attr("chunks")) {
    const std::string what = "document.chunks[" + std::to_string(out.chunks.size()) + "]";
    RequireType(chunk, "Chunk", what);
    out.chunks.push_back(TakeChunk(chunk, what));
  }
  out.expires_at = TakeOptionalTimestamp(object.attr("expires_at"), "document.expires_at");
  return out;
}

std::vector<Document> TakeDocuments(const nb::list& objects) {
  std::vector<Document> out;
  out.reserve(objects.size());
  for (nb::handle object : objects) out.push_back(TakeDocument(object));
  return out;
}

}  // namespace tracevec::python
