#include "tests/random_documents.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "core/content_hash.h"

namespace tracevec {
namespace {

constexpr std::array<std::string_view, 12> kWords = {"store",     "index",  "chunk",  "vector",
                                                     "Überblick", "query",  "データ", "filter",
                                                     "naïve",     "commit", "reader", "draft"};
constexpr std::array<const char*, 4> kLanguages = {"en", "de", "nl", "ja"};
constexpr std::array<const char*, 3> kTags = {"draft", "news", "howto"};
constexpr std::string_view kBetween = "\n\n";

std::vector<std::string> Paragraphs(const std::string& text) {
  std::vector<std::string> paragraphs;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(kBetween, at), text.size());
    paragraphs.push_back(text.substr(at, end - at));
    at = end + kBetween.size();
  }
  return paragraphs;
}

std::string Joined(const std::vector<std::string>& paragraphs) {
  std::string text;
  for (const std::string& paragraph : paragraphs) {
    if (!text.empty()) text += kBetween;
    text += paragraph;
  }
  return text;
}

std::uint64_t CodePoints(std::string_view text) {
  return static_cast<std::uint64_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string RandomParagraph(std::mt19937_64& random) {
  if (Below(random, 6) == 0) return "# " + RandomSentence(random);
  std::string paragraph = RandomSentence(random);
  for (std::size_t more = Below(random, 3); more > 0; --more) {
    paragraph += " " + RandomSentence(random);
  }
  return paragraph;
}

/// One chunk a paragraph. What is said of a chunk follows from its text, mostly, so that an edit
/// leaves most chunks as they were.
std::vector<ChunkInput> ChunksOf(const Document& document, std::mt19937_64& random) {
  std::vector<ChunkInput> chunks;
  std::set<std::string> given_ids;
  std::uint64_t start = 0;
  for (const std::string& paragraph : Paragraphs(document.text)) {
    const std::uint64_t end = start + CodePoints(paragraph);
    const std::uint64_t hash = HashBytes(paragraph);
    ChunkInput chunk;
    chunk.span = {start, end};
    if (hash % 3 == 0) chunk.text = "In short: " + paragraph;
    if (hash % 7 == 0) chunk.span.reset();
    if (hash % 7 == 0 && !chunk.text) chunk.text = paragraph;
    if (hash % 5 == 0) chunk.id = document.id + "/" + ToHex(hash);
    // An id that documents take from each other.
    if (Below(random, 40) == 0) chunk.id = "shared/" + std::to_string(hash % 4);
    if (!chunk.id.empty() && !given_ids.insert(chunk.id).second) chunk.id.clear();
    if (hash % 2 == 0) chunk.section = "Section " + std::to_string(hash % 4);
    if (hash % 4 == 0) chunk.page = static_cast<std::uint32_t>(chunks.size());
    if (hash % 4 == 1 && !chunks.empty()) chunk.parent = 0;
    if (Below(random, 4) == 0) chunk.token_count = static_cast<std::uint32_t>(Below(random, 500));
    if (hash % 6 == 0) chunk.metadata = RandomMetadata(random);
    chunks.push_back(std::move(chunk));
    start = end + kBetween.size();
  }
  return chunks;
}

void EditParagraphs(std::mt19937_64& random, std::vector<std::string>* paragraphs) {
  const std::size_t at = Below(random, paragraphs->size() + 1);
  const auto place = paragraphs->begin() + static_cast<std::ptrdiff_t>(at);
  if (place == paragraphs->end()) {
    paragraphs->push_back(RandomParagraph(random));
    return;
  }
  const std::string paragraph = *place;
  switch (Below(random, 6)) {
    case 0: paragraphs->insert(place, RandomParagraph(random)); return;
    case 1: paragraphs->erase(place); return;
    case 2: paragraphs->push_back(paragraph); return;
    case 3:
      paragraphs->erase(place);
      paragraphs->insert(paragraphs->begin(), paragraph);
      return;
    default: *place = RandomParagraph(random); return;
  }
}

Chunker RandomChunker(std::mt19937_64& random) {
  constexpr std::array<const char*, 3> kStrategies = {"heading", "sentence", "fixed"};
  Chunker chunker;
  chunker.strategy = kStrategies[Below(random, 3)];
  chunker.size = static_cast<std::uint32_t>(80 + 40 * Below(random, 3));
  chunker.overlap = Below(random, 3) == 0 ? 16 : 0;
  return chunker;
}

}  // namespace

Metadata RandomMetadata(std::mt19937_64& random) {
  Metadata metadata;
  if (Below(random, 4) != 0) metadata["year"] = static_cast<int>(2000 + Below(random, 20));
  if (Below(random, 4) != 0) metadata["lang"] = kLanguages[Below(random, kLanguages.size())];
  if (Below(random, 2) == 0) metadata["score"] = static_cast<double>(Below(random, 100)) / 100;
  if (Below(random, 3) == 0) metadata["note"] = nullptr;
  if (Below(random, 3) == 0) metadata["reviewed"] = Below(random, 2) == 0;
  if (Below(random, 3) == 0) {
    metadata["author"] = Value::Map{{"name", kLanguages[Below(random, kLanguages.size())]}};
  }
  if (Below(random, 2) == 0) {
    Value::List tags;
    for (const char* tag : kTags) {
      if (Below(random, 2) == 0) tags.emplace_back(tag);
    }
    metadata["tags"] = std::move(tags);
  }
  return metadata;
}

std::string RandomSentence(std::mt19937_64& random) {
  std::string sentence;
  for (std::size_t words = 3 + Below(random, 8); words > 0; --words) {
    if (!sentence.empty()) sentence += ' ';
    sentence += kWords[Below(random, kWords.size())];
  }
  return sentence + " " + std::to_string(Below(random, 10000)) + ".";
}

Document RandomDocument(std::mt19937_64& random, std::string id, std::size_t most_paragraphs) {
  Document document;
  document.id = std::move(id);
  std::vector<std::string> paragraphs(Below(random, most_paragraphs + 1));
  for (std::string& paragraph : paragraphs) paragraph = RandomParagraph(random);
  document.text = Joined(paragraphs);
  document.title = RandomSentence(random);
  document.uri = "file:///" + document.id;
  document.parser = "markdown 1";
  document.metadata = RandomMetadata(random);
  document.chunker = RandomChunker(random);
  if (Below(random, 2) == 0) document.chunks = ChunksOf(document, random);
  if (Below(random, 25) == 0) document.expires_at = Timestamp{1'000'000};
  return document;
}

Document EditDocument(std::mt19937_64& random, Document document) {
  const bool given = !document.chunks.empty();
  document.expires_at.reset();
  const std::size_t what = Below(random, 12);
  if (what == 0) document.title = RandomSentence(random);
  if (what == 1) document.metadata = RandomMetadata(random);
  if (what == 2) document.chunker = RandomChunker(random);
  if (what == 3) document.parser += "+";
  if (what > 3) {
    std::vector<std::string> paragraphs = Paragraphs(document.text);
    for (std::size_t edits = 1 + Below(random, 3); edits > 0; --edits) {
      EditParagraphs(random, &paragraphs);
    }
    document.text = Joined(paragraphs);
  }
  if (given && what > 2) document.chunks = ChunksOf(document, random);
  if (given && what == 2) document.chunks.clear();
  return document;
}

}  // namespace tracevec
