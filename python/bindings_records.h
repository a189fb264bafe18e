#pragma once

#include <optional>
#include <string>
#include <vector>

#include "python/bindings_arguments.h"
#include "python/bindings_values.h"
#include "tracevec/document.h"
#include "tracevec/schema.h"
#include "tracevec/search.h"

/// How a plain struct of the library becomes a read-only Python class.
namespace tracevec::python {

// What a member looks like from Python, where it is not the obvious thing.
inline nb::object ToPython(const Metadata& metadata) { return MetadataToPython(metadata); }
inline nb::object ToPython(Timestamp timestamp) { return TimestampToPython(timestamp); }
inline nb::object ToPython(const std::optional<Timestamp>& timestamp) {
  return timestamp ? TimestampToPython(*timestamp) : nb::none();
}
inline nb::object ToPython(const std::optional<Span>& span) {
  if (!span) return nb::none();
  return nb::make_tuple(span->start, span->end);
}
inline nb::object ToPython(const std::optional<SourceScore>& source) {
  if (!source) return nb::none();
  return nb::make_tuple(source->rank, source->score);
}
inline nb::object ToPython(const EmbeddingSpace& space) {
  if (!space.declared()) return nb::none();
  return PackageType("EmbeddingSpace")(space.model, space.revision, space.normalization,
                                       space.document_prompt, space.query_prompt);
}
inline nb::object ToPython(const std::optional<CallInfo>& info) {
  if (!info) return nb::none();
  return PackageType("CallInfo")(info->model, info->version, info->tokens_in, info->tokens_out,
                                 info->cost, info->attempts);
}
inline nb::object ToPython(const Chunker& chunker) {
  return PackageType("Chunker")(chunker.strategy, chunker.size, chunker.overlap);
}

/// "Name(field=value, ...)", long values cut.
std::string RecordRepr(nb::handle self, const std::vector<std::string>& fields);
/// {field: value}; records among the values become dicts too.
nb::dict RecordToDict(nb::handle self, const std::vector<std::string>& fields);

/// A class whose attributes are members of `T`, all of which repr and to_dict show.
template <typename T>
class Record {
 public:
  Record(nb::module_& module, const char* name, const char* doc) : class_(module, name, doc) {}

  /// A member of a type that nanobind converts.
  template <typename Member>
  Record& Field(const char* name, Member T::*member, const char* doc) {
    class_.def_ro(name, member, doc);
    fields_.emplace_back(name);
    return *this;
  }
  /// A member that ToPython converts anew at each access, so that what is not read costs nothing.
  template <typename Member>
  Record& Converted(const char* name, Member T::*member, const char* doc) {
    return Computed(
        name, [member](const T& self) { return ToPython(self.*member); }, doc);
  }
  template <typename Getter>
  Record& Computed(const char* name, Getter getter, const char* doc) {
    class_.def_prop_ro(name, getter, nb::rv_policy::reference_internal, doc);
    fields_.emplace_back(name);
    return *this;
  }

  /// Adds what needs all fields; the class, for what is special to it.
  nb::class_<T>& Finish() {
    class_.def(
        "to_dict", [fields = fields_](nb::handle self) { return RecordToDict(self, fields); },
        "The attributes as a new dict; records among them become dicts too.");
    return FinishWithoutDict();
  }
  /// The same for a class with a to_dict of its own.
  nb::class_<T>& FinishWithoutDict() {
    class_.def("__repr__",
               [fields = fields_](nb::handle self) { return RecordRepr(self, fields); });
    return class_;
  }

 private:
  nb::class_<T> class_;
  std::vector<std::string> fields_;
};

}  // namespace tracevec::python
