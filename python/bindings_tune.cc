#include <optional>
#include <span>

#include "python/bindings.h"
#include "python/bindings_arguments.h"
#include "python/bindings_records.h"
#include "python/bindings_status.h"
#include "tracevec/tune.h"

// How wide searches have to be.

namespace tracevec::python {
namespace {

TuneResult Tune(Collection& self, double target_recall, const std::optional<FloatMatrix>& queries,
                nb::handle field, nb::handle k, nb::handle most_queries) {
  TuneOptions options;
  options.target_recall = target_recall;
  if (!field.is_none()) options.field = TakeString(field, "field");
  options.k = TakeUint32(k, "k");
  options.most_queries = TakeUint32(most_queries, "most_queries");
  if (queries) options.queries = std::span<const float>(queries->data(), queries->size());
  return WithoutGil([&] { return self.Tune(options); });
}

}  // namespace

void BindTune(nb::module_& module, nb::class_<Collection>& collection) {
  Record<TunePoint>(module, "TunePoint", "What one search width was found to give.")
      .Field("ef", &TunePoint::ef, "Width.")
      .Field("recall", &TunePoint::recall, "Recall of the k best by float32.")
      .Field("micros", &TunePoint::micros, "Microseconds a query, on one thread.")
      .Finish();
  using T = TuneResult;
  Record<T>(module, "TuneResult", "The width that searches of a field take, and why.")
      .Field("field", &T::field, "The vector field.")
      .Field("target_recall", &T::target_recall, "As asked.")
      .Field("k", &T::k, "As asked.")
      .Field("ef", &T::ef, "The width; 0: none that was measured reaches the target.")
      .Field("recall", &T::recall, "Recall at that width.")
      .Field("half_width", &T::half_width, "Of the 95 % interval around the recall.")
      .Field("queries", &T::queries, "\"given\", \"recent\" or \"stored\".")
      .Field("used", &T::used, "How many queries were used.")
      .Field("chunks", &T::chunks, "Chunks of the collection at that time.")
      .Field("commit", &T::commit, "The view that was measured.")
      .Converted("time", &T::time, "When: datetime in UTC.")
      .Field("points", &T::points, "TunePoint objects, ascending by width.")
      .Finish();
  collection.def("tune", &Tune, nb::arg("target_recall"), nb::arg("queries").none(),
                 nb::arg("field").none(), nb::arg("k"), nb::arg("most_queries"));
}

}  // namespace tracevec::python
