#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tracevec {

/// The languages that libstemmer has, by name.
const std::vector<std::string>& StemmerLanguages();

/// Replaces a folded word by its stem (Snowball, libstemmer). Keeps a stemmer, and the stems of
/// some thousand words, in each thread that calls it, since a text says most of its words again.
/// Throws std::bad_alloc. REQUIRES: the language is among StemmerLanguages().
void StemWord(const std::string& language, std::string* word);

}  // namespace tracevec
