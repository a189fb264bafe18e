#include "python/bindings_arguments.h"

#include <utility>

#include "python/bindings_status.h"
#include "python/bindings_values.h"

namespace tracevec::python {
namespace {

using Offsets = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const std::uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

/// The value, or the error said of the argument.
template <typename T>
T Take(Result<T> result, std::string_view what) {
  if (!result.ok()) Raise(Within(what, result.status()));
  return *std::move(result);
}

std::string TakeField(nb::handle object, const char* name) {
  return TakeString(object.attr(name), name);
}

}  // namespace

std::string TakeString(nb::handle object, std::string_view what) {
  return Take(StringFromPython(object), what);
}

std::vector<std::string> TakeStrings(nb::handle iterable, std::string_view what) {
  std::vector<std::string> out;
  for (nb::handle item : iterable) {
    Result<std::string> text = StringFromPython(item);
    if (!text.ok()) {
      Raise(Within(std::string(what) + "[" + std::to_string(out.size()) + "]", text.status()));
    }
    out.push_back(*std::move(text));
  }
  return out;
}

std::uint64_t TakeUint64(nb::handle object, std::string_view what) {
  // __index__ admits NumPy's integers and keeps floats out; a bool is no count.
  if (PyBool_Check(object.ptr()) || PyIndex_Check(object.ptr()) == 0) {
    Raise(Within(what, WrongType("int", object)));
  }
  nb::object index = nb::steal(PyNumber_Index(object.ptr()));
  if (!index.is_valid()) throw nb::python_error();
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  if (overflow != 0) Raise(Within(what, Status::InvalidArgument("does not fit in int64")));
  if (value < 0) {
    Raise(
        Within(what, Status::InvalidArgument("expected 0 or more, got " + std::to_string(value))));
  }
  return static_cast<std::uint64_t>(value);
}

std::uint32_t TakeUint32(nb::handle object, std::string_view what) {
  const std::uint64_t value = TakeUint64(object, what);
  if (value > UINT32_MAX) {
    Raise(Within(what, Status::InvalidArgument("expected at most 4,294,967,295, got " +
                                               std::to_string(value))));
  }
  return static_cast<std::uint32_t>(value);
}

std::optional<std::uint32_t> TakeOptionalUint32(nb::handle object, std::string_view what) {
  if (object.is_none()) return std::nullopt;
  return TakeUint32(object, what);
}

std::optional<double> TakeOptionalDouble(nb::handle object, std::string_view what) {
  if (object.is_none()) return std::nullopt;
  const double value = PyFloat_AsDouble(object.ptr());
  if (value == -1.0 && PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    Raise(Within(what, WrongType("float", object)));
  }
  return value;
}

std::optional<Timestamp> TakeOptionalTimestamp(nb::handle object, std::string_view what) {
  if (object.is_none()) return std::nullopt;
  std::optional<Timestamp> timestamp = TimestampFromPython(object);
  if (!timestamp) Raise(Within(what, WrongType("datetime", object)));
  return timestamp;
}

Metadata TakeMetadata(nb::handle object, std::string_view what) {
  if (object.is_none()) return {};
  return Take(MetadataFromPython(object), what);
}

Filter TakeFilter(nb::handle object) {
  if (object.is_none()) return {};
  if (PyBytes_Check(object.ptr())) {
    const auto json = nb::borrow<nb::bytes>(object);
    return Unwrap(Filter::FromJson(std::string_view(json.c_str(), json.size())));
  }
  return Unwrap(Filter::Parse(TakeString(object, "where")));
}

EmbeddingSpace TakeSpace(nb::handle object) {
  if (object.is_none()) return {};
  const int declared = PyObject_IsInstance(object.ptr(), PackageType("EmbeddingSpace").ptr());
  if (declared < 0) throw nb::python_error();
  if (declared == 0) Raise(Within("space", WrongType("EmbeddingSpace", object)));
  return EmbeddingSpace{
      .model = TakeField(object, "model"),
      .revision = TakeField(object, "revision"),
      .normalization = TakeField(object, "normalization"),
      .document_prompt = TakeField(object, "document_prompt"),
      .query_prompt = TakeField(object, "query_prompt"),
  };
}

std::optional<CallInfo> TakeCallInfo(nb::handle object) {
  if (object.is_none()) return std::nullopt;
  CallInfo info;
  info.model = TakeString(object.attr("model"), "CallInfo.model");
  info.version = TakeString(object.attr("version"), "CallInfo.version");
  info.tokens_in = TakeUint64(object.attr("tokens_in"), "CallInfo.tokens_in");
  info.tokens_out = TakeUint64(object.attr("tokens_out"), "CallInfo.tokens_out");
  info.cost = TakeOptionalDouble(object.attr("cost"), "CallInfo.cost").value_or(0);
  info.attempts = TakeUint32(object.attr("attempts"), "CallInfo.attempts");
  return info;
}

ReceiptLevel TakeReceiptLevel(nb::handle object) {
  const std::string level = TakeString(object, "receipt");
  if (level == "summary") return ReceiptLevel::kSummary;
  if (level == "off") return ReceiptLevel::kOff;
  if (level == "keep") return ReceiptLevel::kKeep;
  Raise(
      Status::InvalidArgument("receipt: expected 'off', 'summary' or 'keep', got '" + level + "'"));
}

nb::object PackageType(const char* name) {
  return nb::module_::import_("tracevec._types").attr(name);
}

nb::object FloatsToPython(std::span<const float> values) {
  auto* copy = new std::vector<float>(values.begin(), values.end());
  nb::capsule owner(copy,
                    [](void* memory) noexcept { delete static_cast<std::vector<float>*>(memory); });
  return nb::cast(nb::ndarray<nb::numpy, float, nb::ndim<1>>(copy->data(), {copy->size()}, owner));
}

void CheckDimension(const CollectionSchema& schema, std::string_view field, std::size_t dimension,
                    std::string_view what) {
  const auto found = field.empty() && schema.vectors.size() == 1 ? schema.vectors.begin()
                                                                 : schema.vectors.find(field);
  if (found == schema.vectors.end() || found->second.dimension == dimension) return;
  Raise(Within(what, Status::InvalidArgument("dimension: expected " +
                                             std::to_string(found->second.dimension) + ", got " +
                                             std::to_string(dimension))));
}

SparseVector TakeSparse(nb::handle pair) {
  const auto indices = nb::cast<Indices>(pair[0]);
  const auto values = nb::cast<FloatVector>(pair[1]);
  return {{indices.data(), indices.data() + indices.size()},
          {values.data(), values.data() + values.size()}};
}

nb::dict SparseToPython(const SparseVector& vector) {
  nb::dict out;
  for (std::size_t i = 0; i < vector.indices.size(); ++i) {
    out[nb::int_(vector.indices[i])] = nb::float_(vector.values[i]);
  }
  return out;
}

namespace {

/// Rows as CSR, which the package has checked.
std::vector<SparseVector> TakeSparseRows(nb::handle csr) {
  const auto indptr = nb::cast<Offsets>(csr[0]);
  const auto indices = nb::cast<Indices>(csr[1]);
  const auto values = nb::cast<FloatVector>(csr[2]);
  std::vector<SparseVector> rows(indptr.size() - 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t begin = indptr.data()[i];
    const std::int64_t end = indptr.data()[i + 1];
    rows[i].indices.assign(indices.data() + begin, indices.data() + end);
    rows[i].values.assign(values.data() + begin, values.data() + end);
  }
  return rows;
}

void CheckRowCount(std::optional<std::size_t> wanted, std::size_t got, const std::string& what) {
  if (!wanted || got == *wanted) return;
  Raise(Within(what, Status::InvalidArgument("expected " + std::to_string(*wanted) + " rows, got " +
                                             std::to_string(got))));
}

}  // namespace

VectorRows::VectorRows(const nb::dict& by_field, const CollectionSchema& schema,
                       std::optional<std::size_t> rows) {
  for (auto [key, value] : by_field) {
    std::string name = TakeString(key, "vectors");
    const std::string what = name.empty() ? "vectors" : "vectors['" + name + "']";
    if (PyTuple_Check(value.ptr())) {
      std::vector<SparseVector> taken = TakeSparseRows(value);
      CheckRowCount(rows, taken.size(), what);
      sparse_.emplace(std::move(name), std::move(taken));
      continue;
    }
    auto array = nb::cast<FloatMatrix>(value, false);
    CheckRowCount(rows, array.shape(0), what);
    CheckDimension(schema, name, array.shape(1), what);
    spans_.emplace(std::move(name), std::span<const float>(array.data(), array.size()));
    arrays_.push_back(std::move(array));
  }
}

}  // namespace tracevec::python
