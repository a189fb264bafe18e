#include "retrieval/combine_pieces.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "core/return_if_error.h"
#include "core/utf8.h"

namespace tracevec {
namespace {

bool IsSlice(const VersionEntry& entry) { return entry.span && !entry.text_apart; }

TextRange RangeOf(const VersionEntry& entry) { return {*entry.span, entry.bytes}; }

TextRange Hull(const TextRange& a, const TextRange& b) {
  const auto hull = [](const Span& x, const Span& y) {
    return Span{std::min(x.start, y.start), std::max(x.end, y.end)};
  };
  return {hull(a.span, b.span), hull(a.bytes, b.bytes)};
}

void Absorb(Piece&& from, Piece* piece) {
  piece->range = Hull(piece->range, from.range);
  piece->members.insert(piece->members.end(), from.members.begin(), from.members.end());
  piece->context.insert(piece->context.end(), from.context.begin(), from.context.end());
  piece->first = std::min(piece->first, from.first);
  piece->last = std::max(piece->last, from.last);
}

bool IsBlank(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
}

}  // namespace

void DocumentPieces::Add(std::size_t candidate, std::size_t ordinal,
                         const std::optional<TextRange>& range) {
  Piece& piece = (range ? pieces_ : apart_).emplace_back();
  piece.is_slice = range.has_value();
  if (range) piece.range = *range;
  piece.members.push_back(candidate);
  piece.first = piece.last = ordinal;
}

/// The chunk beside another that is a slice of the text and has the same parent.
std::optional<std::size_t> DocumentPieces::Sibling(std::size_t ordinal, int step) const {
  for (std::size_t i = ordinal; step < 0 ? i > 0 : i + 1 < entries_.size();) {
    i = step < 0 ? i - 1 : i + 1;
    if (IsSlice(entries_[i]) && entries_[i].parent == entries_[ordinal].parent) return i;
  }
  return std::nullopt;
}

/// False where there is no such chunk, or the piece would become too large.
bool DocumentPieces::GrowTo(std::optional<std::size_t> ordinal, Piece* piece) const {
  if (!ordinal) return false;
  const TextRange hull = Hull(piece->range, RangeOf(entries_[*ordinal]));
  if (!Fits(hull.span)) return false;
  piece->range = hull;
  piece->context.push_back(*ordinal);
  piece->first = std::min(piece->first, *ordinal);
  piece->last = std::max(piece->last, *ordinal);
  return true;
}

void DocumentPieces::GrowToNeighbors(Piece* piece) const {
  bool before = true;
  bool after = true;
  for (std::uint32_t i = 0; i < stage_.window && (before || after); ++i) {
    before = before && GrowTo(Sibling(piece->first, -1), piece);
    after = after && GrowTo(Sibling(piece->last, 1), piece);
  }
}

void DocumentPieces::FindParents() {
  children_.assign(entries_.size(), 0);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const std::optional<std::uint32_t>& parent = entries_[i].parent;
    if (parent && *parent < entries_.size() && *parent != i) ++children_[*parent];
  }
}

/// A section is a run of chunks in the document's list that name the same one. Chunks that are
/// others' parents, and texts given apart, do not count.
void DocumentPieces::TakeSections() {
  const auto counts = [&](std::size_t i) { return children_[i] == 0 && IsSlice(entries_[i]); };
  std::vector<Piece> taken;
  std::map<std::size_t, std::vector<Piece>> found;  // By the first chunk of the section.
  for (Piece& piece : pieces_) {
    std::size_t first = piece.first;
    if (!counts(first)) {
      taken.push_back(std::move(piece));
      continue;
    }
    while (first > 0 && entries_[first - 1].section == entries_[first].section) --first;
    found[first].push_back(std::move(piece));
  }
  for (auto& [first, pieces] : found) {
    Piece whole = pieces.front();
    for (auto each = pieces.begin() + 1; each != pieces.end(); ++each) {
      Absorb(Piece(*each), &whole);
    }
    std::size_t chunks = 0;
    for (std::size_t i = first;
         i < entries_.size() && entries_[i].section == entries_[first].section; ++i) {
      if (!counts(i)) continue;
      ++chunks;
      whole.range = Hull(whole.range, RangeOf(entries_[i]));
      whole.context.push_back(i);
    }
    const double share = static_cast<double>(pieces.size()) / static_cast<double>(chunks);
    if (share >= stage_.share && Fits(whole.range.span)) {
      taken.push_back(std::move(whole));
    } else {
      std::move(pieces.begin(), pieces.end(), std::back_inserter(taken));
    }
  }
  pieces_ = std::move(taken);
}

/// Puts a parent in the place of its children, unless it is too large. What of them stands outside
/// it comes with it.
Result<bool> DocumentPieces::TakeParent(std::size_t parent,
                                        const std::vector<std::size_t>& children) {
  const auto is_part = [&](const Piece& piece) {
    return piece.first == piece.last &&
           (piece.first == parent ||
            std::binary_search(children.begin(), children.end(), piece.first));
  };
  const VersionEntry& entry = entries_[parent];
  Piece whole;
  whole.first = whole.last = parent;
  whole.context.push_back(parent);
  whole.is_slice = IsSlice(entry);
  if (whole.is_slice) {
    whole.range = RangeOf(entry);
    for (const Piece& piece : pieces_) {
      if (is_part(piece)) whole.range = Hull(whole.range, piece.range);
    }
    if (!Fits(whole.range.span)) return false;
  } else {
    TRACEVEC_ASSIGN_OR_RETURN(whole.apart, document_.ChunkText(parent));
    if (whole.apart->empty() || CountCodePoints(*whole.apart) > stage_.max_chars) return false;
  }
  for (std::vector<Piece>* pieces : {&pieces_, &apart_}) {
    std::erase_if(*pieces, [&](const Piece& piece) {
      if (!is_part(piece)) return false;
      whole.members.insert(whole.members.end(), piece.members.begin(), piece.members.end());
      whole.context.insert(whole.context.end(), piece.context.begin(), piece.context.end());
      return true;
    });
  }
  (whole.is_slice ? pieces_ : apart_).push_back(std::move(whole));
  return true;
}

/// Level by level: a parent that took the place of its children counts as found.
Status DocumentPieces::TakeParents() {
  std::set<std::size_t> tried;
  for (bool changed = true; changed;) {
    changed = false;
    std::map<std::size_t, std::vector<std::size_t>> found;  // Parent -> children, ascending.
    for (const std::vector<Piece>* pieces : {&pieces_, &apart_}) {
      for (const Piece& piece : *pieces) {
        const std::optional<std::uint32_t>& parent = entries_[piece.first].parent;
        if (piece.first != piece.last || !parent || *parent >= entries_.size()) continue;
        if (*parent != piece.first) found[*parent].push_back(piece.first);
      }
    }
    for (auto& [parent, children] : found) {
      std::sort(children.begin(), children.end());
      children.erase(std::unique(children.begin(), children.end()), children.end());
      const double share =
          static_cast<double>(children.size()) / static_cast<double>(children_[parent]);
      if (share < stage_.share || !tried.insert(parent).second) continue;
      TRACEVEC_ASSIGN_OR_RETURN(changed, TakeParent(parent, children));
      if (changed) break;  // It took pieces away that others were found with.
    }
  }
  return Status::Ok();
}

/// Whether two pieces are joined where they stand one behind the other.
Result<bool> DocumentPieces::Touch(const Piece& before, const Piece& after) {
  if (after.range.bytes.start < before.range.bytes.end) return true;
  if (stage_.method == CombineMethod::kSection || stage_.method == CombineMethod::kParent) {
    return false;
  }
  if (after.range.bytes.start == before.range.bytes.end) return true;
  if (stage_.method == CombineMethod::kNeighbors) {
    return Sibling(before.last, 1) == after.first;
  }
  TRACEVEC_ASSIGN_OR_RETURN(const std::string_view source, document_.Source());
  const std::size_t gap = before.range.bytes.end;
  return after.range.bytes.start <= source.size() &&
         IsBlank(source.substr(gap, after.range.bytes.start - gap));
}

/// Joins what touches. What may not grow so far ends where it ended, and the next begins there.
Status DocumentPieces::Join() {
  std::sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) {
    const Span& x = a.range.bytes;
    const Span& y = b.range.bytes;
    return x.start != y.start ? x.start < y.start : x.end > y.end;
  });
  std::vector<Piece> joined;
  for (Piece& piece : pieces_) {
    if (joined.empty()) {
      joined.push_back(std::move(piece));
      continue;
    }
    Piece& before = joined.back();
    // It may begin before a piece that was cut off at the one before that.
    piece.range.bytes.start = std::max(piece.range.bytes.start, before.range.bytes.start);
    piece.range.span.start = std::max(piece.range.span.start, before.range.span.start);
    TRACEVEC_ASSIGN_OR_RETURN(const bool touch, Touch(before, piece));
    const bool inside = piece.range.bytes.end <= before.range.bytes.end;
    if (touch && (inside || Fits(Hull(before.range, piece.range).span))) {
      Absorb(std::move(piece), &before);
      continue;
    }
    piece.range.bytes.start = std::max(piece.range.bytes.start, before.range.bytes.end);
    piece.range.span.start = std::max(piece.range.span.start, before.range.span.end);
    joined.push_back(std::move(piece));
  }
  pieces_ = std::move(joined);
  return Status::Ok();
}

Result<std::vector<Piece>> DocumentPieces::Combine() {
  switch (stage_.method) {
    case CombineMethod::kNeighbors:
      for (Piece& piece : pieces_) GrowToNeighbors(&piece);
      break;
    case CombineMethod::kOverlap: break;
    case CombineMethod::kSection:
      FindParents();
      TakeSections();
      break;
    case CombineMethod::kParent:
      FindParents();
      TRACEVEC_RETURN_IF_ERROR(TakeParents());
      break;
  }
  TRACEVEC_RETURN_IF_ERROR(Join());
  std::move(apart_.begin(), apart_.end(), std::back_inserter(pieces_));
  return std::move(pieces_);
}

}  // namespace tracevec
