// Blocks of rows and the head made of them: visibility, states, capacity, copies.

#include "index/row_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/vector_math.h"
#include "index/head.h"

namespace tracevec {
namespace {

std::shared_ptr<const DocumentState> MakeDocument(const std::string& id,
                                                  std::optional<Timestamp> expires_at = {}) {
  auto document = std::make_shared<DocumentState>();
  document->id = id;
  document->version = 1;
  document->expires_at = expires_at;
  return document;
}

NewRow MakeRow(std::uint64_t document, std::uint32_t chunk, std::uint64_t created,
               std::vector<std::span<const float>> vectors = {}) {
  NewRow row;
  row.document = DocumentNumber{document};
  row.chunk = ChunkNumber{chunk};
  row.created = CommitNumber{created};
  row.id = std::to_string(document) + "#" + std::to_string(chunk);
  row.vectors = std::move(vectors);
  row.document_state = MakeDocument(std::to_string(document));
  return row;
}

std::unique_ptr<ChunkState> MakeState(std::uint64_t commit,
                                      std::shared_ptr<const DocumentState> document) {
  auto state = std::make_unique<ChunkState>();
  state->commit = CommitNumber{commit};
  state->document = std::move(document);
  return state;
}

/// The commits of [1, last] whose views see the row.
std::vector<std::uint64_t> SeenAt(const RowBlock& block, std::uint32_t row, std::uint64_t last) {
  std::vector<std::uint64_t> views;
  for (std::uint64_t view = 1; view <= last; ++view) {
    if (block.VisibleAt(row, CommitNumber{view})) views.push_back(view);
  }
  return views;
}

TEST(RowBlock, CapacityIsHalfAMebibyteOfCodesButAtLeast512Rows) {
  const auto capacity = [](std::vector<FieldLayout> fields) {
    return RowBlock::CapacityFor(fields);
  };
  EXPECT_EQ(capacity({{1}}), 8192u);
  EXPECT_EQ(capacity({{64}}), 8192u);
  EXPECT_EQ(capacity({{65}}), 4096u);
  EXPECT_EQ(capacity({{384}}), 1365u);
  EXPECT_EQ(capacity({{768}}), 682u);
  EXPECT_EQ(capacity({{768}, {128}}), 585u);
  EXPECT_EQ(capacity({{65'536}}), 512u);
  EXPECT_EQ(capacity({}), 8192u);
}

TEST(RowBlock, ARowIsSeenFromItsCreationToBeforeItsDeletion) {
  RowBlock block(4, {});
  block.Append(MakeRow(1, 0, 3));
  block.Append(MakeRow(2, 0, 5));
  EXPECT_TRUE(block.Alive(0));
  block.Delete(0, CommitNumber{6});
  EXPECT_EQ(SeenAt(block, 0, 8), (std::vector<std::uint64_t>{3, 4, 5}));
  EXPECT_EQ(SeenAt(block, 1, 8), (std::vector<std::uint64_t>{5, 6, 7, 8}));
  EXPECT_FALSE(block.Alive(0));
  EXPECT_TRUE(block.Alive(1));
}

TEST(RowBlock, ARowKeepsWhatItWasGiven) {
  const std::vector<float> vector = {3, 4};
  RowBlock block(2, {{2, Metric::kL2}, {3, Metric::kIp}});
  NewRow row = MakeRow(7, 9, 1, {vector, {}});
  row.own = std::make_shared<const Metadata>(Metadata{{"a", 1}});
  row.own_is_complete = true;
  ASSERT_EQ(block.Append(row), 0u);
  EXPECT_EQ(block.size(), 1u);
  EXPECT_EQ(block.id(0), "7#9");
  EXPECT_EQ(block.document(0), DocumentNumber{7});
  EXPECT_EQ(block.chunk(0), ChunkNumber{9});
  EXPECT_TRUE(block.HasVector(0, 0));
  EXPECT_FALSE(block.HasVector(1, 0));
  EXPECT_EQ(block.vector(0, 0)[1], 4.0F);
  StateScratch scratch;
  EXPECT_EQ(block.code_rows(0, 1).squared_norm(0), 25.0F);
  EXPECT_EQ(block.code_rows(0, 1).scale(0), 4.0F / 127);
  const ChunkState& state = block.StateAt(0, CommitNumber{1}, &scratch);
  EXPECT_EQ(state.document->id, "7");
  EXPECT_EQ(*state.own, (Metadata{{"a", 1}}));
  EXPECT_TRUE(state.own_is_complete);
}

// 64 codes leave no room in their cache line, 58 have room for a scale and none for two numbers.
TEST(RowBlock, FactorsStandBesideTheCodesOrApartAndAreTheSame) {
  for (const std::uint32_t dimension : {8U, 56U, 58U, 60U, 61U, 64U, 65U}) {
    for (const Metric metric : {Metric::kL2, Metric::kIp}) {
      SCOPED_TRACE(dimension);
      const FieldLayout layout{dimension, metric};
      const std::size_t room = CodeLayout(layout).stride() - dimension;
      EXPECT_EQ(CodeLayout(layout).factors_beside_codes(),
                room >= (metric == Metric::kL2 ? 8U : 4U));
      RowBlock block(3, {layout});
      for (std::uint32_t row = 0; row < 3; ++row) {
        const std::vector<float> vector(dimension, static_cast<float>(row + 1));
        block.Append(MakeRow(row, 0, 1, {vector}));
      }
      const CodeRows codes = block.code_rows(0, 3);
      for (std::uint32_t row = 0; row < 3; ++row) {
        const auto value = static_cast<float>(row + 1);
        const float norm = value * value * static_cast<float>(dimension);
        EXPECT_EQ(codes.scale(row), value / 127);
        EXPECT_EQ(codes.squared_norm(row), metric == Metric::kL2 ? norm : 0);
        EXPECT_EQ(codes.row(row)[0], 255);
        EXPECT_EQ(codes.row(row)[dimension - 1], 255);
      }
    }
  }
}

TEST(RowBlock, CosineVectorsAreNormalisedUnlessTheyAreSaidToBe) {
  const std::vector<float> vector = {3, 4};
  RowBlock block(2, {{2, Metric::kCosine}});
  block.Append(MakeRow(1, 0, 1, {vector}));
  EXPECT_EQ(block.vector(0, 0)[0], 0.6F);
  EXPECT_EQ(block.vector(0, 0)[1], 0.8F);
  NewRow normalised = MakeRow(2, 0, 1, {std::span(block.vector(0, 0), 2)});
  normalised.normalised = true;
  block.Append(std::move(normalised));
  EXPECT_EQ(block.vector(0, 1)[0], block.vector(0, 0)[0]);
  EXPECT_EQ(block.vector(0, 1)[1], block.vector(0, 0)[1]);
}

TEST(RowBlock, CodesStartOnCacheLinesAndVectorsStandOneAfterTheOther) {
  const std::vector<float> vector(17, 1.0F);
  RowBlock block(3, {{17, Metric::kIp}});
  for (std::uint32_t row = 0; row < 3; ++row) {
    block.Append(MakeRow(row, 0, 1, {vector}));
    const std::uint8_t* codes = block.code_rows(0, 3).row(row);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(codes) % 64, 0u);
    EXPECT_TRUE(std::all_of(codes + 17, codes + 60, [](auto padding) { return padding == 0; }));
    EXPECT_EQ(block.code_rows(0, 3).scale(row), 1.0F / 127) << "in the last four bytes";
    EXPECT_EQ(block.vector(0, row), block.vector(0, 0) + row * 17);
    EXPECT_EQ(block.vector(0, row)[16], 1.0F);
  }
}

TEST(RowBlock, EachViewFindsTheStateOfItsCommit) {
  RowBlock block(1, {});
  block.Append(MakeRow(1, 0, 5));
  for (const std::uint64_t commit : {10u, 20u, 30u}) {
    block.PushState(0, MakeState(commit, MakeDocument("at " + std::to_string(commit))),
                    CommitNumber{5});
  }
  StateScratch scratch;
  const auto at = [&](std::uint64_t view) {
    return block.StateAt(0, CommitNumber{view}, &scratch).document;
  };
  EXPECT_EQ(at(5)->id, "1");
  EXPECT_EQ(at(9)->id, "1");
  EXPECT_EQ(at(10)->id, "at 10");
  EXPECT_EQ(at(29)->id, "at 20");
  EXPECT_EQ(at(30)->id, "at 30");
  EXPECT_EQ(at(Raw(kNeverDeleted))->id, "at 30");
}

TEST(RowBlock, StatesThatNoViewCanSeeAreFreed) {
  std::vector<std::weak_ptr<const DocumentState>> states;
  const auto make = [&](std::uint64_t commit) {
    auto document = MakeDocument(std::to_string(commit));
    states.emplace_back(document);
    return MakeState(commit, std::move(document));
  };
  const auto alive = [&] {
    std::vector<bool> result;
    for (const auto& state : states) result.push_back(!state.expired());
    return result;
  };
  {
    RowBlock block(1, {});
    StateScratch scratch;
    NewRow row = MakeRow(1, 0, 1);
    states.emplace_back(row.document_state);
    block.Append(std::move(row));
    block.PushState(0, make(10), CommitNumber{9});
    EXPECT_EQ(alive(), (std::vector<bool>{true, true}));
    block.PushState(0, make(20), CommitNumber{9});
    EXPECT_EQ(alive(), (std::vector<bool>{true, true, true}));
    block.PushState(0, make(30), CommitNumber{10});
    EXPECT_EQ(alive(), (std::vector<bool>{false, true, true, true}));
    EXPECT_EQ(block.StateAt(0, CommitNumber{10}, &scratch).document->id, "10");
    block.PushState(0, make(40), CommitNumber{39});
    EXPECT_EQ(alive(), (std::vector<bool>{false, false, false, true, true}));
    EXPECT_EQ(block.StateAt(0, CommitNumber{39}, &scratch).document->id, "30");
  }
  EXPECT_EQ(alive(), std::vector<bool>(5, false)) << "a block frees the states of its rows";
}

TEST(RowBlock, StatesThatReadersHavePassedAreFreedThoughTheyNeverCatchUp) {
  RowBlock block(1, {});
  block.Append(MakeRow(1, 0, 1));
  std::vector<std::weak_ptr<const DocumentState>> states;
  for (std::uint64_t commit = 2; commit < 5'000; ++commit) {
    auto document = MakeDocument(std::to_string(commit));
    states.emplace_back(document);
    const CommitNumber oldest_view{commit > 20 ? commit - 20 : 1};
    block.PushState(0, MakeState(commit, std::move(document)), oldest_view);
    const auto alive = std::count_if(states.end() - std::min<long>(200, std::ssize(states)),
                                     states.end(), [](const auto& s) { return !s.expired(); });
    ASSERT_LE(alive, 120) << "at commit " << commit;
  }
  const auto alive = std::count_if(states.begin(), states.end(),
                                   [](const auto& state) { return !state.expired(); });
  EXPECT_LE(alive, 120);
  EXPECT_GE(alive, 20);
}

/// 512 rows a block.
const std::vector<FieldLayout> kWide = {{2048, Metric::kIp}};

ChunkKey Key(std::uint64_t document, std::uint32_t chunk) {
  return {DocumentNumber{document}, ChunkNumber{chunk}};
}

TEST(Head, AppendsAcrossBlocksAndSealsTheFullOnes) {
  Head head(kWide);
  const std::vector<float> vector(2048, 1.0F);
  EXPECT_EQ(head.sealed(), 0u);
  for (std::uint32_t i = 0; i < 1100; ++i) {
    head.Append(MakeRow(i, 0, 1, {vector}));
    const auto place = head.Find(Key(i, 0));
    ASSERT_TRUE(place);
    ASSERT_EQ(place->block, head.blocks()[i / 512].get());
    ASSERT_EQ(place->row, i % 512);
  }
  EXPECT_EQ(head.sealed(), 2u);
  EXPECT_EQ(head.blocks()[2]->size(), 76u);
  head.Seal();
  EXPECT_EQ(head.sealed(), 3u);
  head.Seal();
  EXPECT_EQ(head.sealed(), 3u) << "an empty block is not sealed";
}

TEST(Head, ReserveMakesRoomThatAppendsThenUse) {
  Head head(kWide);
  const std::vector<float> vector(2048, 1.0F);
  head.Append(MakeRow(0, 0, 1, {vector}));
  head.Reserve(1500);
  EXPECT_EQ(head.blocks().size(), 3u);
  EXPECT_EQ(head.blocks()[1]->size(), 0u);
  EXPECT_GE(head.memory_bytes(), std::size_t{3} * 512 * 2048 * 5);
  for (std::uint32_t i = 1; i <= 1500; ++i) head.Append(MakeRow(i, 0, 1, {vector}));
  EXPECT_EQ(head.blocks().size(), 3u);
  EXPECT_EQ(head.live_rows(), 1501u);
}

TEST(Head, FindsLiveRowsAlone) {
  Head head({});
  for (std::uint32_t chunk = 0; chunk < 5; ++chunk) {
    head.Append(MakeRow(7, chunk, 1));
    head.Append(MakeRow(8, chunk, 1));
  }
  head.Delete(*head.Find(Key(7, 2)), CommitNumber{2});
  EXPECT_FALSE(head.Find(Key(7, 2)));
  EXPECT_TRUE(head.Find(Key(7, 3)));
  EXPECT_TRUE(head.Find(Key(8, 2)));
  EXPECT_FALSE(head.Find(Key(9, 0)));
  EXPECT_EQ(head.live_rows(), 9u);
  EXPECT_EQ(head.dead_rows(), 1u);
}

TEST(Head, DroppingSealedBlocksForgetsTheirRowsAndKeepsTheOthers) {
  Head head(kWide);
  const std::vector<float> vector(2048, 1.0F);
  for (std::uint32_t i = 0; i < 1100; ++i) head.Append(MakeRow(i, 0, 1, {vector}));
  head.Delete(*head.Find(Key(3, 0)), CommitNumber{2});
  head.Delete(*head.Find(Key(1030, 0)), CommitNumber{2});
  const std::shared_ptr<const RowBlock> kept = head.blocks()[2];
  head.DropSealed(2);
  EXPECT_EQ(head.live_rows(), 75u);
  EXPECT_EQ(head.dead_rows(), 1u);
  EXPECT_FALSE(head.Find(Key(5, 0)));
  ASSERT_TRUE(head.Find(Key(1050, 0)));
  EXPECT_EQ(head.Find(Key(1050, 0))->block, kept.get());
  head.Append(MakeRow(2000, 0, 3, {vector}));
  EXPECT_EQ(head.Find(Key(2000, 0))->block, kept.get());
}

}  // namespace
}  // namespace tracevec
