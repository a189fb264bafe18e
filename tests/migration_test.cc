// Moving a vector field to another embedding space, while it is read and written.

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "retrieval/database_impl.h"
#include "storage/keys.h"
#include "storage/records.h"
#include "storage/store.h"
#include "tests/small_index_options.h"
#include "tests/test_documents.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kNewDimension = 9;

class MigrationTest : public DocumentsTest {
 protected:
  static VectorField NewField() {
    VectorField field;
    field.dimension = kNewDimension;
    field.space = {"new model", "2", "", "", ""};
    return field;
  }
  static Embedder NewEmbedder(std::vector<std::string>* seen = nullptr) {
    return HashEmbedder(kNewDimension, seen);
  }
  static SwitchOptions Embedding(std::uint32_t dimension) {
    SwitchOptions options;
    options.embed = HashEmbedder(dimension);
    return options;
  }
  void PutPages(int first, int last) {
    std::vector<Document> documents;
    for (int i = first; i < last; ++i) documents.push_back(Page(i));
    Collection::PutManyOptions options;
    options.put.embed[""] = HashEmbedder(dimension());
    Must(pages().PutDocuments(documents, options));
  }
  static Document Page(int i) {
    const std::string n = std::to_string(i);
    return MakePage("page " + n, {"first text of " + n, "second text of " + n, "common"});
  }
  std::uint32_t dimension() { return pages().schema().vectors.at("body").dimension; }

  /// What a search for a text, and for every vector, finds in the space in force.
  void ExpectServed(std::uint32_t expected, std::size_t chunks) {
    ASSERT_EQ(dimension(), expected);
    EXPECT_EQ(Must(pages().Count()), chunks);
    ScanOptions options;
    options.with_vectors = true;
    for (const Chunk& chunk : ReadAll(Must(pages().Scan(options)))) {
      ASSERT_EQ(chunk.vectors.at("body"), HashVector(chunk.text, expected));
    }
    for (const char* text : {"first text of 3", "second text of 5"}) {
      const std::vector<float> query = HashVector(text, expected);
      SearchRequest request;
      request.vector = query;
      request.k = 1;
      const auto hits = Must(pages().Search(request)).hits;
      ASSERT_EQ(hits.size(), 1u);
      EXPECT_EQ(hits[0].text, text);
    }
    const std::vector<float> other(expected == kDimension ? kNewDimension : kDimension, 1.0F);
    SearchRequest request;
    request.vector = other;
    EXPECT_TRUE(Fails(pages().Search(request), StatusCode::kInvalidArgument, {"dimension"}));
  }
};

TEST_F(MigrationTest, FillsServesTheOldCutsOverAndRollsBack) {
  for (const int count : {20, 300}) {  // Below and above what has an index.
    const std::string before = std::to_string(count);
    PutPages(0, count);
    const std::size_t chunks = 3 * static_cast<std::size_t>(count);
    Collection handle = pages();  // One from before follows.
    const MigrationStatus begun = Must(pages().BeginMigration("body", NewField(), "ann"));
    EXPECT_EQ(begun.chunks, chunks);
    EXPECT_EQ(begun.filled, 0u);
    ExpectServed(kDimension, chunks);
    EXPECT_TRUE(Fails(pages().CutOver(), StatusCode::kInvalidArgument, {std::to_string(chunks)}));
    EXPECT_TRUE(Fails(pages().BeginMigration("body", NewField()), StatusCode::kAlreadyExists));

    std::vector<std::string> seen;
    EXPECT_EQ(Must(pages().FillMigration(NewEmbedder(&seen))).filled, chunks);
    EXPECT_EQ(seen.size(), chunks);
    EXPECT_EQ(Must(pages().FillMigration(NewEmbedder(&seen))).filled, chunks);
    EXPECT_EQ(seen.size(), chunks) << "nothing is embedded twice";
    ExpectServed(kDimension, chunks);

    Must(pages().CutOver());
    ExpectServed(kNewDimension, chunks);
    EXPECT_EQ(handle.schema().vectors.at("body").space.model, "new model");
    EXPECT_EQ(Must(handle.Migration()).cut_over, true);
    EXPECT_EQ(Must(db_->Journal()).back().kind, "cut_over");
    // What did not change is still unchanged: nothing is embedded again.
    const PutResult same = Must(pages().PutDocument(Page(3), {}));
    EXPECT_TRUE(same.unchanged);
    Document changed = Page(3);
    changed.title = "Another";
    EXPECT_EQ(Must(pages().PutDocument(changed, {})).kept, 3u);
    Reopen();
    ExpectServed(kNewDimension, chunks);

    Must(pages().RollBack());
    ExpectServed(kDimension, chunks);
    Must(pages().CutOver());
    PutPages(count, count + 1);
    EXPECT_TRUE(Fails(pages().RollBack(), StatusCode::kInvalidArgument, {"3 of"}));
    Must(pages().RollBack(Embedding(kDimension)));
    ExpectServed(kDimension, chunks + 3);
    Must(pages().CutOver());
    Must(pages().FinishMigration());
    ExpectServed(kNewDimension, chunks + 3);
    EXPECT_TRUE(Fails(pages().Migration(), StatusCode::kNotFound));
    Reopen();
    ExpectServed(kNewDimension, chunks + 3);

    // Back for the next round, by way of another migration.
    VectorField old;
    old.dimension = kDimension;
    Must(pages().BeginMigration("", old));
    Must(pages().CutOver(Embedding(kDimension)));
    Must(pages().FinishMigration());
    Must(pages().Delete({std::nullopt, "id LIKE '%'"}));
  }
}

TEST_F(MigrationTest, WhatFilledItIsInTheJournalAndInTheDescription) {
  PutPages(0, 10);
  Must(pages().BeginMigration("body", NewField()));
  FillOptions options;
  options.batch_size = 16;
  options.space = NewField().space;
  options.label = "nightly";
  options.call_info = [] { return CallInfo{"new model", "2", 7, 0, 0.25, 1}; };
  Must(pages().FillMigration(NewEmbedder(), options));
  JournalQuery query;
  query.label = "nightly";
  const auto entries = Must(db_->Journal(query));
  ASSERT_EQ(entries.size(), 2u) << "one for each call";
  EXPECT_EQ(entries[0].kind, "fill_migration");
  EXPECT_EQ(entries[0].embedded, 16u);
  EXPECT_EQ(entries[1].embedded, 14u);
  ASSERT_EQ(entries[1].calls.size(), 1u);
  EXPECT_EQ(entries[1].calls[0].field, "body");
  EXPECT_GT(entries[1].calls[0].micros, 0);
  EXPECT_EQ(entries[1].calls[0].info->model, "new model");

  const double before = Must(pages().Describe()).embed_micros.max;
  Must(pages().CutOver());
  for (int round = 0; round < 2; ++round) {
    const CollectionDescription after = Must(pages().Describe());
    EXPECT_EQ(after.embed_micros.count, 30u);
    EXPECT_DOUBLE_EQ(after.embed_micros.min,
                     std::min(entries[0].calls[0].micros / 16, entries[1].calls[0].micros / 14));
    EXPECT_EQ(after.fields[0].asserted, 0u) << "its space was declared";
    EXPECT_EQ(after.models.back().model, "new model");
    EXPECT_EQ(after.models.back().texts, 30u);
    Reopen();
  }
  Must(pages().RollBack());
  EXPECT_EQ(Must(pages().Describe()).embed_micros.max, before);
  EXPECT_EQ(Must(pages().Describe()).fields[0].asserted, 30u);
}

TEST_F(MigrationTest, AnEmbedderOfAnotherSpaceIsRefusedBeforeItIsCalled) {
  PutPages(0, 10);
  Must(pages().BeginMigration("body", NewField()));
  std::vector<std::string> seen;
  FillOptions fill;
  fill.space = {"some model", "2", "", "", ""};
  EXPECT_TRUE(Fails(pages().FillMigration(NewEmbedder(&seen), fill),
                    StatusCode::kEmbeddingSpaceMismatch, {"some model", "new model"}));
  SwitchOptions options;
  options.embed = NewEmbedder(&seen);
  options.space = fill.space;
  EXPECT_TRUE(Fails(pages().CutOver(options), StatusCode::kEmbeddingSpaceMismatch));
  EXPECT_EQ(seen.size(), 0u);
  EXPECT_EQ(Must(pages().Migration()).filled, 0u);
  options.space = NewField().space;
  const SwitchResult switched = Must(pages().CutOver(options));
  EXPECT_EQ(switched.commit, commit());
  EXPECT_GT(switched.step_micros, 0);
  ExpectServed(kNewDimension, 30);
}

/// Writes pages of its own until it is gone, with pauses of at least ten times what a write took:
/// on a machine with much else to do, who catches up is as slow as the writes are.
class SteadyWriter {
 public:
  SteadyWriter(Collection collection, std::chrono::microseconds pause)
      : thread_([this, collection, pause](const std::stop_token& stop) mutable {
          while (!stop.stop_requested()) {
            const std::uint32_t dimension = collection.schema().vectors.at("body").dimension;
            PutOptions options;
            options.embed[""] = HashEmbedder(dimension);
            const std::string n = std::to_string(written);
            const auto start = std::chrono::steady_clock::now();
            const auto put = collection.PutDocument(
                MakePage("steady " + std::to_string(written % 7), {"steady text " + n}), options);
            // One that meets the step has vectors of the other space.
            const StatusCode code = put.status().code();
            const bool met_it =
                code == StatusCode::kConflict || code == StatusCode::kInvalidArgument;
            if (!put.ok() && !met_it) failure = put.status().ToString();
            if (put.ok()) ++written;
            const auto took = std::chrono::steady_clock::now() - start;
            std::this_thread::sleep_for(std::max<std::chrono::nanoseconds>(pause, 10 * took));
          }
        }) {}
  void Stop() {
    thread_.request_stop();
    thread_.join();
  }

  std::atomic<std::uint64_t> written{0};
  std::string failure;  // After Stop().

 private:
  std::jthread thread_;
};

TEST_F(MigrationTest, ACutOverUnderASteadyWriterCatchesUpWithIt) {
  PutPages(0, 200);
  Must(pages().BeginMigration("body", NewField()));
  SteadyWriter writer(pages(), std::chrono::milliseconds(2));
  while (writer.written < 3) std::this_thread::yield();
  const Status status = pages().CutOver(Embedding(kNewDimension)).status();
  const std::uint64_t written = writer.written;
  while (writer.written < written + 3) std::this_thread::yield();
  writer.Stop();
  EXPECT_EQ(writer.failure, "");
  ASSERT_TRUE(status.ok()) << status.ToString();
  ExpectServed(kNewDimension, 607);
  Reopen();
  ExpectServed(kNewDimension, 607);
}

TEST_F(MigrationTest, ACutOverThatCannotCatchUpIsAConflictAndChangesNothing) {
  PutPages(0, 20);
  Must(pages().BeginMigration("body", NewField()));
  int writes = 0;
  SwitchOptions options;
  options.embed = [&](std::span<const std::string> texts) {
    // Each call of the embedder is as long as a write takes.
    PutOptions put;
    put.embed[""] = HashEmbedder(kDimension);
    Must(pages().PutDocument(MakePage("steady", {"text " + std::to_string(++writes)}), put));
    return HashEmbedder(kNewDimension)(texts);
  };
  EXPECT_TRUE(Fails(pages().CutOver(options), StatusCode::kConflict, {"slow the writers down"}));
  ExpectServed(kDimension, 61);
  Must(pages().CutOver(Embedding(kNewDimension)));
  ExpectServed(kNewDimension, 61);
}

TEST_F(MigrationTest, RollingBackBeforeTheCutOverLeavesNothing) {
  PutPages(0, 10);
  Must(pages().BeginMigration("body", NewField()));
  FillOptions options;
  options.batch_size = 4;
  options.progress = [](std::uint64_t filled, std::uint64_t) { return filled < 8; };
  EXPECT_TRUE(Fails(pages().FillMigration(NewEmbedder(), options), StatusCode::kCancelled));
  EXPECT_EQ(Must(pages().Migration()).filled, 8u);
  Reopen();
  EXPECT_EQ(Must(pages().Migration()).filled, 8u) << "it goes on where it was";
  std::vector<std::string> seen;
  EXPECT_EQ(Must(pages().FillMigration(NewEmbedder(&seen))).filled, 30u);
  EXPECT_EQ(seen.size(), 22u);
  Must(pages().RollBack());
  EXPECT_TRUE(Fails(pages().Migration(), StatusCode::kNotFound));
  ExpectServed(kDimension, 30);
  Must(pages().BeginMigration("body", NewField()));
  EXPECT_EQ(Must(pages().Migration()).filled, 0u);
}

TEST_F(MigrationTest, AnEmbedderThatFailsLeavesTheOldSpaceInForce) {
  PutPages(0, 10);
  Must(pages().BeginMigration("body", NewField()));
  SwitchOptions options;
  options.embed = [](std::span<const std::string>) -> Result<std::vector<float>> {
    return Status::Unavailable("out of credit");
  };
  EXPECT_TRUE(Fails(pages().CutOver(options), StatusCode::kUnavailable, {"credit"}));
  options.embed = HashEmbedder(kDimension);
  EXPECT_TRUE(Fails(pages().CutOver(options), StatusCode::kInvalidArgument, {"9"}));
  ExpectServed(kDimension, 30);
}

TEST_F(MigrationTest, BadArguments) {
  EXPECT_TRUE(Fails(pages().Migration(), StatusCode::kNotFound));
  EXPECT_TRUE(Fails(pages().CutOver(), StatusCode::kNotFound));
  EXPECT_TRUE(Fails(pages().FinishMigration(), StatusCode::kNotFound));
  EXPECT_TRUE(
      Fails(pages().BeginMigration("bodi", NewField()), StatusCode::kInvalidArgument, {"'body'"}));
  VectorField same = pages().schema().vectors.at("body");
  EXPECT_TRUE(Fails(pages().BeginMigration("body", same), StatusCode::kInvalidArgument));
  same.dimension = 0;
  EXPECT_TRUE(Fails(pages().BeginMigration("body", same), StatusCode::kInvalidArgument));
  Must(pages().BeginMigration("body", NewField()));
  EXPECT_TRUE(Fails(pages().FillMigration(nullptr), StatusCode::kInvalidArgument));
  EXPECT_TRUE(Fails(pages().FinishMigration(), StatusCode::kInvalidArgument, {"roll back"}));
  Must(db_->Snapshot("held"));
  EXPECT_TRUE(Fails(pages().CutOver(Embedding(kNewDimension)), StatusCode::kConflict, {"'held'"}));
}

TEST_F(MigrationTest, ErasingTakesTheVectorsOfBothSpaces) {
  PutPages(0, 10);
  Must(pages().BeginMigration("body", NewField()));
  Must(pages().FillMigration(NewEmbedder()));
  EXPECT_EQ(Must(pages().EraseDocument("page 4")).vectors, 6u);
  Must(pages().CutOver());
  ExpectServed(kNewDimension, 27);
}

TEST_F(MigrationTest, ReadersAndAWriterGoOnMeanwhile) {
  PutPages(0, 250);
  Must(pages().BeginMigration("body", NewField()));
  std::atomic<bool> stop{false};
  std::atomic<int> failures{0};
  std::atomic<int> writes{0};
  std::thread reader([&] {
    while (!stop) {
      const std::uint32_t d = pages().schema().vectors.at("body").dimension;
      const std::vector<float> query = HashVector("first text of 3", d);
      SearchRequest request;
      request.vector = query;
      request.k = 1;
      const auto response = pages().Search(request);
      // Between the schema and the search the space may change; never within a search.
      const bool moved = !response.ok() && response.status().code() == StatusCode::kInvalidArgument;
      if (!moved && (!response.ok() || response->hits[0].text != "first text of 3")) ++failures;
    }
  });
  std::thread writer([&] {
    for (int i = 250; !stop; ++i) {
      PutOptions options;
      options.embed[""] = [&](std::span<const std::string> texts) {
        return HashEmbedder(pages().schema().vectors.at("body").dimension)(texts);
      };
      const auto put = pages().PutDocument(Page(i), options);
      if (put.ok()) {
        ++writes;
      } else if (put.status().code() != StatusCode::kInvalidArgument &&
                 put.status().code() != StatusCode::kConflict) {  // It met the step.
        ++failures;
      }
      // A cut-over needs a pause in which its index is brought up to date.
      std::this_thread::sleep_for(std::chrono::milliseconds(i % 5 == 0 ? 500 : 5));
    }
  });
  // On a busy machine a writer may leave no pause, which is a Conflict that changes nothing.
  Status status;
  const auto turn = [&](bool cut_over, std::uint32_t dimension) {
    do {
      status = cut_over ? pages().CutOver(Embedding(dimension)).status()
                        : pages().RollBack(Embedding(dimension)).status();
    } while (status.code() == StatusCode::kConflict);
    return status.ok();
  };
  for (int round = 0; round < 2; ++round) {
    if (!turn(true, kNewDimension) || !turn(false, kDimension)) break;
  }
  if (status.ok()) turn(true, kNewDimension);
  stop = true;
  reader.join();
  writer.join();
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(failures, 0);
  EXPECT_GT(writes, 0);
  ExpectServed(kNewDimension, 3 * (250 + static_cast<std::size_t>(writes)));
}

/// Another space of the same dimension: vectors that land in the wrong one are not found out.
VectorField SameDimension(const std::string& model = "same dimension") {
  VectorField field;
  field.dimension = 6;
  field.space.model = model;
  return field;
}

Embedder Constant(float value) {
  return [value](std::span<const std::string> texts) -> Result<std::vector<float>> {
    return std::vector<float>(texts.size() * 6, value);
  };
}

SwitchOptions Switching(Embedder embed) {
  SwitchOptions options;
  options.embed = std::move(embed);
  return options;
}

TEST_F(MigrationTest, ADatabaseClosesWhileTheEmbedderOfAFillIsAtWork) {
  PutPages(0, 10);
  Must(pages().BeginMigration("body", NewField()));
  std::promise<void> called;
  std::promise<void> go_on;
  FillOptions options;
  options.batch_size = 4;
  auto fill = std::async(std::launch::async, [&] {
    bool first = true;
    return pages().FillMigration(
        [&](std::span<const std::string> texts) {
          if (std::exchange(first, false)) {
            called.set_value();
            go_on.get_future().wait();
          }
          return NewEmbedder()(texts);
        },
        options);
  });
  called.get_future().wait();
  auto closing = std::async(std::launch::async, [&] { return db_->Close(); });
  while (pages().Count().ok()) std::this_thread::yield();
  go_on.set_value();
  EXPECT_TRUE(Fails(fill.get(), StatusCode::kClosed));
  Must(closing.get());
  Open();
  pages_ = Must(db_->GetCollection("pages"));
  EXPECT_EQ(Must(pages().Migration()).filled, 0u);
}

TEST_F(MigrationTest, AnErasureNeedNotWaitForAFill) {
  PutPages(0, 10);
  Must(pages().BeginMigration("body", NewField()));
  bool erased = false;
  FillOptions options;
  options.batch_size = 4;
  const auto filled = pages().FillMigration(
      [&](std::span<const std::string> texts) {
        if (!std::exchange(erased, true)) {
          EXPECT_FALSE(Must(pages().EraseDocument("page 7")).held_by_readers);
        }
        return NewEmbedder()(texts);
      },
      options);
  EXPECT_EQ(Must(filled).chunks, 27u);
  Must(pages().CutOver());
  ExpectServed(kNewDimension, 27);
}

TEST_F(MigrationTest, TheOldSpaceIsNotFilledWithTheNewModel) {
  PutPages(0, 4);
  Must(pages().BeginMigration("body", SameDimension()));
  Must(pages().FillMigration(Constant(2)));
  Must(pages().CutOver());
  PutOptions put;
  put.embed[""] = Constant(2);
  Must(pages().PutDocument(Page(4), put));
  EXPECT_TRUE(
      Fails(pages().FillMigration(Constant(2)), StatusCode::kInvalidArgument, {"roll_back"}));
  EXPECT_EQ(Must(pages().Migration()).filled, 12u);
  EXPECT_TRUE(Fails(pages().RollBack(), StatusCode::kInvalidArgument, {"3 of 15"}));
}

TEST_F(MigrationTest, AFillThatMeetsTheCutOverEnds) {
  PutPages(0, 4);
  Must(pages().BeginMigration("body", SameDimension()));
  bool first = true;
  const auto status = pages().FillMigration([&](std::span<const std::string> texts) {
    if (std::exchange(first, false)) {
      Must(pages().CutOver(Switching(Constant(2))));
      PutOptions put;
      put.embed[""] = Constant(2);
      Must(pages().PutDocument(Page(4), put));
    }
    return Constant(2)(texts);
  });
  EXPECT_TRUE(Fails(status, StatusCode::kConflict));
  EXPECT_EQ(Must(pages().Migration()).filled, 12u);
}

TEST_F(MigrationTest, AFillDoesNotGoOnWithAnotherMigration) {
  PutPages(0, 4);
  Must(pages().BeginMigration("body", SameDimension("one")));
  bool first = true;
  FillOptions options;
  options.progress = [&](std::uint64_t, std::uint64_t) {
    if (std::exchange(first, false)) {
      Must(pages().RollBack());
      Must(pages().BeginMigration("body", SameDimension("another")));
    }
    return true;
  };
  EXPECT_TRUE(Fails(pages().FillMigration(Constant(2), options), StatusCode::kConflict));
  EXPECT_EQ(Must(pages().Migration()).filled, 0u);
}

TEST_F(MigrationTest, AChunkWithoutTextIsNamedAndGetsNoVector) {
  Rows rows = MakeRows(0, 2, kDimension);
  rows.texts = {"a text", ""};
  Upsert(pages(), rows);
  Must(pages().BeginMigration("body", NewField()));
  std::vector<std::string> seen;
  EXPECT_TRUE(
      Fails(pages().FillMigration(NewEmbedder(&seen)), StatusCode::kInvalidArgument, {"'id1'"}));
  EXPECT_TRUE(
      Fails(pages().CutOver(Embedding(kNewDimension)), StatusCode::kInvalidArgument, {"'id1'"}));
  EXPECT_TRUE(seen.empty());
  Must(pages().Delete({std::vector<std::string>{"id1"}, {}}));
  EXPECT_EQ(Must(pages().FillMigration(NewEmbedder(&seen))).filled, 1u);
  EXPECT_EQ(seen, std::vector<std::string>{"a text"});
}

TEST_F(MigrationTest, AScanOfTheStateBeforeTwoSwitchesKeepsWhatItReads) {
  PutPages(0, 300);
  ScanOptions options;
  options.batch_size = 1;
  Scanner scan = Must(pages().Scan(options));
  Must(pages().BeginMigration("body", NewField()));
  Must(pages().CutOver(Embedding(kNewDimension)));
  Must(pages().RollBack());
  EXPECT_TRUE(Must(pages().EraseDocument("page 200")).held_by_readers);
  Must(pages().Delete({std::nullopt, "id LIKE '%'"}));
  PutPages(300, 301);
  EXPECT_EQ(ReadAll(std::move(scan)).size(), 900u);
}

TEST_F(MigrationTest, AReaderOfVectorsThatWereDroppedIsTold) {
  PutPages(0, 10);
  ScanOptions options;
  options.batch_size = 1;
  options.with_vectors = true;
  Scanner of_old = Must(pages().Scan(options));
  Scanner until_drop = Must(pages().Scan(options));
  Must(pages().BeginMigration("body", NewField()));
  Must(pages().CutOver(Embedding(kNewDimension)));
  Scanner of_new = Must(pages().Scan(options));
  EXPECT_EQ(Must(of_old.Next())->vectors.at("body").size(), kDimension);
  Must(pages().FinishMigration());
  EXPECT_TRUE(Fails(of_old.Next(), StatusCode::kConflict, {"space"}));
  EXPECT_EQ(ReadAll(std::move(of_new)).size(), 30u);
  Must(db_->DropCollection("pages"));
  EXPECT_TRUE(Fails(until_drop.Next(), StatusCode::kNotFound, {"dropped"}));
}

TEST_F(MigrationTest, VectorsOfAWriteThatMeetsTheStepStayOutOfTheNewSpace) {
  PutPages(0, 4);
  Must(pages().BeginMigration("body", SameDimension()));
  PutOptions put;
  int calls = 0;
  put.embed[""] = [&](std::span<const std::string> texts) {
    if (++calls == 1) Must(pages().CutOver(Switching(Constant(2))));
    return Constant(1)(texts);
  };
  EXPECT_TRUE(Fails(pages().PutDocument(Page(4), put), StatusCode::kConflict, {"again"}));
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(Must(pages().Count()), 12u);
}

TEST_F(MigrationTest, AWriteOfManyThatMeetsTheStepSaysHowManyAreStored) {
  Must(pages().BeginMigration("body", SameDimension()));
  std::vector<Document> documents;
  for (int i = 0; i < 300; ++i) documents.push_back(MakePage("p" + std::to_string(i), {"text"}));
  const std::vector<float> one(6, 1);
  int calls_for_last = 0;
  Collection::PutManyOptions options;
  options.vectors_of = [&](std::size_t place) {
    // The first call is of the check of all.
    if (place == 299 && ++calls_for_last == 2) Must(pages().CutOver(Switching(Constant(2))));
    return std::map<std::string, std::span<const float>, std::less<>>{{"body", one}};
  };
  EXPECT_TRUE(
      Fails(pages().PutDocuments(documents, options), StatusCode::kConflict, {"256 of 300"}));
  EXPECT_EQ(Must(pages().Count()), 256u);
}

TEST_F(MigrationTest, ATitleThatOnlyTheOtherSpaceEmbedsIsEmbeddedAnew) {
  VectorField titled = NewField();
  titled.embed_template = "{title}: {text}";
  Document page = MakePage("page", {"some text"});
  page.title = "Before";
  Put(page);
  Must(pages().BeginMigration("body", titled));
  std::vector<std::string> seen;
  Must(pages().FillMigration(NewEmbedder(&seen)));
  page.uri = "place://unseen";
  EXPECT_EQ(Put(page).kept, 1u);
  EXPECT_EQ(Must(pages().Migration()).filled, 1u);
  page.title = "After";
  EXPECT_EQ(Put(page).kept, 1u);
  EXPECT_EQ(Must(pages().Migration()).filled, 0u);
  // While it is embedded, the title changes again.
  bool first = true;
  Must(pages().FillMigration([&](std::span<const std::string> texts) {
    if (std::exchange(first, false)) {
      page.title = "Later";
      EXPECT_EQ(Put(page).kept, 1u);
    }
    return NewEmbedder(&seen)(texts);
  }));
  EXPECT_EQ(seen, (std::vector<std::string>{"Before: some text", "After: some text",
                                            "Later: some text"}));
  Must(pages().CutOver());
  EXPECT_EQ(Read("page").chunks[0].vectors.at("body"),
            HashVector("Later: some text", kNewDimension));
}

class ForgedMigrationTest : public MigrationTest {
 protected:
  void SetUp() override {
    MigrationTest::SetUp();
    Must(pages().BeginMigration("body", NewField()));
  }
  /// Changes what is stored of the collection and its migration.
  template <typename Change>
  void Forge(const Change& change) {
    Must(db_->Close());
    {
      const auto store = Must(Store::Open(path_, {}));
      const CollectionNumber number{1};
      auto collection =
          Must(DecodeCollection(*Must(store->Get(Table::kRecords, keys::Collection(number)))));
      auto migration =
          Must(DecodeMigration(*Must(store->Get(Table::kRecords, keys::Migration(number)))));
      change(collection, migration);
      StoreBatch batch;
      batch.Put(Table::kRecords, keys::Collection(number), EncodeCollection(collection));
      batch.Put(Table::kRecords, keys::Migration(number), EncodeMigration(migration));
      Must(store->Write(batch, /*sync=*/true));
      Must(store->Close());
    }
    Open();
  }
};

TEST_F(ForgedMigrationTest, IsCorruption) {
  using Record = MigrationRecord;
  const auto refuses = [&](const auto& change, const char* part) {
    Record before;
    Forge([&](CollectionRecord&, Record& migration) {
      before = migration;
      change(migration);
    });
    EXPECT_TRUE(Fails(db_->GetCollection("pages"), StatusCode::kCorruption, {part}));
    Forge([&](CollectionRecord&, Record& migration) { migration = before; });
    EXPECT_TRUE(db_->GetCollection("pages").ok());
  };
  refuses([](Record& migration) { migration.field = "bodi"; }, "'bodi'");
  refuses([](Record& migration) { migration.other_number = FieldNumber{0}; }, "'body'");
  refuses([](Record& migration) { migration.other_number = FieldNumber{2}; }, "below 2");
  refuses([](Record& migration) { migration.other.dimension = 65'537; }, "dimension");
}

TEST_F(ForgedMigrationTest, FieldNumbersEnd) {
  Forge([](CollectionRecord& collection, MigrationRecord& migration) {
    migration.other_number = FieldNumber{65'534};
    collection.next_field = 65'535;
  });
  pages_ = Must(db_->GetCollection("pages"));
  Must(pages().RollBack());
  EXPECT_TRUE(
      Fails(pages().BeginMigration("body", NewField()), StatusCode::kResourceExhausted, {"65535"}));
}

/// Calls a function once, before the next image of a segment is written.
class ImageHook : public rocksdb::FileSystemWrapper {
 public:
  ImageHook() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "ImageHook"; }
  void Arm(std::function<void()> hook) {
    const std::lock_guard lock(mutex_);
    hook_ = std::move(hook);
  }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    if (path.find(".image") != std::string::npos) {
      if (const std::function<void()> hook = Take()) hook();
    }
    return FileSystemWrapper::NewWritableFile(path, options, file, debug);
  }

 private:
  std::function<void()> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(hook_, nullptr);
  }

  std::mutex mutex_;
  std::function<void()> hook_;  // Guarded by it.
};

TEST(MigrationOfTitles, OneThatChangesWhileTheIndexIsBuiltIsAConflict) {
  const TemporaryDirectory directory;
  const auto files = std::make_shared<ImageHook>();
  OpenOptions open;
  open.store_memory_bytes = 8 << 20;
  const auto db = Must(OpenForTest(directory / "db", open, files, kSmallIndexOptions));
  Collection pages = Must(db->CreateCollection("pages", BodySchema(6)));
  PutOptions put;
  put.embed[""] = HashEmbedder(6);
  const auto page = [](int i, const std::string& title) {
    Document document = MakePage("page " + std::to_string(i), {"text " + std::to_string(i)});
    document.title = title;
    return document;
  };
  for (int i = 0; i < 30; ++i) Must(pages.PutDocument(page(i, "Title"), put));
  Must(pages.Rebuild());
  VectorField titled;
  titled.dimension = 9;
  titled.embed_template = "{title}: {text}";
  Must(pages.BeginMigration("body", titled));
  Must(pages.FillMigration(HashEmbedder(9)));

  SwitchOptions options;
  options.embed = HashEmbedder(9);
  bool hooked = false;
  files->Arm([&] {
    hooked = true;
    EXPECT_EQ(Must(pages.PutDocument(page(3, "Another"), put)).kept, 1u);
  });
  EXPECT_TRUE(Fails(pages.CutOver(options), StatusCode::kConflict, {"title"}));
  EXPECT_TRUE(hooked);
  Must(pages.CutOver(options));
  SearchRequest request;
  const std::vector<float> query = HashVector("Another: text 3", 9);
  request.vector = query;
  request.k = 1;
  const auto hits = Must(pages.Search(request)).hits;
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits[0].text, "text 3");
  EXPECT_NEAR(hits[0].score, 1, 1e-5);
}

}  // namespace
}  // namespace tracevec
