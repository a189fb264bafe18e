#include "python/bindings_values.h"

#include <chrono>
#include <cstdint>
#include <typeinfo>
#include <utility>

namespace tracevec::python {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

/// Python types that values are recognised by. Never freed: a static destructor would run after
/// the interpreter is gone.
struct PythonTypes {
  nb::object datetime;
  nb::object date;
  nb::object utc;
  nb::object numpy_array;
  nb::object numpy_datetime64;
  nb::object numpy_scalar;
};
const PythonTypes* python_types = nullptr;

bool IsInstance(nb::handle object, const nb::object& type) {
  const int answer = PyObject_IsInstance(object.ptr(), type.ptr());
  if (answer < 0) throw nb::python_error();
  return answer == 1;
}

std::int64_t IntAttribute(nb::handle object, const char* name) {
  return nb::cast<std::int64_t>(object.attr(name));
}

Result<Value> IntFromPython(nb::handle object) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
  if (overflow != 0) {
    return Status::InvalidArgument(
        "an int of " + std::to_string(nb::cast<std::int64_t>(object.attr("bit_length")())) +
        " bits does not fit in int64 (-2^63 to 2^63 - 1)");
  }
  return Value(static_cast<std::int64_t>(value));
}

std::int64_t MidnightMicros(nb::handle date) {
  const std::chrono::year_month_day day(
      std::chrono::year(static_cast<int>(IntAttribute(date, "year"))),
      std::chrono::month(static_cast<unsigned>(IntAttribute(date, "month"))),
      std::chrono::day(static_cast<unsigned>(IntAttribute(date, "day"))));
  return std::chrono::sys_days(day).time_since_epoch().count() * kMicrosPerDay;
}

Timestamp TimestampFromDatetime(nb::handle moment) {
  std::int64_t micros =
      MidnightMicros(moment) + IntAttribute(moment, "microsecond") +
      kMicrosPerSecond * (IntAttribute(moment, "hour") * 3'600 +
                          IntAttribute(moment, "minute") * 60 + IntAttribute(moment, "second"));
  nb::object offset = moment.attr("utcoffset")();
  if (!offset.is_none()) {
    micros -= IntAttribute(offset, "days") * kMicrosPerDay +
              IntAttribute(offset, "seconds") * kMicrosPerSecond +
              IntAttribute(offset, "microseconds");
  }
  return Timestamp{micros};
}

Result<Value> ListFromPython(nb::handle sequence, int depth) {
  Value::List list;
  list.reserve(nb::len(sequence));
  for (nb::handle item : sequence) {
    Result<Value> value = ValueFromPython(item, depth + 1);
    if (!value.ok()) return Within("[" + std::to_string(list.size()) + "]", value.status());
    list.push_back(*std::move(value));
  }
  return Value(std::move(list));
}

/// The types that are no subclass of Python's own numbers, strings and containers.
Result<Value> OtherFromPython(nb::handle object, int depth) {
  if (std::optional<Timestamp> timestamp = TimestampFromPython(object)) return Value(*timestamp);
  if (IsInstance(object, python_types->numpy_array)) {
    return ValueFromPython(object.attr("tolist")(), depth + 1);
  }
  if (IsInstance(object, python_types->numpy_scalar)) {
    nb::object plain = object.attr("item")();
    if (!IsInstance(plain, python_types->numpy_scalar)) return ValueFromPython(plain, depth + 1);
  }
  return WrongType("None, bool, int, float, str, datetime, date, list or dict", object);
}

}  // namespace

void InitializeValues() {
  nb::module_ datetime = nb::module_::import_("datetime");
  nb::module_ numpy = nb::module_::import_("numpy");
  python_types = new PythonTypes{
      .datetime = datetime.attr("datetime"),
      .date = datetime.attr("date"),
      .utc = datetime.attr("timezone").attr("utc"),
      .numpy_array = numpy.attr("ndarray"),
      .numpy_datetime64 = numpy.attr("datetime64"),
      .numpy_scalar = numpy.attr("generic"),
  };
}

Status WrongType(std::string_view expected, nb::handle object) {
  return Status::InvalidArgument("expected " + std::string(expected) + ", got " +
                                 nb::cast<std::string>(object.type().attr("__name__")));
}

Status Within(std::string_view place, const Status& status) {
  return Status(status.code(), std::string(place) + ": " + status.message());
}

Result<std::string> StringFromPython(nb::handle object) {
  if (!PyUnicode_Check(object.ptr())) return WrongType("str", object);
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(object.ptr(), &size);
  if (data == nullptr) {
    PyErr_Clear();
    return Status::InvalidArgument("not valid Unicode: it holds a lone surrogate");
  }
  return std::string(data, static_cast<std::size_t>(size));
}

Result<Value> ValueFromPython(nb::handle object, int depth) {
  if (depth > kMaxDepth) {
    return Status::InvalidArgument("nested deeper than " + std::to_string(kMaxDepth));
  }
  PyObject* raw = object.ptr();
  if (object.is_none()) return Value();
  if (PyBool_Check(raw)) return Value(raw == Py_True);
  if (PyLong_Check(raw)) return IntFromPython(object);
  if (PyFloat_Check(raw)) return Value(PyFloat_AsDouble(raw));
  if (PyUnicode_Check(raw)) {
    Result<std::string> text = StringFromPython(object);
    if (!text.ok()) return text.status();
    return Value(*std::move(text));
  }
  if (PyList_Check(raw) || PyTuple_Check(raw)) return ListFromPython(object, depth);
  if (PyDict_Check(raw)) {
    Result<Metadata> map = MetadataFromPython(object, depth);
    if (!map.ok()) return map.status();
    return Value(*std::move(map));
  }
  return OtherFromPython(object, depth);
}

nb::object ValueToPython(const Value& value) {
  if (const bool* boolean = value.AsBool()) return nb::bool_(*boolean);
  if (const std::int64_t* integer = value.AsInt()) return nb::int_(*integer);
  if (const double* number = value.AsDouble()) return nb::float_(*number);
  if (const std::string* text = value.AsString()) return nb::str(text->data(), text->size());
  if (const Timestamp* timestamp = value.AsTimestamp()) return TimestampToPython(*timestamp);
  if (const Value::List* list = value.AsList()) {
    nb::list out;
    for (const Value& item : *list) out.append(ValueToPython(item));
    return out;
  }
  if (const Value::Map* map = value.AsMap()) return MetadataToPython(*map);
  return nb::none();
}

Result<Metadata> MetadataFromPython(nb::handle dict, int depth) {
  if (!PyDict_Check(dict.ptr())) return WrongType("dict", dict);
  Metadata map;
  for (auto [key, item] : nb::borrow<nb::dict>(dict)) {
    Result<std::string> name = StringFromPython(key);
    if (!name.ok()) return Within("field name", name.status());
    Result<Value> value = ValueFromPython(item, depth + 1);
    if (!value.ok()) return Within("'" + *name + "'", value.status());
    map.insert_or_assign(*std::move(name), *std::move(value));
  }
  return map;
}

nb::dict MetadataToPython(const Metadata& metadata) {
  nb::dict out;
  for (const auto& [name, value] : metadata) {
    out[nb::str(name.data(), name.size())] = ValueToPython(value);
  }
  return out;
}

std::optional<Timestamp> TimestampFromPython(nb::handle object) {
  try {
    if (IsInstance(object, python_types->datetime)) return TimestampFromDatetime(object);
    if (IsInstance(object, python_types->date)) return Timestamp{MidnightMicros(object)};
  } catch (const std::bad_cast&) {
    return std::nullopt;  // pandas' NaT is a datetime whose year is a NaN.
  }
  if (!IsInstance(object, python_types->numpy_datetime64)) return std::nullopt;
  nb::object micros = object.attr("astype")("datetime64[us]").attr("astype")("int64");
  const Timestamp timestamp{nb::cast<std::int64_t>(micros.attr("item")())};
  if (timestamp.micros == INT64_MIN) return std::nullopt;  // NumPy's NaT.
  return timestamp;
}

nb::object TimestampToPython(Timestamp timestamp) {
  using std::chrono::microseconds;
  const std::chrono::sys_time<microseconds> moment{microseconds(timestamp.micros)};
  const auto midnight = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day day(midnight);
  const int year = static_cast<int>(day.year());
  if (year < 1 || year > 9999) return python_types->numpy_datetime64(timestamp.micros, "us");
  const std::chrono::hh_mm_ss<microseconds> time(moment - midnight);
  return python_types->datetime(year, static_cast<unsigned>(day.month()),
                                static_cast<unsigned>(day.day()), time.hours().count(),
                                time.minutes().count(), time.seconds().count(),
                                time.subseconds().count(), python_types->utc);
}

}  // namespace tracevec::python
