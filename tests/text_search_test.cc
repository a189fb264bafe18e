// Postings and searches of them: what is built, merged and read again is what the texts say; the
// best rows are those of scoring every text; no damaged image leads a search out of it.

#include "index/text_search.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "index/memory_image.h"
#include "index/postings_builder.h"
#include "index/postings_check.h"
#include "index/segment.h"
#include "index/segment_builder.h"
#include "tests/damaged_image.h"
#include "tests/index_rows.h"
#include "tests/test_seed.h"
#include "tests/text_oracle.h"

namespace tracevec {
namespace {

const TextField kText{"simple"};

/// Words of a few letters, small numbers far more frequent.
std::string RandomWords(std::mt19937_64& random, std::size_t most) {
  std::string text;
  for (std::size_t words = random() % (most + 1); words > 0; --words) {
    const double share = static_cast<double>(random() % 10'000) / 10'000;
    text += "w" + std::to_string(static_cast<int>(2000 * share * share * share * share)) + " ";
  }
  return text;
}

class TextSearchTest : public ::testing::Test {
 protected:
  std::shared_ptr<RowBlock> MakeBlock(std::uint32_t capacity, std::uint32_t rows,
                                      std::size_t words) {
    auto block =
        std::make_shared<RowBlock>(capacity, std::vector<FieldLayout>(), BlockTexts::kPostings);
    for (std::uint32_t i = 0; i < rows; ++i) {
      NewRow row = IndexRow(next_document_++, 0, 1, {});
      const std::string text = RandomWords(random_, words);
      oracle_.Put(row.id, text);
      if (!text.empty()) row.terms = RowTerms::Make(oracle_.analyzer(), text);
      block->Append(std::move(row));
    }
    return block;
  }

  std::shared_ptr<MemoryImage> BuildImage(const std::vector<std::shared_ptr<RowSet>>& sets,
                                          const std::vector<std::uint32_t>& sizes) {
    std::vector<SourceRow> rows;
    for (std::size_t s = 0; s < sets.size(); ++s) {
      for (std::uint32_t row = 0; row < sizes[s]; ++row) {
        if (sets[s]->Alive(row)) rows.push_back({sets[s], row});
      }
    }
    SegmentBuilder builder({}, rows, CommitNumber{50}, *RunnableKernels().front());
    SegmentBuildOptions options;
    options.analyzer = oracle_.analyzer().identity();
    builder.Build(options);
    auto image = std::make_shared<MemoryImage>();
    EXPECT_TRUE(builder.Write(CollectionNumber{7}, image.get()).ok());
    return image;
  }

  std::shared_ptr<Segment> OpenImage(std::shared_ptr<const ImageBytes> image) {
    auto segment = Segment::Open(std::move(image), {}, CollectionNumber{7}, true,
                                 oracle_.analyzer().identity());
    EXPECT_TRUE(segment.ok()) << segment.status().ToString();
    return segment.ok() ? *segment : nullptr;
  }

  void Kill(RowSet& set, std::uint32_t row) {
    oracle_.Delete(std::string(set.id(row)));
    set.Delete(row, CommitNumber{40});
  }

  /// The view of everything live, with its totals.
  IndexView View(const std::vector<std::pair<std::shared_ptr<RowSet>, std::uint32_t>>& sets) {
    IndexView view;
    view.commit = CommitNumber{50};
    view.may_expire = false;
    for (const auto& [set, size] : sets) {
      view.sets.push_back(set);
      view.sizes.push_back(size);
      for (std::uint32_t row = 0; row < size; ++row) {
        if (!set->Alive(row)) continue;
        view.text.rows += 1;
        view.text.terms += set->text_length(row);
      }
    }
    return view;
  }

  void ExpectLikeOracle(const IndexView& view, const std::string& text, std::uint32_t k) {
    const auto query = TextQuery::Parse(text, oracle_.analyzer());
    ASSERT_TRUE(query.ok()) << query.status().ToString();
    const std::vector<OracleHit> expected = oracle_.Search(text, k);
    for (const bool exact : {false, true}) {
      StateScratch scratch;
      ScanQuery scan;
      scan.k = k;
      scan.scratch = &scratch;
      ScanCounts counts;
      TextCounts scored;
      const TextSearch search{&*query, kText.k1, kText.b, exact};
      const auto best = SearchText(view, search, scan, &counts, &scored);
      ASSERT_EQ(best.size(), expected.size()) << text;
      for (std::size_t i = 0; i < best.size(); ++i) {
        ASSERT_EQ(view.sets[best[i].ref.set]->id(best[i].ref.row), expected[i].id)
            << text << ", place " << i;
        ASSERT_EQ(best[i].score, expected[i].score) << text << ", place " << i;
      }
      (exact ? scored_exactly_ : scored_) += scored.rows_scored;
    }
  }

  const std::uint64_t seed_ = TestSeed();
  ::testing::ScopedTrace trace_{__FILE__, __LINE__, SeedMessage(seed_)};
  std::mt19937_64 random_{seed_};
  std::uint64_t next_document_ = 1;
  TextOracle oracle_{kText};
  std::uint64_t scored_ = 0;
  std::uint64_t scored_exactly_ = 0;
};

TEST_F(TextSearchTest, PostingsSayWhereEachTermStands) {
  const auto block = MakeBlock(500, 500, 80);
  const auto segment = OpenImage(BuildImage({block}, {500}));
  ASSERT_NE(segment, nullptr);
  std::map<std::string, std::map<std::uint32_t, std::vector<std::uint32_t>>> expected;
  for (std::uint32_t row = 0; row < 500; ++row) {
    const RowTerms* terms = block->row_terms(row);
    ASSERT_EQ(segment->text_length(row), terms != nullptr ? terms->length() : 0);
    for (std::size_t i = 0; terms != nullptr && i < terms->size(); ++i) {
      const auto positions = terms->positions(i);
      expected[std::string(terms->term(i))][row].assign(positions.begin(), positions.end());
    }
  }
  for (const Postings* postings : {segment->postings(500), block->postings(500)}) {
    ASSERT_EQ(postings->terms(), expected.size());
    std::size_t place = 0;
    for (const auto& [term, rows] : expected) {
      ASSERT_EQ(postings->term(place), term);
      const TermRows found = postings->RowsOf(place++);
      ASSERT_EQ(found.count, rows.size());
      auto next = rows.begin();
      for (const PostingsBlock& block_of : found.blocks) {
        PositionReader reader(postings->positions, block_of.positions);
        for (std::uint32_t i = 0; i < block_of.count; ++i, ++next) {
          ASSERT_EQ(block_of.first_row + found.rows[block_of.begin + i], next->first);
          ASSERT_EQ(found.times[block_of.begin + i], next->second.size());
          std::uint32_t position = 0;
          for (const std::uint32_t wanted : next->second) {
            ASSERT_EQ(position += reader.Next(), wanted);
          }
        }
      }
    }
  }
}

TEST_F(TextSearchTest, MergesDropDeadRowsAndTermsOnlyTheyHave) {
  const auto first = MakeBlock(400, 400, 40);
  const auto second = MakeBlock(300, 300, 40);
  NewRow row = IndexRow(next_document_++, 0, 1, {});
  row.terms = RowTerms::Make(oracle_.analyzer(), "onlyhere w1");
  const auto third =
      std::make_shared<RowBlock>(8, std::vector<FieldLayout>(), BlockTexts::kPostings);
  third->Append(std::move(row));
  const auto a = OpenImage(BuildImage({first, third}, {400, 1}));
  const auto b = OpenImage(BuildImage({second}, {300}));
  ASSERT_TRUE(a->postings(401)->Find("onlyhere"));
  a->Delete(400, CommitNumber{40});
  for (std::uint32_t i = 0; i < 400; i += 3) Kill(*a, i);
  const auto merged = OpenImage(BuildImage({a, b}, {401, 300}));
  ASSERT_FALSE(merged->postings(0)->Find("onlyhere"));
  const IndexView view = View({{merged, merged->rows()}});
  for (std::size_t i = 0; i < TestIterations(30); ++i) {
    ExpectLikeOracle(view, "w0 " + RandomWords(random_, 6), 10);
    ExpectLikeOracle(view, "\"w1 w2\" w7*", 20);
  }
}

TEST_F(TextSearchTest, TheBestAreThoseOfScoringEverything) {
  const auto large = MakeBlock(9000, 9000, 60);
  const auto small = MakeBlock(700, 700, 30);
  const auto head = MakeBlock(900, 500, 30);
  const auto segment = OpenImage(BuildImage({large}, {9000}));
  for (std::uint32_t i = 0; i < 9000; i += 11) Kill(*segment, i);
  for (std::uint32_t i = 0; i < 500; i += 7) Kill(*head, i);
  const IndexView view = View({{segment, 9000}, {small, 700}, {head, 500}});
  for (std::size_t i = 0; i < TestIterations(12); ++i) {
    const auto k = static_cast<std::uint32_t>(1 + random_() % 100);
    ExpectLikeOracle(view, "w0 " + RandomWords(random_, 12), k);
    ExpectLikeOracle(view, "w1 w1500 w1300 w1700", 10);
    ExpectLikeOracle(view, "+w3 w900 w1 -w2 w5", k);
    ExpectLikeOracle(view, "\"w0 w1\" w400*", k);
  }
  EXPECT_LT(scored_, scored_exactly_);
}

TEST_F(TextSearchTest, RowsFarApartTakeBlocksOfTheirOwn) {
  const std::uint32_t rows = 200'000;
  std::vector<std::uint32_t> lengths(rows, 1);
  PostingsData data(lengths);
  data.BeginTerm("far");
  std::vector<std::uint32_t> expected;
  for (std::uint32_t row = 5; row < rows; row += 40'000) {
    data.AddRow(row, 1);
    data.AddPositionStep(0);
    expected.push_back(row);
  }
  data.BeginTerm("near");
  for (std::uint32_t row = 0; row < rows; ++row) {
    data.AddRow(row, 2);
    data.AddPositionStep(200);
    data.AddPositionStep(70'000);
  }
  ASSERT_TRUE(CheckPostings(data.view()).ok());
  std::vector<std::uint32_t> found;
  data.view().RowsOf(0).ForEach([&](std::uint32_t row, std::uint32_t) { found.push_back(row); });
  EXPECT_EQ(found, expected);
  EXPECT_EQ(data.view().RowsOf(1).count, rows);
}

TEST_F(TextSearchTest, AnImageOfAnotherAnalyzerIsRefused) {
  const auto block = MakeBlock(20, 20, 10);
  const auto image = BuildImage({block}, {20});
  const auto other = Segment::Open(image, {}, CollectionNumber{7}, true, "other");
  EXPECT_EQ(other.status().code(), StatusCode::kCorruption);
  EXPECT_NE(other.status().message().find("expected 'other'"), std::string::npos);
  EXPECT_TRUE(Segment::Open(image, {}, CollectionNumber{7}, true).ok());
}

TEST_F(TextSearchTest, NoDamagedImageLeadsASearchOutOfIt) {
  const auto block = MakeBlock(600, 600, 30);
  const auto image = BuildImage({block}, {600});
  const std::vector<SectionKind> sections = {
      SectionKind::kTextLengths, SectionKind::kTermOffsets,  SectionKind::kTerms,
      SectionKind::kTermBlocks,  SectionKind::kTextBlocks,   SectionKind::kTextRows,
      SectionKind::kTextTimes,   SectionKind::kTextPositions};
  const auto query = TextQuery::Parse("w0 w1 \"w0 w1\" w2* +w0", oracle_.analyzer());
  std::size_t opened = 0;
  for (std::size_t round = 0; round < TestIterations(400); ++round) {
    auto damaged = std::make_shared<DamagedImage>(image->bytes());
    const auto section = damaged->Section(sections[random_() % sections.size()]);
    ASSERT_FALSE(section.empty());
    for (int change = 0; change < 3; ++change) {
      section[random_() % section.size()] = static_cast<std::uint8_t>(random_());
    }
    const auto segment =
        Segment::Open(damaged, {}, CollectionNumber{7}, false, oracle_.analyzer().identity());
    if (!segment.ok()) continue;
    ++opened;
    StateScratch scratch;
    ScanQuery scan;
    scan.scratch = &scratch;
    ScanCounts counts;
    TextCounts scored;
    const TextSearch search{&*query, kText.k1, kText.b, false};
    EXPECT_LE(SearchText(View({{*segment, 600}}), search, scan, &counts, &scored).size(), 10u);
    BuildImage({*segment}, {600});
  }
  EXPECT_GT(opened, 0u);
}

}  // namespace
}  // namespace tracevec
