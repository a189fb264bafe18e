#include <string>

#include "python/bindings.h"
#include "python/bindings_arguments.h"
#include "python/bindings_records.h"
#include "python/bindings_status.h"
#include "tracevec/database.h"

// Replays of kept receipts, and why a chunk was lost.

namespace tracevec::python {
namespace {

void BindReplayParts(nb::module_& module) {
  Record<ReplayedHit>(module, "ReplayedHit", "A hit then, now, or both. Rank 0: not there.")
      .Field("id", &ReplayedHit::id, "Id of the chunk.")
      .Field("document", &ReplayedHit::document, "Id of its document.")
      .Field("rank_then", &ReplayedHit::rank_then, "Its rank in the receipt, from 1.")
      .Field("rank_now", &ReplayedHit::rank_now, "Its rank in the replay, from 1.")
      .Field("score_then", &ReplayedHit::score_then, "Its score in the receipt.")
      .Field("score_now", &ReplayedHit::score_now, "Its score in the replay.")
      .Finish();
  Record<ReplayCause>(module, "ReplayCause", "Why one hit is not what it was.")
      .Field("id", &ReplayCause::id, "Id of the chunk.")
      .Field("change", &ReplayCause::change, "\"added\", \"removed\", \"moved\" or \"score\".")
      .Field("kind", &ReplayCause::kind,
             "\"document_added\", \"document_replaced\", \"document_deleted\", "
             "\"document_expired\", \"document_erased\", \"metadata_changed\", \"displaced\", "
             "\"statistics_changed\", \"index_differs\", \"settings_changed\", "
             "\"build_changed\", \"space_changed\", \"deadline\" or \"unexplained\".")
      .Field("version_then", &ReplayCause::version_then, "Of its document; 0: not stored any more.")
      .Field("version_now", &ReplayCause::version_now, "Of its document; 0: gone.")
      .Field("exact_rank", &ReplayCause::exact_rank, "In the exact answer; 0: not among the k.")
      .Field("closer", &ReplayCause::closer,
             "With \"index_differs\": which search was closer to the exact answer, \"then\" or "
             "\"now\".")
      .Field("detail", &ReplayCause::detail, "A sentence for people.")
      .Finish();
  Record<SettingChange>(module, "SettingChange", "A setting that is not what it was.")
      .Field("name", &SettingChange::name, "Which.")
      .Field("then", &SettingChange::then, "Its value in the receipt.")
      .Field("now", &SettingChange::now, "Its value in the replay.")
      .Finish();
}

/// What its JSON has, from a class that knows how to write it.
template <typename T>
nb::object DictOfJson(const T& self) {
  return nb::module_::import_("json").attr("loads")(self.ToJson());
}

void BindReplayClasses(nb::module_& module) {
  using R = Replay;
  Record<R>(module, "Replay", "A kept receipt's search, run again and compared.")
      .Field("receipt_id", &R::receipt_id, "Id of the receipt.")
      .Field("at", &R::at, "\"now\", \"receipt\", or the snapshot's name.")
      .Field("commit_then", &R::commit_then, "The commit that the search read.")
      .Field("commit", &R::commit, "The commit that the replay read.")
      .Computed(
          "equal", [](const R& self) { return self.equal(); },
          "Whether ids, ranks and scores are equal.")
      .Field("same", &R::same, "ReplayedHit objects at the same rank.")
      .Field("added", &R::added, "Those only in the replay.")
      .Field("removed", &R::removed, "Those only in the receipt.")
      .Field("moved", &R::moved, "Those at another rank.")
      .Field("causes", &R::causes, "ReplayCause objects, one a difference.")
      .Field("settings", &R::settings, "SettingChange objects.")
      .Computed(
          "receipt",
          [](const R& self) { return self.receipt.id.empty() ? nullptr : &self.receipt; },
          "Receipt of the replay, or None where nothing was run.")
      .FinishWithoutDict()
      .def("to_json", &R::ToJson, "The replay as JSON text.")
      .def("to_dict", &DictOfJson<R>, "The replay as a new dict of what JSON has.");
  using S = LostChunkSource;
  Record<S>(module, "LostChunkSource", "Where a source has a chunk, by exact search.")
      .Field("name", &S::name, "\"dense\", \"lexical\" or \"sparse\".")
      .Field("field", &S::field, "Vector field, or \"\".")
      .Field("phrasing", &S::phrasing, "Phrasing of the request, from 0.")
      .Field("rank", &S::rank, "From 1, among all; 0: not found, or beyond 16,384.")
      .Finish();
  using L = LostChunk;
  Record<L>(module, "LostChunk", "Why a chunk is not among the hits of a kept receipt.")
      .Field("receipt_id", &L::receipt_id, "Id of the receipt.")
      .Field("chunk_id", &L::chunk_id, "Id of the chunk.")
      .Field("commit", &L::commit, "The commit that was looked at.")
      .Field("data_of_then", &L::data_of_then, "Whether the search saw that data.")
      .Field("stage", &L::stage,
             "\"returned\", \"data\", \"plan\", \"search\", \"lexical\", \"sparse\" or \"fuse\".")
      .Field("rule", &L::rule,
             "\"returned\", \"not_stored\", \"expired\", \"filtered\", \"excluded\", "
             "\"no_vector\", \"no_term\", \"not_reached\", \"ranked_below\", \"fused_out\" or "
             "\"deadline\".")
      .Field("rank", &L::rank, "Its rank where it was returned.")
      .Field("exact_rank", &L::exact_rank, "Its rank by exact search; 0: beyond 16,384, or none.")
      .Field("dense_rank", &L::dense_rank, "Of several sources: exact, the best by vectors.")
      .Field("lexical_rank", &L::lexical_rank, "Of several sources: the best by texts.")
      .Field("sparse_rank", &L::sparse_rank, "Of several sources: the best by sparse vectors.")
      .Field("sources", &L::sources, "Once it came to ranks: each source, LostChunkSource objects.")
      .Field("detail", &L::detail, "A sentence for people.")
      .Finish()
      .def("to_json", &L::ToJson, "The same as JSON text.");
}

Replay ReplayReceipt(Database& self, nb::handle id, nb::handle at) {
  const std::string receipt = TakeString(id, "receipt_id");
  const std::string data = TakeString(at, "at");
  return WithoutGil([&] { return self.Replay(receipt, data); });
}

LostChunk Why(Database& self, nb::handle id, nb::handle chunk) {
  const std::string receipt = TakeString(id, "receipt_id");
  const std::string chunk_id = TakeString(chunk, "chunk_id");
  return WithoutGil([&] { return self.Why(receipt, chunk_id); });
}

}  // namespace

void BindReplay(nb::module_& module, nb::class_<Database>& database) {
  BindReplayParts(module);
  BindReplayClasses(module);
  database.def("replay", &ReplayReceipt, nb::arg("receipt_id").none(), nb::arg("at").none())
      .def("why", &Why, nb::arg("receipt_id").none(), nb::arg("chunk_id").none());
}

}  // namespace tracevec::python
