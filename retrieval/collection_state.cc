#include "retrieval/collection_state.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/nearest_name.h"

namespace tracevec {
namespace {

void AddSpace(const EmbeddingSpace& space, ContentHasher* hasher) {
  hasher->Add(space.model);
  hasher->Add(space.revision);
  hasher->Add(space.normalization);
  hasher->Add(space.document_prompt);
  hasher->Add(space.query_prompt);
}

std::string Describe(const EmbeddingSpace& space) {
  std::string text = "'" + space.model + "'";
  if (!space.revision.empty()) text += " revision '" + space.revision + "'";
  if (!space.normalization.empty()) text += " normalization '" + space.normalization + "'";
  if (!space.document_prompt.empty()) text += " document prompt '" + space.document_prompt + "'";
  if (!space.query_prompt.empty()) text += " query prompt '" + space.query_prompt + "'";
  return text;
}

}  // namespace

void Warnings::Add(std::string warning) {
  const std::lock_guard lock(mutex_);
  if (std::find(list_.begin(), list_.end(), warning) != list_.end()) return;
  list_.push_back(std::move(warning));
  if (list_.size() > kMost) list_.pop_front();
}

std::vector<std::string> Warnings::List() const {
  const std::lock_guard lock(mutex_);
  return {list_.begin(), list_.end()};
}

Status SnapshotHandle::CheckOpen() const {
  if (!closed.load()) return Status::Ok();
  return Status::Closed("the database at snapshot '" + name + "' was closed");
}

Status SnapshotHandle::RefuseToWrite() const {
  return Status::ReadOnly("this is the data of snapshot '" + name +
                          "'; write to the database itself");
}

CommitNumber CollectionState::OldestInUse() const {
  CommitNumber oldest = views.Oldest();
  for (const auto& before : EarlierInUse()) oldest = std::min(oldest, before->views.Oldest());
  return oldest;
}

CommitNumber CollectionState::OldestReadable() const {
  const CommitNumber oldest = OldestInUse();
  return holds == nullptr ? oldest : std::min(oldest, holds->Oldest());
}

std::vector<std::shared_ptr<CollectionState>> CollectionState::EarlierInUse() const {
  std::vector<std::shared_ptr<CollectionState>> in_use;
  for (const auto& before : earlier) {
    if (auto state = before.lock()) in_use.push_back(std::move(state));
  }
  return in_use;
}

void CollectionState::WarnReadersOf(FieldNumber field) const {
  for (const auto& before : EarlierInUse()) {
    const bool has_it =
        std::any_of(before->fields.begin(), before->fields.end(),
                    [&](const BoundField& in_force) { return in_force.number == field; });
    if (has_it) before->gone.store(Gone::kVectors);
  }
}

std::shared_ptr<CollectionState> StateSlot::Get() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void StateSlot::Set(std::shared_ptr<CollectionState> state) {
  const std::lock_guard lock(mutex_);
  state_.swap(state);  // The former is released after the lock.
}

Status CollectionState::CheckNotDropped() const {
  switch (gone.load()) {
    case Gone::kNothing: return Status::Ok();
    case Gone::kVectors:
      return Status::Conflict("collection '" + name +
                              "': the vectors of the embedding space that this read from are no "
                              "longer kept as they were; start again in the new one");
    case Gone::kAll: break;
  }
  return Status::NotFound("collection '" + name + "' was dropped");
}

Status CollectionState::CheckCurrent() const {
  if (!superseded.load()) return CheckNotDropped();
  return Status::Conflict("collection '" + name + "' changed its embedding space; call again");
}

std::vector<FieldNumber> CollectionState::StoredFields() const {
  std::vector<FieldNumber> numbers;
  for (const BoundField& field : fields) numbers.push_back(field.number);
  for (const BoundSparseField& field : sparse_fields) numbers.push_back(field.number);
  if (migration) numbers.push_back(migration->other_number);
  return numbers;
}

std::vector<FieldLayout> CollectionState::Layouts() const {
  std::vector<FieldLayout> layouts;
  for (const BoundField& field : fields) {
    layouts.push_back({field.field.dimension, field.field.metric});
  }
  return layouts;
}

std::vector<std::string> CollectionState::DeclaredFields() const {
  std::vector<std::string> names;
  for (const auto& declared : schema.metadata) names.push_back(declared.first);
  return names;
}

std::shared_ptr<CollectionIndex> CollectionState::NewIndex() const {
  return std::make_shared<CollectionIndex>(Layouts(), kMostSegmentRows,
                                           analyzer != nullptr ? analyzer->identity() : "",
                                           sparse_fields.size());
}

std::shared_ptr<const RowTerms> CollectionState::TermsOf(std::string_view text) const {
  if (analyzer == nullptr || text.empty()) return nullptr;
  return RowTerms::Make(*analyzer, text);
}

void CollectionState::PublishView() {
  auto view = std::make_shared<CollectionView>();
  view->commit = counters.commit;
  view->chunks = counters.chunks;
  view->documents = counters.documents;
  view->may_expire = may_expire;
  view->tuning = tuning;
  if (record.known_fields.size() < kMostKnownFields) {
    view->known_fields = std::make_shared<const std::vector<std::string>>(record.known_fields);
  }
  if (index != nullptr) {
    view->in_memory = true;
    view->index = index->View(counters.commit);
    view->index.may_expire = may_expire;
    view->segments = index->segments();
  }
  unbuilt_rows.store(index != nullptr ? index->unbuilt_rows() : 0);
  views.Publish(std::move(view));
}

std::shared_ptr<CollectionState> BindCollection(CollectionNumber number, CollectionRecord record,
                                                bool default_sync) {
  auto state = std::make_shared<CollectionState>();
  state->number = number;
  state->name = record.name;
  state->schema = record.schema;
  state->sync = record.sync.value_or(default_sync);
  ContentHasher hasher;
  for (const auto& [name, field] : record.schema.vectors) {
    state->fields.push_back({name, record.field_numbers.at(name), state->fields.size(), field});
    hasher.Add(name);
    hasher.Add(field.embed_template);
    AddSpace(field.space, &hasher);
  }
  for (const auto& [name, unused] : record.schema.sparse_vectors) {
    state->sparse_fields.push_back(
        {name, record.field_numbers.at(name), state->sparse_fields.size()});
  }
  state->fields_hash = record.chunk_identity.value_or(hasher.Finish());
  if (record.schema.text) {
    // Without it the collection is used as before, but for searches of texts.
    if (auto analyzer = Analyzer::Make(*record.schema.text); analyzer.ok()) {
      state->analyzer = *std::move(analyzer);
    }
  }
  state->query_memories = std::make_unique<QueryMemory[]>(state->fields.size());
  state->record = std::move(record);
  return state;
}

Result<const BoundField*> FindField(const CollectionState& state, std::string_view name) {
  if (name.empty()) {
    if (state.fields.size() == 1) return &state.fields.front();
    return Status::InvalidArgument(
        fmt::format("collection '{}' has {} vector fields; name one with `field`", state.name,
                    state.fields.size()));
  }
  std::vector<std::string> known;
  for (const BoundField& field : state.fields) {
    if (field.name == name) return &field;
    known.push_back(field.name);
  }
  return Status::InvalidArgument(fmt::format("collection '{}' has no vector field '{}'{}",
                                             state.name, name, DidYouMean(name, known)));
}

Result<const BoundSparseField*> FindSparseField(const CollectionState& state,
                                                std::string_view name) {
  std::vector<std::string> known;
  for (const BoundSparseField& field : state.sparse_fields) {
    if (field.name == name || (name.empty() && state.sparse_fields.size() == 1)) return &field;
    known.push_back(field.name);
  }
  if (name.empty()) {
    return Status::InvalidArgument(fmt::format("collection '{}' has {} sparse fields; name one",
                                               state.name, state.sparse_fields.size()));
  }
  return Status::InvalidArgument(fmt::format("collection '{}' has no sparse field '{}'{}",
                                             state.name, name, DidYouMean(name, known)));
}

Result<const Analyzer*> FindAnalyzer(const CollectionState& state) {
  if (state.analyzer != nullptr) return state.analyzer.get();
  if (!state.schema.text) {
    return Status::InvalidArgument(fmt::format(
        "collection '{}' has no text field, so its texts are not indexed; create it with one to "
        "search by text",
        state.name));
  }
  return Status::Unsupported(fmt::format("collection '{}': {}", state.name,
                                         Analyzer::Make(*state.schema.text).status().message()));
}

Status CheckSpace(const BoundField& field, const EmbeddingSpace& given) {
  const EmbeddingSpace& own = field.field.space;
  if (!given.declared() || !own.declared() || given == own) return Status::Ok();
  return Status::EmbeddingSpaceMismatch(fmt::format("vector field '{}' holds {}; got {}",
                                                    field.name, Describe(own), Describe(given)));
}

}  // namespace tracevec
