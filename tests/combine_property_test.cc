// Passages are exact source text: no character of a document is repeated or lost, however its
// chunks lie. Over every page of cppdocs, cut in several ways, with random chunks found.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/shared_data.h"
#include "tests/stage_test.h"
#include "tests/test_documents.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

enum class Cut : std::uint8_t { kGap, kTouch, kOverlap };

/// Chunks of random sizes one behind the other, with sections, and sometimes with parents of three,
/// which do not always hold the whole of them.
void CutInto(Cut cut, std::mt19937_64& random, Document* document) {
  const std::size_t length = CountCodePoints(document->text);
  const std::size_t most = 20 + random() % 600;
  document->chunks.clear();
  for (std::size_t at = 0; at < length;) {
    const std::size_t size = 1 + random() % most;
    ChunkInput& chunk = document->chunks.emplace_back();
    chunk.span = Span{at, std::min(length, at + size)};
    chunk.section = "part " + std::to_string(at / 900);
    const std::size_t step = cut == Cut::kOverlap ? 1 + random() % size : size;
    at += cut == Cut::kGap ? step + random() % 40 : step;
  }
  if (random() % 2 == 0) return;
  const std::size_t children = document->chunks.size();
  for (std::size_t first = 0; first + 3 <= children; first += 3) {
    const Span hull = {document->chunks[first].span->start, document->chunks[first + 2].span->end};
    for (std::size_t i = first; i < first + 3; ++i) {
      document->chunks[i].parent = static_cast<std::uint32_t>(document->chunks.size());
    }
    document->chunks.emplace_back().span = hull;
  }
}

class CombinePropertyTest : public StageTest {
 protected:
  struct FoundChunk {
    Span span;
    float score = 0;
  };

  /// Finds a third of the chunks, in random order, combines them, and looks at what comes out.
  void CheckDocument(const Document& document, const CombineStage& stage, std::mt19937_64& random) {
    reader_.Clear();
    found_.clear();
    const DocumentNumber number = Add(document);
    std::vector<std::uint32_t> chunks(document.chunks.size());
    for (std::uint32_t i = 0; i < chunks.size(); ++i) chunks[i] = i;
    std::shuffle(chunks.begin(), chunks.end(), random);
    chunks.resize(std::max<std::size_t>(1, chunks.size() / 3));
    std::map<std::string, FoundChunk> found;
    for (const std::uint32_t chunk : chunks) {
      const PassageCandidate& candidate = Find(number, chunk);
      found[document.id + "#" + std::to_string(chunk)] = {*document.chunks[chunk].span,
                                                          candidate.score};
    }
    Run({stage});
    CheckTexts(document, found);
    CheckCitations(found);
  }

  /// Each passage is its span's text; spans do not meet, and cover all that was found.
  void CheckTexts(const Document& document, const std::map<std::string, FoundChunk>& found) {
    CodePointIndex index(document.text);
    std::vector<Span> spans;
    for (const Passage& passage : passages_) {
      ASSERT_TRUE(passage.span.has_value());
      const std::size_t start = index.ToByte(passage.span->start);
      ASSERT_EQ(passage.text, document.text.substr(start, index.ToByte(passage.span->end) - start));
      spans.push_back(*passage.span);
    }
    std::sort(spans.begin(), spans.end(),
              [](const Span& a, const Span& b) { return a.start < b.start; });
    for (std::size_t i = 1; i < spans.size(); ++i) {
      ASSERT_GE(spans[i].start, spans[i - 1].end) << "repeated text";
    }
    for (const auto& [id, chunk] : found) {
      std::uint64_t at = chunk.span.start;
      for (const Span& span : spans) {
        if (span.start <= at && at < span.end) at = span.end;
      }
      ASSERT_GE(at, chunk.span.end) << "lost text of " << id;
    }
  }

  /// Each chunk that was found is cited once, as a match, with its score.
  void CheckCitations(const std::map<std::string, FoundChunk>& found) {
    std::set<std::string> matches;
    for (const Passage& passage : passages_) {
      std::set<std::string> cited;
      for (const Citation& citation : passage.citations) {
        ASSERT_TRUE(cited.insert(citation.chunk).second) << citation.chunk << " is cited twice";
        if (citation.role != CitationRole::kMatch) continue;
        ASSERT_TRUE(matches.insert(citation.chunk).second) << citation.chunk;
        ASSERT_EQ(citation.scores.size(), 1U);
        ASSERT_EQ(citation.scores[0].score, found.at(citation.chunk).score);
      }
    }
    ASSERT_EQ(matches.size(), found.size());
  }
};

TEST_F(CombinePropertyTest, NoCharacterIsRepeatedOrLost) {
  const auto path = SharedDataPath("cppdocs/documents.jsonl.gz");
  if (!path) GTEST_SKIP() << MissingSharedData("cppdocs");
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  context_.report_dropped = false;
  JsonlGzReader rows(*path);
  std::size_t pages = 0;
  while (const auto row = rows.Next()) {
    Document document;
    document.id = row->at("id");
    document.text = row->at("text");
    if (document.text.empty()) continue;
    ++pages;
    for (const Cut cut : {Cut::kGap, Cut::kTouch, Cut::kOverlap}) {
      CutInto(cut, random, &document);
      for (const CombineMethod method : {CombineMethod::kNeighbors, CombineMethod::kOverlap,
                                         CombineMethod::kSection, CombineMethod::kParent}) {
        CombineStage stage;
        stage.method = method;
        stage.window = static_cast<std::uint32_t>(random() % 4);
        stage.share = 0.1 + 0.1 * static_cast<double>(random() % 9);
        stage.max_chars =
            random() % 2 == 0 ? 16'384 : 1 + static_cast<std::uint32_t>(random() % 1'000);
        CheckDocument(document, stage, random);
        ASSERT_FALSE(HasFatalFailure())
            << document.id << ", cut " << static_cast<int>(cut) << ", method "
            << static_cast<int>(method) << ", max_chars " << stage.max_chars;
      }
    }
  }
  EXPECT_GT(pages, 4'000U);
}

}  // namespace
}  // namespace tracevec
