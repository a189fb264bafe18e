#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/test_database.h"

namespace tracevec {
namespace {

/// Puts the next state of one document of one chunk, whose text stays, and reads the chunk back.
class KeptChunkTest : public ::testing::Test {
 protected:
  KeptChunkTest()
      : database_(Must(Database::Open(directory_ / "db"))),
        collection_(Must(database_->CreateCollection("pages", {}))) {}

  Chunk Put(std::optional<std::uint32_t> token_count) {
    document_.id = "page";
    document_.title = "Title " + std::to_string(++puts_);
    document_.chunks.resize(1);
    document_.chunks.front().text = "The same text.";
    document_.chunks.front().token_count = token_count;
    const PutResult put = Must(collection_.PutDocument(document_));
    EXPECT_EQ(put.kept, puts_ == 1 ? 0U : 1U);
    return Must(collection_.GetDocument("page")).chunks.front();
  }

  const TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
  Collection collection_;
  Document document_;
  int puts_ = 0;
};

TEST_F(KeptChunkTest, TakesTheTokenCountThatIsGivenLast) {
  EXPECT_EQ(Put(std::nullopt).token_count, std::nullopt);
  EXPECT_EQ(Put(4).token_count, 4U);
  EXPECT_EQ(Put(5).token_count, 5U);
}

TEST_F(KeptChunkTest, KeepsItsTokenCountWhenNoneIsGiven) {
  EXPECT_EQ(Put(4).token_count, 4U);
  EXPECT_EQ(Put(std::nullopt).token_count, 4U);
}

}  // namespace
}  // namespace tracevec
