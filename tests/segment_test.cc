// Segments: what goes in comes out, bytes are deterministic, and no damaged image leads a search
// out of it.

#include "index/segment.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "index/filter_matches.h"
#include "index/memory_image.h"
#include "index/segment_builder.h"
#include "index/segment_columns.h"
#include "tests/damaged_image.h"
#include "tests/index_rows.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

/// 60 codes leave no room in their cache line for two numbers beside them.
const std::vector<FieldLayout> kFields = {{24, Metric::kCosine}, {60, Metric::kL2}};

/// Rows of documents of three chunks each; every seventh row lacks its second vector.
std::shared_ptr<RowBlock> MakeBlock(std::uint32_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::vector<float> body = ClusteredVectors(rows, 24, random);
  const std::vector<float> title = ClusteredVectors(rows, 60, random);
  auto block = std::make_shared<RowBlock>(rows, kFields);
  for (std::uint32_t row = 0; row < rows; ++row) {
    NewRow added = IndexRow(row / 3, row % 3, 1 + row / 100,
                            {std::span(&body[row * 24], 24), std::span(&title[row * 60], 60)});
    if (row % 7 == 0) added.vectors[1] = {};
    auto document = std::make_shared<DocumentState>(*added.document_state);
    document->metadata = {{"n", static_cast<std::int64_t>(row / 3)}, {"kind", "page"}};
    if (row / 3 == 5) document->expires_at = Timestamp{123};
    added.document_state = std::move(document);
    if (row % 5 == 0) {
      added.own =
          std::make_shared<const Metadata>(Metadata{{"own", static_cast<std::int64_t>(row)}});
      added.own_is_complete = row % 10 == 0;
    }
    block->Append(std::move(added));
  }
  return block;
}

std::shared_ptr<MemoryImage> BuildImage(const std::vector<SourceRow>& rows, CommitNumber as_of,
                                        std::size_t threads = 1, CodeKind codes = CodeKind::kInt8) {
  SegmentBuilder builder(kFields, rows, as_of, *RunnableKernels().front());
  SegmentBuildOptions options;
  options.threads = threads;
  options.codes.assign(kFields.size(), codes);
  builder.Build(options);
  auto image = std::make_shared<MemoryImage>();
  EXPECT_TRUE(builder.Write(CollectionNumber{7}, image.get()).ok());
  return image;
}

std::vector<SourceRow> AllRows(const std::shared_ptr<RowBlock>& block) {
  std::vector<SourceRow> rows;
  for (std::uint32_t row = 0; row < block->size(); ++row) rows.push_back({block, row});
  return rows;
}

std::shared_ptr<Segment> Open(std::shared_ptr<const ImageBytes> image) {
  auto segment = Segment::Open(std::move(image), kFields, CollectionNumber{7}, true);
  EXPECT_TRUE(segment.ok()) << segment.status().ToString();
  return segment.ok() ? *segment : nullptr;
}

TEST(Segment, HoldsWhatItsRowsHeld) {
  const auto block = MakeBlock(700, 1);
  const auto segment = Open(BuildImage(AllRows(block), CommitNumber{50}));
  ASSERT_EQ(segment->rows(), 700u);
  EXPECT_EQ(segment->documents(), 234u);
  EXPECT_EQ(segment->as_of(), CommitNumber{50});
  StateScratch theirs;
  StateScratch ours;
  for (std::uint32_t row = 0; row < 700; ++row) {
    ASSERT_EQ(segment->id(row), block->id(row));
    ASSERT_EQ(segment->document(row), block->document(row));
    ASSERT_EQ(segment->chunk(row), block->chunk(row));
    ASSERT_EQ(segment->created(row), block->created(row));
    ASSERT_TRUE(segment->Alive(row));
    ASSERT_EQ(segment->Find(block->document(row), block->chunk(row)), row);
    const ChunkState& expected = block->StateAt(row, CommitNumber{50}, &theirs);
    const ChunkState& actual = segment->StateAt(row, CommitNumber{50}, &ours);
    ASSERT_EQ(actual.document->id, expected.document->id);
    ASSERT_EQ(actual.document->number, expected.document->number);
    ASSERT_EQ(actual.document->metadata, expected.document->metadata);
    ASSERT_EQ(actual.document->expires_at, expected.document->expires_at);
    ASSERT_EQ(actual.own_is_complete, expected.own_is_complete);
    ASSERT_EQ(actual.own == nullptr, expected.own == nullptr);
    if (actual.own != nullptr) {
      ASSERT_EQ(*actual.own, *expected.own);
    }
    for (std::size_t field = 0; field < kFields.size(); ++field) {
      ASSERT_EQ(segment->HasVector(field, row), block->HasVector(field, row));
      if (!segment->HasVector(field, row)) continue;
      const std::size_t dimension = kFields[field].dimension;
      ASSERT_EQ(std::memcmp(segment->vector(field, row), block->vector(field, row), dimension * 4),
                0);
      const CodeRows read = segment->code_rows(field, row + 1);
      const CodeRows built = block->code_rows(field, row + 1);
      ASSERT_EQ(std::memcmp(read.row(row), built.row(row), dimension), 0);
      ASSERT_EQ(read.scale(row), built.scale(row));
      ASSERT_EQ(read.squared_norm(row), built.squared_norm(row));
    }
  }
  EXPECT_FALSE(segment->Find(DocumentNumber{1000}, ChunkNumber{0}));
  EXPECT_FALSE(segment->Find(DocumentNumber{3}, ChunkNumber{3}));
}

/// How many rows a filter accepts at a view, by columns; nothing: there are none to answer from.
std::optional<std::uint64_t> CountByColumns(const std::shared_ptr<Segment>& segment,
                                            std::uint64_t view, const Filter& filter) {
  IndexView rows;
  rows.sets = {segment};
  rows.sizes = {segment->rows()};
  rows.commit = CommitNumber{view};
  const auto program = FilterProgram::Compile(filter, {}, nullptr);
  EXPECT_TRUE(program.ok());
  const FilterMatches matches = MatchFilter(rows, *program, /*declared=*/nullptr);
  if (!matches.sets[0].exact) return std::nullopt;
  return matches.sets[0].count;
}

TEST(Segment, EachViewIsAnsweredFromColumnsThatItMayUse) {
  const auto block = MakeBlock(1100, 2);
  const auto segment = Open(BuildImage(AllRows(block), CommitNumber{50}));
  const Filter marked = *Filter::Parse("mark = 1");
  EXPECT_EQ(CountByColumns(segment, 50, marked), std::nullopt) << "nobody has made columns yet";
  segment->PutColumns(segment->MakeColumns(CommitNumber{50}, {}, {}));
  const auto mark = [&](std::uint32_t row, std::uint64_t commit) {
    StateScratch scratch;
    auto state =
        std::make_unique<ChunkState>(segment->StateAt(row, CommitNumber{commit - 1}, &scratch));
    state->commit = CommitNumber{commit};
    state->own = std::make_shared<const Metadata>(Metadata{{"mark", 1}});
    segment->PushState(row, std::move(state), CommitNumber{50});
  };
  mark(7, 60);
  mark(900, 61);
  EXPECT_EQ(CountByColumns(segment, 59, marked), 0u);
  EXPECT_EQ(CountByColumns(segment, 60, marked), 1u);
  EXPECT_EQ(CountByColumns(segment, 61, marked), 2u);
  segment->PutColumns(segment->MakeColumns(CommitNumber{61}, {}, {}));
  mark(8, 62);
  for (const auto& [view, count] : {std::pair{59, 0}, {60, 1}, {61, 2}, {62, 3}}) {
    EXPECT_EQ(CountByColumns(segment, view, marked), count) << view;
  }
  EXPECT_EQ(segment->ColumnsAt(CommitNumber{61}, nullptr)->as_of, CommitNumber{61});
  EXPECT_EQ(segment->ColumnsAt(CommitNumber{60}, nullptr)->as_of, CommitNumber{50});
  segment->PutColumns(segment->MakeColumns(CommitNumber{62}, {}, {}));
  EXPECT_EQ(CountByColumns(segment, 62, marked), 3u);
  EXPECT_EQ(CountByColumns(segment, 61, marked), 2u);
  EXPECT_EQ(segment->ColumnsAt(CommitNumber{60}, nullptr), nullptr) << "two generations are kept";
}

TEST(Segment, NewerStatesAndDeletionsLieBesideTheImage) {
  const auto block = MakeBlock(1100, 2);
  const auto segment = Open(BuildImage(AllRows(block), CommitNumber{50}));
  StateScratch scratch;
  auto state = std::make_unique<ChunkState>(segment->StateAt(1050, CommitNumber{50}, &scratch));
  state->commit = CommitNumber{60};
  state->own = std::make_shared<const Metadata>(Metadata{{"new", true}});
  segment->PushState(1050, std::move(state), CommitNumber{50});
  EXPECT_EQ(segment->StateAt(1050, CommitNumber{59}, &scratch).own->count("new"), 0u);
  EXPECT_EQ(segment->StateAt(1050, CommitNumber{60}, &scratch).own->count("new"), 1u);
  EXPECT_EQ(segment->StateAt(1051, CommitNumber{60}, &scratch).own, nullptr);
  EXPECT_TRUE(segment->AllVisibleAt(CommitNumber{50}));
  EXPECT_FALSE(segment->AllVisibleAt(CommitNumber{0})) << "rows are newer";
  segment->Delete(3, CommitNumber{70});
  EXPECT_FALSE(segment->AllVisibleAt(CommitNumber{70}));
  EXPECT_TRUE(segment->VisibleAt(3, CommitNumber{69}));
  EXPECT_FALSE(segment->VisibleAt(3, CommitNumber{70}));
}

TEST(Segment, OneThreadGivesTheSameBytesEachTime) {
  const auto rows = AllRows(MakeBlock(600, 3));
  const auto a = BuildImage(rows, CommitNumber{50});
  const auto b = BuildImage(rows, CommitNumber{50});
  ASSERT_EQ(a->bytes().size(), b->bytes().size());
  EXPECT_EQ(std::memcmp(a->bytes().data(), b->bytes().data(), a->bytes().size()), 0);
}

TEST(Segment, IsSearchedLikeTheRowsItWasMadeOf) {
  const auto block = MakeBlock(3000, 4);
  const auto segment = Open(BuildImage(AllRows(block), CommitNumber{50}, 2));
  IndexView rows;
  rows.sets = {block};
  IndexView graph;
  graph.sets = {segment};
  for (IndexView* view : {&rows, &graph}) {
    view->sizes = {3000};
    view->commit = CommitNumber{50};
  }
  std::size_t equal = 0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    StateScratch scratch;
    ScanQuery query;
    query.scratch = &scratch;
    query.vector = block->vector(0, i * 29);
    query.ef = 128;
    ScanCounts counts;
    const auto expected = ScanExact(rows, query, *RunnableKernels().front(), &counts);
    const auto found = SearchCodes(graph, query, *RunnableKernels().front(), &counts);
    EXPECT_EQ(counts.graphs, 1u);
    EXPECT_LT(counts.rescored, 128u) << "it stops where nothing can change any more";
    ASSERT_EQ(found.size(), 10u);
    for (std::size_t j = 0; j < 10; ++j) equal += found[j].score == expected[j].score;
  }
  EXPECT_GE(equal, 970u);
}

TEST(Segment, WithCodesOfFourBitsFindsWhatAnExactSearchFinds) {
  const auto block = MakeBlock(3000, 14);
  const auto segment = Open(BuildImage(AllRows(block), CommitNumber{50}, 1, CodeKind::kInt4));
  EXPECT_EQ(segment->code_rows(0, 1).kind, CodeKind::kInt4);
  ASSERT_NE(segment->rotation(0), nullptr);
  IndexView rows;
  rows.sets = {block};
  IndexView graph;
  graph.sets = {segment};
  for (IndexView* view : {&rows, &graph}) {
    view->sizes = {3000};
    view->commit = CommitNumber{50};
  }
  for (std::size_t field = 0; field < kFields.size(); ++field) {
    std::size_t equal = 0;
    std::size_t queries = 0;
    for (std::uint32_t row = 1; row < 3000; row += 29) {
      if (!block->HasVector(field, row)) continue;
      ++queries;
      StateScratch scratch;
      ScanQuery query;
      query.scratch = &scratch;
      query.field = field;
      query.vector = block->vector(field, row);
      query.ef = 256;
      ScanCounts counts;
      const auto expected = ScanExact(rows, query, *RunnableKernels().front(), &counts);
      const auto found = SearchCodes(graph, query, *RunnableKernels().front(), &counts);
      EXPECT_TRUE(counts.int4);
      ASSERT_EQ(found.size(), 10u);
      for (std::size_t j = 0; j < 10; ++j) equal += found[j].score == expected[j].score;
    }
    EXPECT_GE(equal, queries * 98 / 10) << "field " << field;
  }
}

TEST(Segment, MadeOfOneWithFourBitsIsTheOneMadeOfItsRows) {
  const auto block = MakeBlock(600, 15);
  const auto int4 = Open(BuildImage(AllRows(block), CommitNumber{50}, 1, CodeKind::kInt4));
  std::vector<SourceRow> rows;
  for (std::uint32_t row = 0; row < 600; ++row) rows.push_back({int4, row});
  const auto again = Open(BuildImage(rows, CommitNumber{50}));
  ASSERT_EQ(again->rotation(0), nullptr);
  for (std::uint32_t row = 0; row < 600; ++row) {
    for (std::size_t field = 0; field < kFields.size(); ++field) {
      ASSERT_EQ(again->HasVector(field, row), block->HasVector(field, row));
      if (!again->HasVector(field, row)) continue;
      const CodeRows codes = again->code_rows(field, 600);
      const CodeRows expected = block->code_rows(field, 600);
      ASSERT_EQ(std::memcmp(codes.row(row), expected.row(row), expected.bytes), 0);
      ASSERT_EQ(codes.scale(row), expected.scale(row));
      ASSERT_EQ(codes.squared_norm(row), expected.squared_norm(row));
    }
  }
}

TEST(Segment, WhereTheNearestAreDeadTheSearchWidensUntilItFindsLivingOnes) {
  const auto block = MakeBlock(3000, 5);
  const auto segment = Open(BuildImage(AllRows(block), CommitNumber{50}, 2));
  IndexView view;
  view.sets = {segment};
  view.sizes = {3000};
  view.commit = CommitNumber{60};
  StateScratch scratch;
  ScanQuery query;
  query.scratch = &scratch;
  query.vector = block->vector(0, 0);
  query.k = 2800;
  query.ef = 3000;
  ScanCounts counts;
  const auto nearest = SearchCodes(view, query, *RunnableKernels().front(), &counts);
  ASSERT_EQ(nearest.size(), 2800u);
  for (const ScoredRow& row : nearest) segment->Delete(row.ref.row, CommitNumber{55});
  query.k = 10;
  query.ef = 10;
  const auto living = SearchCodes(view, query, *RunnableKernels().front(), &counts);
  ASSERT_EQ(living.size(), 10u);
  for (const ScoredRow& row : living) EXPECT_TRUE(segment->Alive(row.ref.row));
}

TEST(Segment, AGroupOfEqualRowsHidesNoOthers) {
  // A hundred equal rows list one another and nothing else: a search that ends among them has not
  // seen the rest.
  std::mt19937_64 random(8);
  std::vector<float> body = ClusteredVectors(1000, 24, random);
  for (std::size_t row = 1; row < 100; ++row) {
    std::copy(body.begin(), body.begin() + 24, body.begin() + static_cast<long>(row * 24));
  }
  const auto block = std::make_shared<RowBlock>(1000, kFields);
  for (std::uint32_t row = 0; row < 1000; ++row) {
    block->Append(IndexRow(row, 0, 1, {std::span(&body[row * 24], 24), {}}));
  }
  const auto segment = Open(BuildImage(AllRows(block), CommitNumber{50}, 2));
  IndexView view;
  view.sets = {segment};
  view.sizes = {1000};
  view.commit = CommitNumber{60};
  StateScratch scratch;
  ScanQuery query;
  query.scratch = &scratch;
  query.vector = block->vector(0, 0);
  query.k = 200;
  ScanCounts counts;
  EXPECT_EQ(SearchCodes(view, query, *RunnableKernels().front(), &counts).size(), 200u);
  for (std::uint32_t row = 0; row < 100; ++row) segment->Delete(row, CommitNumber{55});
  query.k = 10;
  EXPECT_EQ(SearchCodes(view, query, *RunnableKernels().front(), &counts).size(), 10u);
}

TEST(Segment, OfNoRows) {
  const auto segment = Open(BuildImage({}, CommitNumber{1}));
  EXPECT_EQ(segment->rows(), 0u);
  EXPECT_FALSE(segment->Find(DocumentNumber{0}, ChunkNumber{0}));
}

class DamagedSegment : public testing::TestWithParam<CodeKind> {};

INSTANTIATE_TEST_SUITE_P(CodeKinds, DamagedSegment,
                         testing::Values(CodeKind::kInt8, CodeKind::kInt4), [](const auto& kind) {
                           return kind.param == CodeKind::kInt8 ? "Int8" : "Int4";
                         });

TEST_P(DamagedSegment, IsNeverServedAndLeadsNoSearchAstray) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  const auto image = BuildImage(AllRows(MakeBlock(300, 6)), CommitNumber{50}, 1, GetParam());
  const std::size_t size = image->bytes().size();
  std::size_t forged = 0;
  for (std::size_t i = 0; i < TestIterations(5000); ++i) {
    const auto damaged = std::make_shared<DamagedImage>(image->bytes());
    damaged->Damage(static_cast<std::uint8_t>(random()), static_cast<std::uint32_t>(random()),
                    static_cast<std::uint32_t>(random() >> (random() % 64)));
    const auto checked = Segment::Open(damaged, kFields, CollectionNumber{7}, true);
    if (!checked.ok()) {
      EXPECT_EQ(checked.status().code(), StatusCode::kCorruption);
    } else {
      // Padding between sections has no meaning, and so no checksum: nothing else may differ.
      ASSERT_EQ(damaged->bytes().size(), size);
      const auto whole = Open(image);
      EXPECT_EQ((*checked)->image_checksum(), whole->image_checksum());
      EXPECT_EQ(UseAll(*checked), UseAll(whole));
    }
    // Without the checksums, or with false ones, it may be taken, and must be safe to use.
    const auto unchecked = Segment::Open(damaged, kFields, CollectionNumber{7}, false);
    if (unchecked.ok()) UseAll(*unchecked);
    damaged->RepairChecksums();
    const auto taken = Segment::Open(damaged, kFields, CollectionNumber{7}, true);
    if (!taken.ok()) continue;
    UseAll(*taken);
    ++forged;
  }
  EXPECT_GT(forged, TestIterations(5000) / 10) << "what the checksums do not catch was tried";
}

TEST(Segment, AnotherCollectionsFieldsAreRefused) {
  const auto image = BuildImage(AllRows(MakeBlock(100, 7)), CommitNumber{50});
  const std::vector<FieldLayout> other = {{24, Metric::kIp}, {60, Metric::kL2}};
  EXPECT_EQ(Segment::Open(image, other, CollectionNumber{7}, true).status().code(),
            StatusCode::kCorruption);
  const std::vector<FieldLayout> fewer = {{24, Metric::kCosine}};
  EXPECT_EQ(Segment::Open(image, fewer, CollectionNumber{7}, true).status().code(),
            StatusCode::kCorruption);
}

}  // namespace
}  // namespace tracevec
