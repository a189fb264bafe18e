#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "python/bindings_casters.h"
#include "tracevec/status.h"
#include "tracevec/value.h"

/// Conversions between Python objects and metadata values. All of them need the GIL.
namespace tracevec::python {

namespace nb = nanobind;

/// Imports the Python types that values are recognised by. Called once, at import.
void InitializeValues();

/// None, bool, int, float, str, datetime (aware: converted to UTC; naive: meant as UTC), date
/// (midnight UTC), NumPy scalars (NaT is null) and arrays, lists, tuples and dicts. Errors:
/// InvalidArgument for other types, ints beyond int64, lone surrogates, nesting over 64.
Result<Value> ValueFromPython(nb::handle object, int depth = 0);
nb::object ValueToPython(const Value& value);

/// A dict with str keys. Errors: as above.
Result<Metadata> MetadataFromPython(nb::handle dict, int depth = 0);
nb::dict MetadataToPython(const Metadata& metadata);

/// A str. Errors: InvalidArgument for another type or a lone surrogate.
Result<std::string> StringFromPython(nb::handle object);

/// A datetime, a date or a numpy.datetime64; nothing for other objects and for NaT.
std::optional<Timestamp> TimestampFromPython(nb::handle object);
/// An aware datetime in UTC; outside the years 1 to 9999 a numpy.datetime64.
nb::object TimestampToPython(Timestamp timestamp);

/// "expected str, got int"
Status WrongType(std::string_view expected, nb::handle object);
/// The same error, said of a part: "metadata[3]: expected str, got int".
Status Within(std::string_view place, const Status& status);

}  // namespace tracevec::python
