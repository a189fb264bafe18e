#include "core/text_query.h"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "core/utf8.h"

namespace tracevec {
namespace {

bool IsQuerySpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

/// A piece of the query as it was written.
struct WrittenClause {
  std::string_view text;
  bool quoted = false;
  bool prefix = false;
  bool required = false;
  bool excluded = false;
};

/// Cuts a query at spaces and quotes.
class ClauseReader {
 public:
  explicit ClauseReader(std::string_view text) : text_(text) {}

  bool Next(WrittenClause* clause) {
    while (at_ < text_.size() && IsQuerySpace(text_[at_])) ++at_;
    if (at_ == text_.size()) return false;
    *clause = {};
    ReadSign(clause);
    const std::size_t end = text_[at_] == '"' ? text_.find('"', at_ + 1) : std::string_view::npos;
    if (end != std::string_view::npos) {
      clause->quoted = true;
      clause->text = text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
      return true;
    }
    ReadWord(clause);
    return true;
  }

 private:
  /// A sign counts at the start of a word or a phrase only: "C++ - a language" has none.
  void ReadSign(WrittenClause* clause) {
    const char sign = text_[at_];
    if (sign != '+' && sign != '-') return;
    const bool stands_alone = at_ + 1 == text_.size() || IsQuerySpace(text_[at_ + 1]);
    if (stands_alone) return;
    clause->required = sign == '+';
    clause->excluded = sign == '-';
    ++at_;
  }

  /// Up to a space, or to a quote that is closed further on. A quote that is never closed is like
  /// any other sign: 5" disk.
  void ReadWord(WrittenClause* clause) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && !IsQuerySpace(text_[end]) && text_[end] != '"') ++end;
    clause->text = text_.substr(at_, end - at_);
    at_ = end;
    if (clause->text.size() > 1 && clause->text.back() == '*') {
      clause->prefix = true;
      clause->text.remove_suffix(1);
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class QueryBuilder {
 public:
  explicit QueryBuilder(const Analyzer& analyzer) : analyzer_(analyzer) {}

  void Add(const WrittenClause& written) {
    if (written.prefix) return AddPrefix(written);
    analyzer_.Analyze(written.text, &terms_);
    const bool as_phrase = written.quoted || written.required || written.excluded;
    if (as_phrase && terms_.terms.size() > 1) return AddPhrase(written);
    for (std::size_t i = 0; i < terms_.terms.size(); ++i) AddTerm(written, terms_.term(i));
  }

  std::vector<TextClause> Take() { return std::move(clauses_); }

 private:
  void AddTerm(const WrittenClause& written, std::string_view term) {
    AddClause(written, TextClause::Kind::kTerm, {std::string(term)}, {});
  }

  void AddPhrase(const WrittenClause& written) {
    std::vector<std::string> terms;
    std::vector<std::uint32_t> offsets;
    for (std::size_t i = 0; i < terms_.terms.size(); ++i) {
      terms.emplace_back(terms_.term(i));
      offsets.push_back(terms_.terms[i].position - terms_.terms[0].position);
    }
    AddClause(written, TextClause::Kind::kPhrase, std::move(terms), std::move(offsets));
  }

  /// Words before the last ("std::vec*") are words.
  void AddPrefix(const WrittenClause& written) {
    std::size_t begin = 0;
    std::string prefix = analyzer_.Prefix(written.text, &begin);
    if (prefix.empty()) return;
    analyzer_.Analyze(written.text.substr(0, begin), &terms_);
    for (std::size_t i = 0; i < terms_.terms.size(); ++i) AddTerm(written, terms_.term(i));
    AddClause(written, TextClause::Kind::kPrefix, {std::move(prefix)}, {});
  }

  void AddClause(const WrittenClause& written, TextClause::Kind kind,
                 std::vector<std::string> terms, std::vector<std::uint32_t> offsets) {
    TextClause clause{kind, std::move(terms), std::move(offsets),
                      1,    written.required, written.excluded};
    const auto [first, last] = by_term_.equal_range(clause.terms.front());
    for (auto it = first; it != last; ++it) {
      TextClause& known = clauses_[it->second];
      clause.times = known.times;
      if (clause == known) {
        ++known.times;
        return;
      }
    }
    clause.times = 1;
    by_term_.emplace(clause.terms.front(), clauses_.size());
    clauses_.push_back(std::move(clause));
  }

  const Analyzer& analyzer_;
  TermList terms_;
  std::vector<TextClause> clauses_;
  std::unordered_multimap<std::string, std::size_t> by_term_;
};

}  // namespace

Result<TextQuery> TextQuery::Parse(std::string_view text, const Analyzer& analyzer) {
  if (text.size() > kMostBytes) {
    return Status::InvalidArgument(
        fmt::format("text: {} bytes, at most {} are searched for", text.size(), kMostBytes));
  }
  TRACEVEC_RETURN_IF_ERROR(CheckUtf8(text, "text"));
  if (std::all_of(text.begin(), text.end(), IsQuerySpace)) {
    return Status::InvalidArgument("text is empty");
  }
  QueryBuilder builder(analyzer);
  ClauseReader reader(text);
  for (WrittenClause clause; reader.Next(&clause);) builder.Add(clause);
  TextQuery query{builder.Take()};
  const auto excludes = [](const TextClause& clause) { return clause.excluded; };
  if (!query.clauses.empty() && std::all_of(query.clauses.begin(), query.clauses.end(), excludes)) {
    return Status::InvalidArgument(
        "text only excludes; it needs a word to search for besides those with '-'");
  }
  return query;
}

}  // namespace tracevec
