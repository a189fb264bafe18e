#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/filter_program.h"
#include "index/filter_matches.h"
#include "tracevec/filter.h"
#include "tracevec/status.h"

namespace tracevec {

struct CollectionState;
struct CollectionView;

/// A filter bound to a collection and a view. Immutable; safe for concurrent use.
struct BoundFilter {
  std::string text;  ///< As printed back; "" when there is no filter.
  FilterProgram program;
  FilterMatches matches;  ///< Of each set of the view.
};

/// The filters last used on a view, and what matches them, as much as has room. Safe for concurrent
/// use.
class FilterCache {
 public:
  /// A filter over 2,000,000 rows takes at most some 600 KB.
  static constexpr std::size_t kMostBytes = std::size_t{16} << 20;
  static constexpr std::size_t kMostFilters = 64;

  /// Null when it is not there.
  std::shared_ptr<const BoundFilter> Find(std::string_view text);
  /// Drops those not used for longest where there is no room. One that is there already stays.
  void Add(std::shared_ptr<const BoundFilter> filter);

 private:
  using Entry = std::pair<std::shared_ptr<const BoundFilter>, std::size_t>;  // With its bytes.

  std::mutex mutex_;
  std::vector<Entry> entries_;  // The one last used comes last.
  std::size_t bytes_ = 0;
};

/// What is to be known of a filter's matches.
enum class FilterUse : std::uint8_t {
  kMatch,     ///< Which they are.
  kMatchNow,  ///< The same, but from what is there: a query with a deadline makes no columns.
  kEstimate,  ///< How many there may be.
};

/// Binds a filter, which may be empty, and finds its matches in `rows`, the rows of the view. Those
/// of a collection with an index are kept with the view. Errors: the filter's, see
/// FilterProgram::Compile.
Result<std::shared_ptr<const BoundFilter>> BindFilter(const CollectionState& state,
                                                      const CollectionView& view,
                                                      const IndexView& rows, const Filter& where,
                                                      FilterUse use = FilterUse::kMatch);

}  // namespace tracevec
