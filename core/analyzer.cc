#include "core/analyzer.h"

#include <utf8proc.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/content_hash.h"
#include "core/nearest_name.h"
#include "core/stemmer.h"
#include "core/word_folding.h"
#include "core/word_reader.h"

namespace tracevec {
namespace {

constexpr std::string_view kSimple = "simple";
/// To be raised when the same text and name give other terms than before: indexes that were made
/// with the former rules are then made again.
constexpr int kRules = 1;

std::size_t EndOfCodePoint(std::string_view text, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return end;
}

/// Calls take(pair) for each two neighbours of a run, or for the only one.
template <typename Take>
void ForPairs(std::string_view run, const Take& take) {
  std::size_t first = 0;
  std::size_t second = EndOfCodePoint(run, 0);
  if (second == run.size()) take(run);
  while (second < run.size()) {
    const std::size_t end = EndOfCodePoint(run, second);
    take(run.substr(first, end - first));
    first = second;
    second = end;
  }
}

}  // namespace

std::vector<std::string> Analyzer::Names() {
  std::vector<std::string> names = StemmerLanguages();
  names.emplace_back(kSimple);
  return names;
}

Result<std::shared_ptr<const Analyzer>> Analyzer::Make(const TextField& field) {
  const std::vector<std::string> names = Names();
  if (std::find(names.begin(), names.end(), field.analyzer) == names.end()) {
    return Status::InvalidArgument(fmt::format("this build has no analyzer '{}'{}", field.analyzer,
                                               DidYouMean(field.analyzer, names)));
  }
  std::shared_ptr<Analyzer> analyzer(new Analyzer());
  if (field.analyzer != kSimple) analyzer->language_ = field.analyzer;
  ByteHasher hasher;
  for (const std::string& word : field.stop_words) {
    std::string folded;
    FoldWord(word, &folded);
    hasher.Add(folded);
    hasher.Add("\n");
    analyzer->stop_words_.insert(std::move(folded));
  }
  analyzer->identity_ = fmt::format("{} rules {} stop {} unicode {}", field.analyzer, kRules,
                                    ToHex(hasher.Finish()), utf8proc_unicode_version());
  return std::shared_ptr<const Analyzer>(std::move(analyzer));
}

bool Analyzer::IsStopWord(const std::string& folded) const {
  return !stop_words_.empty() && stop_words_.contains(folded);
}

void Analyzer::AddWord(std::string* folded, std::uint32_t position, TermList* terms) const {
  if (IsStopWord(*folded)) return;
  if (!language_.empty()) StemWord(language_, folded);
  StripMarks(folded);
  terms->Add(CutWord(*folded, kLongestTerm), position);
}

void Analyzer::Analyze(std::string_view text, TermList* terms) const {
  terms->Clear();
  WordReader words(text);
  std::string folded;
  std::uint32_t position = 0;
  for (Word word; position < kMostTerms && words.Next(&word);) {
    if (!word.ideographs) {
      FoldWord(CutWord(word.bytes, 4 * kLongestTerm), &folded);
      AddWord(&folded, position++, terms);
      continue;
    }
    FoldWord(word.bytes, &folded);
    ForPairs(folded, [&](std::string_view pair) {
      if (position < kMostTerms) terms->Add(CutWord(pair, kLongestTerm), position++);
    });
  }
}

std::string Analyzer::Prefix(std::string_view text, std::size_t* begin) const {
  WordReader words(text);
  Word last{text.substr(0, 0)};
  while (words.Next(&last)) {}
  *begin = static_cast<std::size_t>(last.bytes.data() - text.data());
  if (last.bytes.empty()) return {};
  std::string folded;
  FoldWord(CutWord(last.bytes, kLongestTerm), &folded);
  StripMarks(&folded);
  return folded;
}

const std::vector<std::string>& EnglishStopWords() {
  static const std::vector<std::string> words = {
      "a",   "an",    "and",  "are",   "as",    "at",   "be",   "but", "by",  "for",  "if",
      "in",  "into",  "is",   "it",    "no",    "not",  "of",   "on",  "or",  "such", "that",
      "the", "their", "then", "there", "these", "they", "this", "to",  "was", "will", "with"};
  return words;
}

}  // namespace tracevec
