#pragma once

#include <cstddef>
#include <string_view>

namespace tracevec {

/// A word of a text, as it stands there.
struct Word {
  std::string_view bytes;
  /// A run of Han, Hiragana, Katakana or Hangul, between whose words there are no spaces.
  bool ideographs = false;
};

/// Finds the words of a text one by one, in the manner of Unicode Standard Annex #29 (Unicode Text
/// Segmentation), from the general categories that utf8proc knows: letters, numbers, marks and
/// connectors ("push_back") stand together, an apostrophe joins letters ("don't"), a full stop or
/// a comma joins digits ("3.14"). Two things differ on purpose: a full stop or a colon between
/// letters separates, so that "vector.reserve" is found by either word; and a run of ideographs is
/// one Word, for its reader to take apart. Any bytes will do: those that are no UTF-8 separate. Not
/// thread-safe.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text) {}

  /// False at the end.
  bool Next(Word* word);

 private:
  enum class Class : unsigned char { kOther, kLetter, kDigit, kExtend, kIdeograph };
  struct At {
    Class kind = Class::kOther;
    std::size_t size = 1;
  };

  static Class ClassOf(char32_t code_point);
  At ClassAt(std::size_t byte) const;
  /// Whether what stands at `byte` joins `before` to what comes after it; its size, or 0.
  std::size_t JoinerAt(std::size_t byte, Class before) const;
  std::size_t EndOfWord(std::size_t begin, Class first, bool* has_content) const;
  std::size_t EndOfIdeographs(std::size_t begin) const;

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace tracevec
