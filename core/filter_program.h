#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "tracevec/filter.h"
#include "tracevec/schema.h"
#include "tracevec/value.h"

namespace tracevec {

/// Truth with a third value: unknown comes from asking for the order or the pattern of what is
/// missing, null or of another kind (docs/filters.md). A filter accepts a chunk only when it is
/// kTrue.
enum class Truth : std::uint8_t { kFalse = 0, kTrue = 1, kUnknown = 2 };

/// What a filter can ask of a chunk. Views must outlive the evaluation.
struct FilterSubject {
  std::string_view id;
  std::string_view document;
  std::int64_t version = 0;
  /// The chunk's fields, may be null. A null *value* is a null, and hides the document's.
  const Metadata* own = nullptr;
  /// The document's fields, may be null; seen where `own` has no such name.
  const Metadata* inherited = nullptr;
  /// Loads the chunk's text when `text` is asked for; may be null (then text is missing).
  const std::string* (*load_text)(void* context) = nullptr;
  void* text_context = nullptr;
};

/// A filter bound to a schema: names resolved, literals converted to the declared types, IN lists
/// sorted. Immutable; safe for concurrent use.
class FilterProgram {
 public:
  /// Errors: the filter's own status; InvalidArgument for a literal that cannot be of a declared
  /// field's type (field, expected, given), and for a field that is neither declared nor known:
  /// `known_fields` are the names undeclared metadata is known to use (may be null: then any
  /// undeclared name is accepted); the message has the nearest name.
  static Result<FilterProgram> Compile(const Filter& filter, const CollectionSchema& schema,
                                       const std::vector<std::string>* known_fields = nullptr);

  /// An empty filter accepts everything.
  bool empty() const { return root_ == nullptr; }
  Truth Evaluate(const FilterSubject& subject) const;
  bool Accepts(const FilterSubject& subject) const {
    return root_ == nullptr || Evaluate(subject) == Truth::kTrue;
  }
  /// True when `text` occurs, so that a caller can prepare to load it.
  bool needs_text() const { return needs_text_; }

  struct Node;
  /// Null when empty.
  const Node* root() const { return root_.get(); }

 private:
  std::shared_ptr<const Node> root_;
  bool needs_text_ = false;
};

}  // namespace tracevec
