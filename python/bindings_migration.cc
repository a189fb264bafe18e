#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "python/bindings.h"
#include "python/bindings_arguments.h"
#include "python/bindings_records.h"
#include "python/bindings_status.h"
#include "tracevec/migration.h"

// Moving a vector field to another embedding space.

namespace tracevec::python {
namespace {

/// A Python callable as an embedder; what it raised goes on to the caller after.
class MigrationEmbedder {
 public:
  explicit MigrationEmbedder(nb::handle function) : function_(function) {}

  Embedder Get() {
    return [this](std::span<const std::string> texts) { return Call(texts); };
  }
  /// What its last call said of itself.
  std::function<std::optional<CallInfo>()> Info() {
    return [this] { return std::exchange(info_, std::nullopt); };
  }
  /// Of the progress callback too: keeps what is being raised.
  void NoteRaised() { raised_ = std::current_exception(); }
  void Rethrow() const {
    if (raised_ != nullptr) std::rethrow_exception(raised_);
  }

 private:
  Result<std::vector<float>> Call(std::span<const std::string> texts) {
    nb::gil_scoped_acquire gil;
    try {
      nb::list arguments;
      for (const std::string& text : texts) arguments.append(nb::str(text.data(), text.size()));
      const auto answer = nb::cast<nb::tuple>(function_(arguments));
      info_ = TakeCallInfo(answer[1]);
      const auto rows = nb::cast<FloatMatrix>(answer[0], false);
      return std::vector<float>(rows.data(), rows.data() + rows.size());
    } catch (...) {
      NoteRaised();
      return Status::Cancelled("the embedder raised");
    }
  }

  nb::handle function_;
  std::optional<CallInfo> info_;
  std::exception_ptr raised_;
};

std::string TakeLabel(nb::handle label) {
  return label.is_none() ? std::string() : TakeString(label, "label");
}

MigrationStatus Begin(Collection& self, nb::handle field, nb::handle dimension, nb::handle metric,
                      nb::handle space, nb::handle embed_template, nb::handle label) {
  const std::string name = field.is_none() ? std::string() : TakeString(field, "field");
  VectorField to;
  to.dimension = TakeUint32(dimension, "dim");
  to.metric = Unwrap(ParseMetric(TakeString(metric, "metric")));
  to.space = TakeSpace(space);
  to.embed_template = TakeString(embed_template, "embed_template");
  const std::string who = TakeLabel(label);
  return WithoutGil([&] { return self.BeginMigration(name, to, who); });
}

MigrationStatus Fill(Collection& self, nb::handle embed, nb::handle space, nb::handle batch_size,
                     nb::handle progress, nb::handle label) {
  MigrationEmbedder embedder(embed);
  FillOptions options;
  options.space = TakeSpace(space);
  options.call_info = embedder.Info();
  options.label = TakeLabel(label);
  options.batch_size = TakeUint32(batch_size, "batch_size");
  options.progress = [&](std::uint64_t filled, std::uint64_t chunks) {
    nb::gil_scoped_acquire gil;
    try {
      return nb::cast<bool>(progress(filled, chunks));
    } catch (...) {
      embedder.NoteRaised();
      return false;
    }
  };
  Result<MigrationStatus> result = [&] {
    nb::gil_scoped_release release;
    return self.FillMigration(embedder.Get(), options);
  }();
  embedder.Rethrow();
  return Unwrap(std::move(result));
}

SwitchResult Switch(Collection& self, bool to_cut_over, nb::handle embed, nb::handle space,
                    nb::handle threads, nb::handle label) {
  MigrationEmbedder embedder(embed);
  SwitchOptions options;
  if (!embed.is_none()) options.embed = embedder.Get();
  options.space = TakeSpace(space);
  options.call_info = embedder.Info();
  options.threads = TakeUint32(threads, "threads");
  options.label = TakeLabel(label);
  Result<SwitchResult> result = [&] {
    nb::gil_scoped_release release;
    return to_cut_over ? self.CutOver(options) : self.RollBack(options);
  }();
  embedder.Rethrow();
  return Unwrap(std::move(result));
}

nb::object OtherField(const MigrationStatus& self) {
  return PackageType("VectorField")(self.other.dimension, MetricName(self.other.metric),
                                    ToPython(self.other.space), self.other.embed_template);
}

}  // namespace

void BindMigration(nb::module_& module, nb::class_<Collection>& collection) {
  using S = MigrationStatus;
  Record<S>(module, "MigrationStatus", "A vector field on its way to another embedding space.")
      .Field("field", &S::field, "The vector field.")
      .Computed("other", &OtherField,
                "VectorField not in force: the new, or once cut over the old.")
      .Field("cut_over", &S::cut_over, "Whether the new one is in force.")
      .Field("chunks", &S::chunks, "Live chunks with a vector of the one in force.")
      .Field("filled", &S::filled, "Of them, those with a vector of the other too.")
      .Converted("started", &S::started, "When it began: datetime in UTC.")
      .Finish();
  Record<SwitchResult>(module, "SwitchResult", "What putting another space in force came to.")
      .Field("commit", &SwitchResult::commit, "The one atomic step.")
      .Field("step_micros", &SwitchResult::step_micros,
             "How long it kept writers waiting; 0 where no other space was put in force.")
      .Finish();
  collection
      .def("begin_migration", &Begin, nb::arg("field").none(), nb::arg("dim").none(),
           nb::arg("metric").none(), nb::arg("space").none(), nb::arg("embed_template").none(),
           nb::arg("label").none())
      .def("migration",
           [](Collection& self) { return WithoutGil([&] { return self.Migration(); }); })
      .def("fill_migration", &Fill, nb::arg("embed"), nb::arg("space").none(),
           nb::arg("batch_size").none(), nb::arg("progress"), nb::arg("label").none())
      .def("switch_migration", &Switch, nb::arg("to_cut_over"), nb::arg("embed").none(),
           nb::arg("space").none(), nb::arg("threads").none(), nb::arg("label").none())
      .def(
          "finish_migration",
          [](Collection& self, nb::handle label) {
            const std::string who = TakeLabel(label);
            WithoutGil([&] { return self.FinishMigration(who); });
          },
          nb::arg("label").none());
}

}  // namespace tracevec::python
