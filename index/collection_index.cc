#include "index/collection_index.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace tracevec {
namespace {

std::uint32_t RowsIn(const RowSet& set) {
  if (const auto* block = dynamic_cast<const RowBlock*>(&set)) return block->size();
  return static_cast<const Segment&>(set).rows();
}

std::uint64_t LiveRowsIn(const RowSet& set) {
  std::uint64_t live = 0;
  const std::uint32_t rows = RowsIn(set);
  for (std::uint32_t row = 0; row < rows; ++row) live += set.Alive(row);
  return live;
}

/// The states of a source row that are newer than a build, oldest first, as copies.
std::vector<std::unique_ptr<ChunkState>> StatesAfter(const RowSet& set, std::uint32_t row,
                                                     CommitNumber as_of) {
  std::vector<std::unique_ptr<ChunkState>> copies;
  for (const ChunkState* newest = set.newest_state(row);
       newest != nullptr && newest->commit > as_of; newest = newest->older) {
    auto copy = std::make_unique<ChunkState>(*newest);
    copy->older = nullptr;
    copies.push_back(std::move(copy));
  }
  std::reverse(copies.begin(), copies.end());
  return copies;
}

}  // namespace

CollectionIndex::CollectionIndex(std::vector<FieldLayout> fields, std::uint64_t most_rows,
                                 std::string analyzer, std::size_t sparse_fields)
    : fields_(std::move(fields)),
      most_rows_(most_rows),
      analyzer_(std::move(analyzer)),
      sparse_fields_(sparse_fields),
      head_(fields_, analyzer_.empty() ? BlockTexts::kNone : BlockTexts::kPostings,
            sparse_fields_) {}

void CollectionIndex::Append(NewRow row) {
  const std::uint64_t terms = row.terms != nullptr && !analyzer_.empty() ? row.terms->length() : 0;
  head_.Append(std::move(row));
  live_terms_ += terms;
}

std::optional<CollectionIndex::SegmentPlace> CollectionIndex::FindInSegments(const ChunkKey& key) {
  // The newest first: what changes often is most likely there.
  for (std::size_t i = segments_.size(); i-- > 0;) {
    const Segment& segment = *segments_[i].segment;
    const auto row = segment.Find(key.document, key.chunk);
    if (row && segment.Alive(*row)) return SegmentPlace{&segments_[i], *row};
  }
  return std::nullopt;
}

bool CollectionIndex::Delete(const ChunkKey& key, CommitNumber commit) {
  if (const auto place = head_.Find(key)) {
    live_terms_ -= place->block->text_length(place->row);
    head_.Delete(*place, commit);
    return true;
  }
  const auto place = FindInSegments(key);
  if (!place) return false;
  live_terms_ -= place->entry->segment->text_length(place->row);
  place->entry->segment->Delete(place->row, commit);
  ++place->entry->dead;
  return true;
}

bool CollectionIndex::PushState(const ChunkKey& key, std::unique_ptr<ChunkState> state,
                                CommitNumber oldest_view) {
  if (const auto place = head_.Find(key)) {
    place->block->PushState(place->row, std::move(state), oldest_view);
    return true;
  }
  const auto place = FindInSegments(key);
  if (!place) return false;
  place->entry->segment->PushState(place->row, std::move(state), oldest_view);
  return true;
}

void CollectionIndex::AddSegment(std::shared_ptr<Segment> segment) {
  Entry entry{std::move(segment), 0};
  for (std::uint32_t row = 0; row < entry.segment->rows(); ++row) {
    if (entry.segment->Alive(row)) {
      live_terms_ += entry.segment->text_length(row);
    } else {
      ++entry.dead;
    }
  }
  segments_.push_back(std::move(entry));
}

void CollectionIndex::Reconcile(DocumentNumber document, std::vector<NewRow> rows, bool restate,
                                CommitNumber commit) {
  std::unordered_map<std::uint32_t, NewRow*> missing;
  for (NewRow& row : rows) missing.emplace(Raw(row.chunk), &row);
  for (Entry& entry : segments_) {
    Segment& segment = *entry.segment;
    for (const std::uint32_t row : segment.RowsOf(document)) {
      if (!segment.Alive(row)) continue;
      const auto wanted = missing.find(Raw(segment.chunk(row)));
      if (wanted == missing.end()) {
        live_terms_ -= segment.text_length(row);
        segment.Delete(row, commit);
        ++entry.dead;
        continue;
      }
      const NewRow& newest = *wanted->second;
      if (restate) {
        auto state = std::make_unique<ChunkState>();
        // Columns that were made at this commit or later have it already.
        state->commit = std::min(newest.stated, commit);
        state->document = newest.document_state;
        state->own = newest.own;
        state->own_is_complete = newest.own_is_complete;
        segment.PushState(row, std::move(state), commit);
      }
      missing.erase(wanted);
    }
  }
  for (NewRow& row : rows) {
    if (missing.contains(Raw(row.chunk))) Append(std::move(row));
  }
}

IndexView CollectionIndex::View(CommitNumber commit) const {
  IndexView view;
  view.commit = commit;
  view.text = {live_rows(), live_terms_};
  if (!analyzer_.empty()) view.clause_counts = std::make_shared<ClauseCounts>();
  for (const Entry& entry : segments_) {
    view.sets.push_back(entry.segment);
    view.sizes.push_back(entry.segment->rows());
  }
  for (const auto& block : head_.blocks()) {
    if (block->size() == 0) break;
    view.sets.push_back(block);
    view.sizes.push_back(block->size());
  }
  return view;
}

void CollectionIndex::Build::ListRows() {
  for (const std::shared_ptr<RowSet>& set : sets) {
    const std::uint32_t count = RowsIn(*set);
    for (std::uint32_t row = 0; row < count; ++row) {
      if (set->Alive(row)) rows.push_back({set, row});
    }
  }
}

MergeChoice CollectionIndex::DueMerge() const {
  std::vector<SegmentSize> sizes;
  for (const Entry& entry : segments_) sizes.push_back({entry.segment->rows(), entry.dead});
  return ChooseMerge(sizes, most_rows_);
}

std::shared_ptr<Segment> CollectionIndex::SegmentWithDueColumns() const {
  for (const Entry& entry : segments_) {
    if (entry.segment->ColumnsAreDue()) return entry.segment;
  }
  return nullptr;
}

bool CollectionIndex::BuildIsDue() const { return head_.sealed() > 0 || DueMerge().count > 0; }

std::size_t CollectionIndex::CountThatFits(std::span<const std::shared_ptr<RowSet>> sets,
                                           std::size_t first) const {
  std::uint64_t total = 0;
  std::size_t last = first;
  for (; last < sets.size(); ++last) {
    total += LiveRowsIn(*sets[last]);
    if (last > first && total > most_rows_) break;
  }
  return last - first;
}

std::optional<CollectionIndex::Build> CollectionIndex::NextBuild(CommitNumber as_of) const {
  std::vector<std::shared_ptr<RowSet>> sets;
  if (head_.sealed() > 0) {
    const auto& blocks = head_.blocks();
    sets.assign(blocks.begin(), blocks.begin() + static_cast<long>(head_.sealed()));
    sets.resize(CountThatFits(sets, 0));
  } else {
    const MergeChoice choice = DueMerge();
    if (choice.count == 0) return std::nullopt;
    for (std::size_t i = 0; i < choice.count; ++i) {
      sets.push_back(segments_[choice.first + i].segment);
    }
  }
  return Build{std::move(sets), as_of, {}};
}

std::vector<CollectionIndex::Build> CollectionIndex::BuildsOfAll(CommitNumber as_of, bool even_so) {
  head_.Seal();
  std::vector<std::shared_ptr<RowSet>> sets;
  for (const Entry& entry : segments_) sets.push_back(entry.segment);
  for (std::size_t b = 0; b < head_.sealed(); ++b) sets.push_back(head_.blocks()[b]);
  std::vector<Build> builds;
  for (std::size_t first = 0; first < sets.size();) {
    const std::size_t count = CountThatFits(sets, first);
    const bool one_clean = count == 1 && first < segments_.size() && segments_[first].dead == 0;
    if (!one_clean || even_so) {
      const auto begin = sets.begin() + static_cast<long>(first);
      builds.push_back({{begin, begin + static_cast<long>(count)}, as_of, {}, even_so});
    }
    first += count;
  }
  return builds;
}

void CollectionIndex::Replace(const Build& build, std::shared_ptr<Segment> segment,
                              CommitNumber oldest_view) {
  Entry added{std::move(segment), 0};
  for (std::uint32_t row = 0; row < build.rows.size(); ++row) {
    const SourceRow& source = build.rows[row];
    for (auto& state : StatesAfter(*source.set, source.row, build.as_of)) {
      added.segment->PushState(row, std::move(state), oldest_view);
    }
    if (source.set->Alive(source.row)) continue;
    added.segment->Delete(row, source.set->deleted(source.row));
    ++added.dead;
  }
  const auto is_input = [&build](const Entry& entry) {
    return std::find(build.sets.begin(), build.sets.end(), entry.segment) != build.sets.end();
  };
  const auto first = std::find_if(segments_.begin(), segments_.end(), is_input);
  const auto place = first - segments_.begin();
  std::erase_if(segments_, is_input);
  if (added.segment != nullptr) segments_.insert(segments_.begin() + place, std::move(added));
  std::size_t sealed = 0;
  while (sealed < head_.sealed() && std::find(build.sets.begin(), build.sets.end(),
                                              head_.blocks()[sealed]) != build.sets.end()) {
    ++sealed;
  }
  head_.DropSealed(sealed);
}

std::uint64_t CollectionIndex::live_rows() const {
  std::uint64_t total = head_.live_rows();
  for (const Entry& entry : segments_) total += entry.segment->rows() - entry.dead;
  return total;
}

std::uint64_t CollectionIndex::dead_rows() const {
  std::uint64_t total = head_.dead_rows();
  for (const Entry& entry : segments_) total += entry.dead;
  return total;
}

std::uint64_t CollectionIndex::unbuilt_rows() const {
  std::uint64_t total = 0;
  for (std::size_t b = 0; b < head_.sealed(); ++b) total += head_.blocks()[b]->size();
  return total;
}

std::size_t CollectionIndex::memory_bytes() const {
  std::size_t total = head_.memory_bytes();
  for (const Entry& entry : segments_) total += entry.segment->memory_bytes();
  return total;
}

}  // namespace tracevec
