#include "python/bindings_records.h"

namespace tracevec::python {

namespace {
/// A repr is read in a terminal: a chunk's text or an array of 768 numbers would drown the rest.
constexpr std::size_t kMaxReprLength = 60;
}  // namespace

std::string RecordRepr(nb::handle self, const std::vector<std::string>& fields) {
  nb::str out = nb::str(self.type().attr("__name__"));
  const char* separator = "(";
  for (const std::string& field : fields) {
    nb::object value = nb::repr(self.attr(field.c_str()));
    if (nb::len(value) > kMaxReprLength) {
      value = value[nb::slice(nb::int_(0), nb::int_(kMaxReprLength), nb::int_(1))] + nb::str("...");
    }
    out = nb::str(out + nb::str(separator) + nb::str(field.c_str()) + nb::str("=") + value);
    separator = ", ";
  }
  return nb::cast<std::string>(out + nb::str(")"));
}

nb::dict RecordToDict(nb::handle self, const std::vector<std::string>& fields) {
  nb::dict out;
  for (const std::string& field : fields) {
    nb::object value = self.attr(field.c_str());
    if (nb::hasattr(value, "to_dict")) {
      value = value.attr("to_dict")();
    } else if (PyList_Check(value.ptr())) {
      nb::list items;
      for (nb::handle item : value) {
        items.append(nb::hasattr(item, "to_dict") ? item.attr("to_dict")() : nb::borrow(item));
      }
      value = items;
    }
    out[field.c_str()] = value;
  }
  return out;
}

}  // namespace tracevec::python
