#include "retrieval/garbage.h"

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "retrieval/document_reader.h"
#include "retrieval/put_document.h"
#include "storage/keys.h"
#include "tests/temporary_directory.h"

namespace tracevec {
namespace {

class GarbageTest : public ::testing::Test {
 protected:
  GarbageTest()
      : engine_(*Engine::Open(directory_ / "db", {}, nullptr)),
        state_(*engine_->CreateCollection("pages", {}, {})) {}

  /// Puts the next version of one document, with a chunk of new text for each id.
  void Put(const std::vector<std::string>& chunk_ids) {
    Document document;
    document.id = "page";
    for (const std::string& id : chunk_ids) {
      ChunkInput chunk;
      chunk.id = id;
      chunk.text = "text " + std::to_string(++texts_);
      document.chunks.push_back(chunk);
    }
    const auto put = PutDocument(*engine_, *state_, document, {});
    ASSERT_TRUE(put.ok()) << put.status().ToString();
  }

  void Sweep() {
    const std::lock_guard lock(engine_->writer_mutex());
    const Status swept = SweepGarbage(engine_->store(), *state_, 100);
    ASSERT_TRUE(swept.ok()) << swept.ToString();
  }

  bool Finds(const std::string& id, CommitNumber commit) const {
    const auto found = FindChunk(engine_->store(), state_->number, id, commit);
    EXPECT_TRUE(found.ok()) << found.status().ToString();
    return found.ok() && found->has_value();
  }

  const TemporaryDirectory directory_;
  std::shared_ptr<Engine> engine_;
  std::shared_ptr<CollectionState> state_;
  int texts_ = 0;
};

TEST_F(GarbageTest, AnIdStaysWhileAVersionThatAViewSeesHasIt) {
  // Neither the first version, which goes, nor the newest one says that the third has "b" too.
  Put({"a", "b"});
  Put({"a", "b"});
  Put({"a", "b"});
  auto view = state_->views.Current();
  Put({"a"});
  Sweep();
  EXPECT_TRUE(Finds("a", view->commit));
  EXPECT_TRUE(Finds("b", view->commit));
  EXPECT_FALSE(Finds("b", state_->counters.commit));

  view.reset();
  Put({"a"});
  Sweep();
  const std::string key = keys::ChunkId(state_->number, "b");
  EXPECT_FALSE((*engine_->store().Get(Table::kRecords, key)).has_value());
}

}  // namespace
}  // namespace tracevec
