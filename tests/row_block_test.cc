// Blocks of rows and the head made of them: visibility, states, capacity, copies.

#include "index/row_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
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
  EXPECT_EQ(block.squared_norm(0, 0), 25.0F);
  const ChunkState& state = block.StateAt(0, CommitNumber{1});
  EXPECT_EQ(state.document->id, "7");
  EXPECT_EQ(*state.own, (Metadata{{"a", 1}}));
  EXPECT_TRUE(state.own_is_complete);
}

TEST(RowBlock, CosineVectorsAreNormalisedUnlessTheyAreSaidToBe) {
  const std::vector<float> vector = {3, 4};
  RowBlock block(2, {{2, Metric::kCosine}});
  block.Append(MakeRow(1, 0, 1, {vector}));
  EXPECT_EQ(block.vector(0, 0)[0], 0.6F);
  EXPECT_EQ(block.vector(0, 0)[1], 0.8F);
  EXPECT_FLOAT_EQ(block.squared_norm(0, 0), 1.0F);
  NewRow normalised = MakeRow(2, 0, 1, {std::span(block.vector(0, 0), 2)});
  normalised.normalised = true;
  block.Append(std::move(normalised));
  EXPECT_EQ(block.vector(0, 1)[0], block.vector(0, 0)[0]);
  EXPECT_EQ(block.vector(0, 1)[1], block.vector(0, 0)[1]);
}

TEST(RowBlock, RowsStartOnCacheLinesAndAreZeroBehindTheirComponents) {
  const std::vector<float> vector(17, 1.0F);
  RowBlock block(3, {{17, Metric::kIp}});
  for (std::uint32_t row = 0; row < 3; ++row) {
    block.Append(MakeRow(row, 0, 1, {vector}));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.vector(0, row)) % 64, 0u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.codes(0, row)) % 64, 0u);
    EXPECT_TRUE(std::all_of(block.vector(0, row) + 17, block.vector(0, row) + 32,
                            [](float padding) { return padding == 0; }));
  }
}

TEST(RowBlock, EachViewFindsTheStateOfItsCommit) {
  RowBlock block(1, {});
  block.Append(MakeRow(1, 0, 5));
  for (const std::uint64_t commit : {10u, 20u, 30u}) {
    block.PushState(0, MakeState(commit, MakeDocument("at " + std::to_string(commit))),
                    CommitNumber{5});
  }
  const auto at = [&](std::uint64_t view) { return block.StateAt(0, CommitNumber{view}).document; };
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
    NewRow row = MakeRow(1, 0, 1);
    states.emplace_back(row.document_state);
    block.Append(std::move(row));
    block.PushState(0, make(10), CommitNumber{9});
    EXPECT_EQ(alive(), (std::vector<bool>{true, true}));
    block.PushState(0, make(20), CommitNumber{9});
    EXPECT_EQ(alive(), (std::vector<bool>{true, true, true}));
    block.PushState(0, make(30), CommitNumber{10});
    EXPECT_EQ(alive(), (std::vector<bool>{false, true, true, true}));
    EXPECT_EQ(block.StateAt(0, CommitNumber{10}).document->id, "10");
    block.PushState(0, make(40), CommitNumber{39});
    EXPECT_EQ(alive(), (std::vector<bool>{false, false, false, true, true}));
    EXPECT_EQ(block.StateAt(0, CommitNumber{39}).document->id, "30");
  }
  EXPECT_EQ(alive(), std::vector<bool>(5, false)) << "a block frees the states of its rows";
}

/// 512 rows a block.
const std::vector<FieldLayout> kWide = {{2048, Metric::kIp}};

TEST(Head, AppendsAcrossBlocksAndAViewIsAPrefix) {
  Head head(kWide);
  const std::vector<float> vector(2048, 1.0F);
  EXPECT_EQ(head.View(CommitNumber{1}).rows(), 0u);
  for (std::uint32_t i = 0; i < 1100; ++i) {
    const RowRef ref = head.Append(MakeRow(i, 0, 1, {vector}));
    ASSERT_EQ(ref, (RowRef{i / 512, i % 512}));
  }
  const IndexView view = head.View(CommitNumber{1});
  EXPECT_EQ(view.sizes, (std::vector<std::uint32_t>{512, 512, 76}));
  EXPECT_EQ(view.commit, CommitNumber{1});

  head.Append(MakeRow(5000, 0, 2, {vector}));
  head.Delete({0, 3}, CommitNumber{2});
  EXPECT_EQ(view.rows(), 1100u);
  EXPECT_TRUE(view.blocks[0]->VisibleAt(3, view.commit));
  EXPECT_EQ(head.View(CommitNumber{2}).rows(), 1101u);
  EXPECT_FALSE(view.blocks[0]->VisibleAt(3, CommitNumber{2}));
  EXPECT_EQ(head.live_rows(), 1100u);
  EXPECT_EQ(head.dead_rows(), 1u);
}

TEST(Head, ReserveMakesRoomThatAppendsThenUse) {
  Head head(kWide);
  const std::vector<float> vector(2048, 1.0F);
  head.Append(MakeRow(0, 0, 1, {vector}));
  head.Reserve(1500);
  EXPECT_EQ(head.blocks(), 3u);
  EXPECT_EQ(head.View(CommitNumber{1}).blocks.size(), 1u) << "reserved blocks are not in views";
  const std::size_t memory = head.memory_bytes();
  EXPECT_GE(memory, std::size_t{3} * 512 * 2048 * 5);
  for (std::uint32_t i = 1; i <= 1500; ++i) head.Append(MakeRow(i, 0, 1, {vector}));
  EXPECT_EQ(head.memory_bytes(), memory);
  EXPECT_EQ(head.View(CommitNumber{1}).rows(), 1501u);
}

TEST(Head, KnowsTheLiveRowsOfADocument) {
  Head head({});
  std::vector<RowRef> rows;
  for (std::uint32_t chunk = 0; chunk < 5; ++chunk) {
    rows.push_back(head.Append(MakeRow(7, chunk, 1)));
    head.Append(MakeRow(8, chunk, 1));
  }
  head.Delete(rows[2], CommitNumber{2});
  std::set<std::uint32_t> chunks;
  for (const RowRef ref : head.RowsOf(DocumentNumber{7})) {
    chunks.insert(Raw(head.block(ref.block).chunk(ref.row)));
  }
  EXPECT_EQ(chunks, (std::set<std::uint32_t>{0, 1, 3, 4}));
  for (const std::uint32_t i : {0u, 1u, 3u, 4u}) head.Delete(rows[i], CommitNumber{3});
  EXPECT_TRUE(head.RowsOf(DocumentNumber{7}).empty());
  EXPECT_EQ(head.RowsOf(DocumentNumber{8}).size(), 5u);
  EXPECT_TRUE(head.RowsOf(DocumentNumber{9}).empty());
}

TEST(Head, KnowsWhetherAnyRowHasATimeToLive) {
  Head head({});
  const RowRef row = head.Append(MakeRow(1, 0, 1));
  EXPECT_FALSE(head.HasExpiring());
  head.PushState(row, MakeState(2, MakeDocument("1", Timestamp{99})), CommitNumber{1});
  EXPECT_TRUE(head.HasExpiring());
  head.PushState(row, MakeState(3, MakeDocument("1")), CommitNumber{1});
  EXPECT_FALSE(head.HasExpiring());
}

TEST(Head, ACopyHoldsTheLiveRowsAloneAndOldViewsStayValid) {
  const std::vector<float> a = {1, 2, 3};
  const std::vector<float> b = {-4, 5, 0.1F};
  auto head =
      std::make_unique<Head>(std::vector<FieldLayout>{{3, Metric::kCosine}, {3, Metric::kL2}});
  head->Append(MakeRow(1, 0, 1, {a, b}));
  const RowRef dead = head->Append(MakeRow(2, 0, 1, {a, b}));
  const RowRef changed = head->Append(MakeRow(3, 4, 2, {b, {}}));
  const IndexView before = head->View(CommitNumber{2});
  auto state = MakeState(3, MakeDocument("3 again"));
  state->own = std::make_shared<const Metadata>(Metadata{{"a", 1}});
  state->own_is_complete = true;
  head->PushState(changed, std::move(state), CommitNumber{2});
  head->Delete(dead, CommitNumber{3});

  const std::unique_ptr<Head> copy = head->CopyLive(CommitNumber{3});
  EXPECT_EQ(copy->live_rows(), 2u);
  EXPECT_EQ(copy->dead_rows(), 0u);
  const IndexView after = copy->View(CommitNumber{3});
  ASSERT_EQ(after.rows(), 2u);
  const RowBlock& old_block = *before.blocks[0];
  const RowBlock& new_block = *after.blocks[0];
  const std::uint32_t old_rows[] = {0, 2};
  for (std::uint32_t row = 0; row < 2; ++row) {
    EXPECT_EQ(new_block.id(row), old_block.id(old_rows[row]));
    EXPECT_EQ(new_block.document(row), old_block.document(old_rows[row]));
    EXPECT_EQ(new_block.chunk(row), old_block.chunk(old_rows[row]));
    for (std::size_t field = 0; field < 2; ++field) {
      ASSERT_EQ(new_block.HasVector(field, row), old_block.HasVector(field, old_rows[row]));
      EXPECT_EQ(new_block.scale(field, row), old_block.scale(field, old_rows[row]));
      EXPECT_TRUE(std::equal(new_block.vector(field, row), new_block.vector(field, row) + 16,
                             old_block.vector(field, old_rows[row])));
      EXPECT_TRUE(std::equal(new_block.codes(field, row), new_block.codes(field, row) + 3,
                             old_block.codes(field, old_rows[row])));
    }
  }
  EXPECT_TRUE(new_block.VisibleAt(0, CommitNumber{3}));
  EXPECT_EQ(new_block.StateAt(1, CommitNumber{3}).document->id, "3 again");
  EXPECT_EQ(*new_block.StateAt(1, CommitNumber{3}).own, (Metadata{{"a", 1}}));
  EXPECT_TRUE(new_block.StateAt(1, CommitNumber{3}).own_is_complete);

  head.reset();
  EXPECT_TRUE(old_block.VisibleAt(dead.row, before.commit));
  EXPECT_EQ(old_block.StateAt(changed.row, before.commit).document->id, "3");
}

}  // namespace
}  // namespace tracevec
