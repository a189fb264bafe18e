#include "retrieval/row_selection.h"

#include <unordered_set>
#include <utility>

#include "core/return_if_error.h"
#include "retrieval/clock.h"
#include "retrieval/document_reader.h"
#include "retrieval/row_loader.h"

namespace tracevec {

void RowTexts::Attach(const BoundFilter& filter, ScanQuery* query) {
  query->scratch = &scratch_;
  if (filter.program.empty()) return;
  query->filter = &filter.program;
  query->matches = &filter.matches;
  query->load_text = &RowTexts::Load;
  query->text_context = this;
  query->text_row = &row_;
}

const std::string* RowTexts::Load(void* self) {
  RowTexts& texts = *static_cast<RowTexts*>(self);
  const RowSet& set = *texts.rows_.sets[texts.row_.set];
  // Of its own: the filter that asks looks at the query's.
  StateScratch scratch;
  const DocumentState& document =
      *set.StateAt(texts.row_.row, texts.rows_.commit, &scratch).document;
  const auto read = [&]() -> Result<std::string> {
    if (!texts.reader_ || texts.reader_->document() != document.number) {
      TRACEVEC_ASSIGN_OR_RETURN(texts.reader_,
                                VersionReader::Open(texts.store_, texts.state_.number, document));
    }
    const auto ordinal = texts.reader_->OrdinalOf(set.chunk(texts.row_.row));
    if (ordinal) return texts.reader_->ChunkText(*ordinal);
    return Status::Corruption("document '" + document.id + "': a chunk is not in its version");
  };
  Result<std::string> text = read();
  if (!text.ok()) {
    if (texts.status_.ok()) texts.status_ = text.status();
    return nullptr;
  }
  texts.text_ = *std::move(text);
  return &texts.text_;
}

namespace {

/// Asks the rows of a set that may match, in order.
class RowAsker {
 public:
  RowAsker(const Store& store, const CollectionState& state, const IndexView& rows,
           const BoundFilter& filter)
      : rows_(rows), filter_(filter), texts_(store, state, rows) {
    query_.now = Now();
    texts_.Attach(filter, &query_);
  }

  /// Null: all rows of the set may match.
  const SetMatches* MatchesOf(std::uint32_t set) const {
    if (filter_.program.empty() || !filter_.matches.sets[set].rows) return nullptr;
    return &filter_.matches.sets[set];
  }

  template <typename Take>
  void Ask(std::uint32_t set, const Take& take) {
    const auto ask = [&](std::uint32_t row) {
      if (AcceptRow(rows_, {set, row}, query_, &counts_)) take(RowRef{set, row});
    };
    if (const SetMatches* matches = MatchesOf(set)) {
      for (const std::uint32_t row : matches->rows->Rows()) ask(row);
    } else {
      for (std::uint32_t row = 0; row < rows_.sizes[set]; ++row) ask(row);
    }
  }

  const Status& status() const { return texts_.status(); }

 private:
  const IndexView& rows_;
  const BoundFilter& filter_;
  RowTexts texts_;
  ScanQuery query_;
  ScanCounts counts_;
};

}  // namespace

Result<std::vector<RowRef>> MatchingRows(const Store& store, const CollectionState& state,
                                         const IndexView& rows, const BoundFilter& filter) {
  RowAsker asker(store, state, rows, filter);
  std::vector<RowRef> matching;
  for (std::uint32_t set = 0; set < rows.sets.size(); ++set) {
    asker.Ask(set, [&](RowRef ref) { matching.push_back(ref); });
  }
  TRACEVEC_RETURN_IF_ERROR(asker.status());
  return matching;
}

Result<std::uint64_t> CountMatching(const Store& store, const CollectionState& state,
                                    const IndexView& rows, const BoundFilter& filter) {
  RowAsker asker(store, state, rows, filter);
  std::uint64_t count = 0;
  for (std::uint32_t set = 0; set < rows.sets.size(); ++set) {
    const SetMatches* matches = asker.MatchesOf(set);
    if (matches != nullptr && matches->exact && !rows.may_expire &&
        rows.sets[set]->AllVisibleAt(rows.commit)) {
      count += matches->count;
    } else {
      asker.Ask(set, [&](RowRef) { ++count; });
    }
  }
  TRACEVEC_RETURN_IF_ERROR(asker.status());
  return count;
}

namespace {

Result<std::vector<SelectedChunk>> SelectByIds(const Store& store, const CollectionState& state,
                                               const CollectionView& view,
                                               const std::vector<std::string>& ids) {
  std::vector<SelectedChunk> selected;
  std::unordered_set<std::string_view> seen;
  const Timestamp now = Now();
  for (const std::string& id : ids) {
    if (!seen.insert(id).second) continue;
    TRACEVEC_ASSIGN_OR_RETURN(const auto found, FindChunk(store, state.number, id, view.commit));
    if (!found || Expired(found->version, now)) continue;
    selected.push_back({found->document, found->version.entries[found->ordinal].chunk,
                        found->version.document_id, found->version.version,
                        static_cast<std::uint32_t>(found->version.entries.size())});
  }
  return selected;
}

}  // namespace

Result<std::vector<SelectedChunk>> SelectChunks(const Store& store, const CollectionState& state,
                                                const CollectionView& view,
                                                const Selection& selection) {
  TRACEVEC_RETURN_IF_ERROR(selection.where.status());
  if (selection.ids.has_value() == !selection.where.empty()) {
    return Status::InvalidArgument(selection.ids ? "both ids and where are given; give one"
                                                 : "neither ids nor where is given");
  }
  if (selection.ids) return SelectByIds(store, state, view, *selection.ids);
  TRACEVEC_ASSIGN_OR_RETURN(const IndexView rows,
                            RowsOf(store, state, view, RowParts::NoVectors()));
  TRACEVEC_ASSIGN_OR_RETURN(const auto filter, BindFilter(state, view, rows, selection.where));
  TRACEVEC_ASSIGN_OR_RETURN(const std::vector<RowRef> matching,
                            MatchingRows(store, state, rows, *filter));
  std::vector<SelectedChunk> selected;
  selected.reserve(matching.size());
  StateScratch scratch;
  for (const RowRef ref : matching) {
    const RowSet& set = *rows.sets[ref.set];
    const DocumentState& document = *set.StateAt(ref.row, rows.commit, &scratch).document;
    selected.push_back(
        {document.number, set.chunk(ref.row), document.id, document.version, document.chunk_count});
  }
  return selected;
}

}  // namespace tracevec
