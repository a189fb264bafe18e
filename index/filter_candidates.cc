#include "index/filter_candidates.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace tracevec {
namespace {

using Kind = FilterExpression::Kind;
using Node = FilterProgram::Node;

/// A filter is evaluated with two truths only: what is asked of each node is where it is true, or
/// where it is false, and NOT changes one for the other. So unknown needs no bitmap.
struct Part {
  const Node* node = nullptr;
  Truth truth = Truth::kTrue;
  RowEstimate estimate;
  std::optional<ColumnSelection> selection;  ///< Of a condition that a column answers.
  std::vector<Part> children;
  bool all = false;  ///< All of the children, else any.
};

class Planner {
 public:
  Planner(const MetadataColumns& columns, const NameColumns* names)
      : columns_(columns), names_(names) {}

  Part Plan(const Node& node, Truth truth) const {
    switch (node.kind) {
      case Kind::kNot:
        return Plan(node.children[0], truth == Truth::kTrue ? Truth::kFalse : Truth::kTrue);
      case Kind::kAnd:
      case Kind::kOr: return PlanChildren(node, truth);
      default: return PlanCondition(node, truth);
    }
  }

 private:
  Part PlanCondition(const Node& node, Truth truth) const {
    Part part{&node, truth, {0, 0.5 * columns_.rows(), 1.0 * columns_.rows()}, {}, {}, false};
    const MetadataColumn* column = ColumnOf(node.field);
    const bool no_row_has_it =
        node.field.source == FilterField::Source::kMetadata && columns_.complete();
    if (column == nullptr && !no_row_has_it) return part;
    part.selection.emplace(node, truth, column, columns_.rows());
    part.estimate = part.selection->Estimate();
    return part;
  }

  /// Null: there is none.
  const MetadataColumn* ColumnOf(const FilterField& field) const {
    switch (field.source) {
      case FilterField::Source::kMetadata: return columns_.Find(field.name);
      case FilterField::Source::kId: return names_ != nullptr ? &names_->id() : nullptr;
      case FilterField::Source::kDocument: return names_ != nullptr ? &names_->document() : nullptr;
      case FilterField::Source::kVersion:
      case FilterField::Source::kText: break;
    }
    return nullptr;
  }

  /// Conditions on one column become one.
  static void MergeSelections(std::vector<Part>* parts) {
    std::vector<Part> merged;
    for (Part& part : *parts) {
      const auto into = std::find_if(merged.begin(), merged.end(), [&part](Part& other) {
        return part.selection && other.selection && other.selection->IntersectWith(*part.selection);
      });
      if (into == merged.end()) {
        merged.push_back(std::move(part));
      } else {
        into->estimate = into->selection->Estimate();
      }
    }
    *parts = std::move(merged);
  }

  Part PlanChildren(const Node& node, Truth truth) const {
    Part part;
    part.node = &node;
    part.truth = truth;
    part.all = (node.kind == Kind::kAnd) == (truth == Truth::kTrue);
    for (const Node& child : node.children) part.children.push_back(Plan(child, truth));
    if (part.all) MergeSelections(&part.children);
    // The fewest rows first: what they leave is all that the others are asked about.
    std::stable_sort(part.children.begin(), part.children.end(),
                     [&part](const Part& a, const Part& b) {
                       return part.all ? a.estimate.likely < b.estimate.likely
                                       : a.estimate.likely > b.estimate.likely;
                     });
    const double rows = columns_.rows();
    RowEstimate& total = part.estimate;
    total = part.all ? RowEstimate{rows, rows, rows} : RowEstimate{};
    for (const Part& child : part.children) {
      const RowEstimate& each = child.estimate;
      if (part.all) {
        total = {std::max(0.0, total.low + each.low - rows),
                 rows > 0 ? total.likely * each.likely / rows : 0, std::min(total.high, each.high)};
      } else {
        total = {std::max(total.low, each.low),
                 rows > 0 ? total.likely + each.likely - total.likely * each.likely / rows : 0,
                 std::min(rows, total.high + each.high)};
      }
    }
    total.likely = std::clamp(total.likely, total.low, total.high);
    return part;
  }

  const MetadataColumns& columns_;
  const NameColumns* names_;
};

/// Fewer than this part of the rows are asked one by one before a bitmap of a wide range is made.
constexpr std::uint32_t kRowsOfAsked = 16;

/// Without the estimate.
FilterCandidates Run(const Part& part, std::uint32_t rows) {
  if (part.selection) return {part.selection->Rows(), true, {}};
  if (part.children.empty()) return {RowBitmap::Below(rows), false, {}};
  FilterCandidates result = Run(part.children[0], rows);
  for (std::size_t i = 1; i < part.children.size(); ++i) {
    if (part.all && result.rows.empty()) return {{}, true, {}};
    const Part& child = part.children[i];
    if (part.all && child.selection && child.selection->CanAskRows() &&
        result.rows.count() < rows / kRowsOfAsked) {
      result.rows = child.selection->Keep(result.rows);
      continue;
    }
    FilterCandidates next = Run(child, rows);
    result.exact = result.exact && next.exact;
    if (part.all) {
      result.rows &= next.rows;
    } else {
      result.rows |= next.rows;
    }
  }
  return result;
}

bool ColumnsTellAll(const Part& part) {
  if (part.children.empty()) return part.selection.has_value();
  return std::all_of(part.children.begin(), part.children.end(), ColumnsTellAll);
}

}  // namespace

FilterCandidates FindCandidates(const FilterProgram& filter, const MetadataColumns& columns,
                                const NameColumns* names) {
  const Part plan = Planner(columns, names).Plan(*filter.root(), Truth::kTrue);
  FilterCandidates found = Run(plan, columns.rows());
  if (found.rows.empty()) found.exact = true;
  found.estimate = plan.estimate;
  return found;
}

FilterEstimate EstimateMatches(const FilterProgram& filter, const MetadataColumns& columns,
                               const NameColumns* names) {
  const Part plan = Planner(columns, names).Plan(*filter.root(), Truth::kTrue);
  return {plan.estimate, ColumnsTellAll(plan)};
}

}  // namespace tracevec
