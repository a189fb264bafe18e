#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "python/bindings_casters.h"
#include "tracevec/document.h"
#include "tracevec/filter.h"
#include "tracevec/receipt.h"
#include "tracevec/schema.h"
#include "tracevec/value.h"

/// Arguments of calls. Those that start with Take raise; `what` names the argument in the message.
namespace tracevec::python {

namespace nb = nanobind;

/// Float32 rows as the package hands them over: C-contiguous, aligned, never copied here.
using FloatVector = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using FloatMatrix = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

std::string TakeString(nb::handle object, std::string_view what);
std::vector<std::string> TakeStrings(nb::handle iterable, std::string_view what);
std::uint32_t TakeUint32(nb::handle object, std::string_view what);
std::uint64_t TakeUint64(nb::handle object, std::string_view what);
std::optional<std::uint32_t> TakeOptionalUint32(nb::handle object, std::string_view what);
std::optional<double> TakeOptionalDouble(nb::handle object, std::string_view what);
std::optional<Timestamp> TakeOptionalTimestamp(nb::handle object, std::string_view what);
/// None means no metadata.
Metadata TakeMetadata(nb::handle object, std::string_view what);
/// None means no condition, a str is filter text, bytes are the JSON dialect.
Filter TakeFilter(nb::handle object);
/// None means not declared.
EmbeddingSpace TakeSpace(nb::handle object);
/// A tracevec.CallInfo, or None.
std::optional<CallInfo> TakeCallInfo(nb::handle object);

/// "off", "summary" or "keep".
ReceiptLevel TakeReceiptLevel(nb::handle object);

/// A dataclass or function of tracevec._types.
nb::object PackageType(const char* name);

/// A new float32 array that owns a copy of the values.
nb::object FloatsToPython(std::span<const float> values);

/// Raises InvalidArgument when a vector field does not have this dimension. `field` may be "" when
/// there is one; a field that does not exist is left to the library, which names the nearest.
void CheckDimension(const CollectionSchema& schema, std::string_view field, std::size_t dimension,
                    std::string_view what);

/// One sparse vector: a tuple of indices (uint32) and values (float32).
SparseVector TakeSparse(nb::handle pair);
/// The other way: a dict of indices and values.
nb::dict SparseToPython(const SparseVector& vector);

/// Rows given for vector fields, kept alive while a call reads them without the GIL.
class VectorRows {
 public:
  using Spans = std::map<std::string, std::span<const float>, std::less<>>;
  using SparseSpans = std::map<std::string, std::span<const SparseVector>, std::less<>>;
  /// `by_field`: field name ("" for the only one) -> float32 array (rows x dimension), or of a
  /// sparse field a tuple of indptr, indices and values. Raises InvalidArgument when an array has
  /// other than `rows` rows, or not the field's dimension.
  VectorRows(const nb::dict& by_field, const CollectionSchema& schema,
             std::optional<std::size_t> rows);

  const Spans& spans() const { return spans_; }
  SparseSpans sparse() const { return {sparse_.begin(), sparse_.end()}; }

 private:
  std::vector<FloatMatrix> arrays_;
  Spans spans_;
  std::map<std::string, std::vector<SparseVector>, std::less<>> sparse_;
};

}  // namespace tracevec::python
