#include "python/bindings_status.h"

#include <string>
#include <string_view>

namespace tracevec::python {

namespace nb = nanobind;

void Raise(const Status& status) {
  const std::string_view code = StatusCodeName(status.code());
  nb::object from_code = nb::module_::import_("tracevec.errors").attr("from_code");
  nb::object error = from_code(nb::str(code.data(), code.size()),
                               nb::str(status.message().data(), status.message().size()));
  PyErr_SetObject(error.type().ptr(), error.ptr());
  throw nb::python_error();
}

}  // namespace tracevec::python
