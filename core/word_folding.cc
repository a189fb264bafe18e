#include "core/word_folding.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace tracevec {
namespace {

bool IsAscii(std::string_view word) {
  return std::all_of(word.begin(), word.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 128; });
}

struct FreeMapped {
  void operator()(utf8proc_uint8_t* bytes) const { std::free(bytes); }
};

/// Only there is a letter without its marks the same letter to who searches: Hindi writes vowels as
/// marks, and Russian has letters that only a mark tells apart.
bool IsLatinOrGreek(std::string_view word) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(word.data());
  for (std::size_t at = 0; at < word.size();) {
    utf8proc_int32_t value = 0;
    const utf8proc_ssize_t size =
        utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(word.size() - at), &value);
    if (size <= 0) return false;
    if (value >= 0x400 && (value < 0x1E00 || value > 0x1FFF)) return false;
    at += static_cast<std::size_t>(size);
  }
  return true;
}

/// False where utf8proc refuses the word, or nothing of it is left.
bool MapWord(std::string_view word, int options, std::string* mapped) {
  utf8proc_uint8_t* bytes = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(word.data()),
                                             static_cast<utf8proc_ssize_t>(word.size()), &bytes,
                                             static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, FreeMapped> owned(bytes);
  if (size <= 0) return false;
  mapped->assign(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  return true;
}

}  // namespace

void FoldWord(std::string_view word, std::string* folded) {
  constexpr int kFold =
      UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
  if (!IsAscii(word) && MapWord(word, kFold, folded)) return;
  folded->assign(word);
  for (char& c : *folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
}

void StripMarks(std::string* word) {
  if (IsAscii(*word) || !IsLatinOrGreek(*word)) return;
  constexpr int kStrip = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK;
  std::string stripped;
  // Composed again, so that one letter has one form.
  if (!MapWord(*word, kStrip, &stripped)) return;
  if (!MapWord(stripped, UTF8PROC_STABLE | UTF8PROC_COMPOSE, word)) word->swap(stripped);
}

std::string_view CutWord(std::string_view word, std::size_t bytes) {
  if (word.size() <= bytes) return word;
  while (bytes > 0 && (static_cast<unsigned char>(word[bytes]) & 0xC0) == 0x80) --bytes;
  return word.substr(0, bytes);
}

}  // namespace tracevec
