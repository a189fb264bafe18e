#pragma once

#include <cstddef>
#include <random>
#include <string>

#include "tracevec/document.h"

namespace tracevec {

/// A number below `end`.
inline std::size_t Below(std::mt19937_64& random, std::size_t end) { return random() % end; }

/// Some of the fields that RandomFilterText asks for, with values that its conditions meet.
Metadata RandomMetadata(std::mt19937_64& random);

/// A few words; some are of several bytes a character.
std::string RandomSentence(std::mt19937_64& random);

/// A new document of a few paragraphs, cut by a built-in chunker or with given chunks.
Document RandomDocument(std::mt19937_64& random, std::string id, std::size_t most_paragraphs);

/// An edit: paragraphs change, come, go, move or repeat; or the title, the metadata, the chunker.
Document EditDocument(std::mt19937_64& random, Document document);

}  // namespace tracevec
