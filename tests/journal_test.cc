// The journal, the versions that a collection keeps, and what is kept of calls to embedders.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/test_documents.h"

namespace tracevec {
namespace {

class JournalTest : public DocumentsTest {
 protected:
  std::vector<JournalEntry> Journal(const JournalQuery& query = {}) {
    return Must(db_->Journal(query));
  }
};

TEST_F(JournalTest, SaysWhoDidWhatWhen) {
  PutOptions options = Embedding();
  options.label = "importer";
  const Timestamp before = Journal()[0].time;
  Must(pages().PutDocument(MakePage("p", {"alpha", "beta"}), options));
  Must(pages().PutDocument(MakePage("p", {"alpha", "gamma", "delta"}), options));
  Must(pages().PutDocument(MakePage("p", {"alpha", "gamma", "delta"}), options));
  Upsert(pages(), MakeRows(0, 3, kDimension));
  Must(pages().UpdateMetadata({{"a", 1}}, {std::nullopt, "document = 'p'"}, "editor"));
  Must(pages().DeleteDocument("p", "janitor"));
  Must(pages().Delete({std::vector<std::string>{"id1"}, {}}, "cleaner"));
  for (int round = 0; round < 2; ++round) {
    const auto entries = Journal();
    ASSERT_EQ(entries.size(), 7u) << "a put that changes nothing is no commit";
    EXPECT_EQ(entries[0].kind, "create");
    const JournalEntry& second = entries[2];
    EXPECT_EQ(second.kind, "put");
    EXPECT_EQ(second.collection, "pages");
    EXPECT_EQ(second.label, "importer");
    EXPECT_EQ(second.document, "p");
    EXPECT_GE(second.time, before);
    EXPECT_EQ(second.documents, 1u);
    EXPECT_EQ(second.kept, 1u);
    EXPECT_EQ(second.added, 2u);
    EXPECT_EQ(second.removed, 1u);
    EXPECT_EQ(second.embedded, 2u);
    ASSERT_EQ(second.calls.size(), 1u);
    EXPECT_EQ(second.calls[0].field, "body");
    EXPECT_EQ(second.calls[0].texts, 2u);
    EXPECT_FALSE(second.calls[0].info);
    EXPECT_EQ(entries[3].kind, "upsert");
    EXPECT_EQ(entries[3].documents, 3u);
    EXPECT_EQ(entries[4].kind, "update_metadata");
    EXPECT_EQ(entries[4].label, "editor");
    EXPECT_EQ(entries[5].kind, "delete");
    EXPECT_EQ(entries[5].label, "janitor");
    EXPECT_EQ(entries[5].removed, 3u);
    EXPECT_EQ(entries[6].kind, "delete");
    EXPECT_EQ(entries[6].label, "cleaner");
    EXPECT_EQ(entries[6].commit, commit());
    Reopen();
  }
}

TEST_F(JournalTest, ALabelThatIsTooLongChangesNothing) {
  Put(MakePage("p", {"alpha"}));
  const std::uint64_t before = commit();
  const std::string longest(2000, 'x');
  const Selection all{std::nullopt, "id LIKE '%'"};
  EXPECT_TRUE(Fails(pages().Delete(all, longest), StatusCode::kInvalidArgument, {"label"}));
  EXPECT_TRUE(Fails(pages().UpdateMetadata({{"a", 1}}, all, longest), StatusCode::kInvalidArgument,
                    {"label"}));
  EXPECT_EQ(commit(), before);
}

TEST_F(JournalTest, IsAskedByCommitTimeCollectionDocumentAndLabel) {
  PutOptions options = Embedding();
  options.label = "a";
  Must(pages().PutDocument(MakePage("p", {"alpha"}), options));
  options.label = "b";
  const std::uint64_t second = Must(pages().PutDocument(MakePage("q", {"beta"}), options)).commit;
  Must(pages().PutDocument(MakePage("p", {"gamma"}), options));
  Must(db_->CreateCollection("other", {}));
  JournalQuery query;
  query.after_commit = second;
  EXPECT_EQ(Journal(query).size(), 2u);
  query = {};
  query.since = Journal()[2].time;
  EXPECT_LE(Journal(query).size(), 4u);
  EXPECT_GE(Journal(query).size(), 3u);
  query = {};
  query.document = "p";
  EXPECT_EQ(Journal(query).size(), 2u);
  query.label = "b";
  EXPECT_EQ(Journal(query).size(), 1u);
  query = {};
  query.collection = "other";
  EXPECT_EQ(Journal(query).size(), 1u);
  query.collection = "pagse";
  EXPECT_TRUE(Fails(db_->Journal(query), StatusCode::kNotFound, {"'pages'"}));
  query = {};
  query.limit = 2;
  EXPECT_EQ(Journal(query).size(), 2u);
  Must(db_->DropCollection("other"));
  EXPECT_EQ(Journal().back().kind, "drop");
  EXPECT_EQ(Journal().back().collection, "");
}

TEST_F(JournalTest, IsTrimmedByAgeAndByNumber) {
  for (int i = 0; i < 5; ++i) Put(MakePage("p" + std::to_string(i), {"alpha"}));
  const std::uint64_t before = commit();
  EXPECT_TRUE(Fails(db_->TrimJournal({}), StatusCode::kInvalidArgument, {"keep"}));
  JournalTrim trim;
  trim.keep = 10;
  EXPECT_EQ(Must(db_->TrimJournal(trim)), 0u);
  EXPECT_EQ(commit(), before) << "nothing to trim is no commit";
  trim.keep = 3;
  trim.label = "janitor";
  EXPECT_EQ(Must(db_->TrimJournal(trim)), 3u);
  for (int round = 0; round < 2; ++round) {
    const auto entries = Journal();
    ASSERT_EQ(entries.size(), 4u);
    EXPECT_EQ(entries[0].document, "p2");
    EXPECT_EQ(entries[3].kind, "trim_journal");
    EXPECT_EQ(entries[3].label, "janitor");
    EXPECT_EQ(entries[3].removed, 3u);
    EXPECT_EQ(entries[3].collection, "");
    EXPECT_EQ(entries[3].commit, commit());
    Reopen();
  }
  EXPECT_EQ(Must(pages().Describe()).writers.size(), 1u);
  trim = {};
  trim.before = Timestamp{Journal().back().time.micros + 1};
  EXPECT_EQ(Must(db_->TrimJournal(trim)), 4u);
  ASSERT_EQ(Journal().size(), 1u);
  EXPECT_EQ(Must(pages().Count()), 5u);
  EXPECT_EQ(Put(MakePage("p0", {"beta"})).version, 2u);
  Must(db_->Snapshot("held"));
  EXPECT_TRUE(Fails(Must(db_->At("held"))->TrimJournal(trim), StatusCode::kReadOnly));
}

TEST_F(JournalTest, KeepsWhatCallsSayOfThemselves) {
  PutOptions options = Embedding();
  options.embed_batch_size = 2;
  int calls = 0;
  options.call_info = [&] {
    CallInfo info{"minilm", "8199be6f", 12, 0, 0.25, 1};
    info.attempts = static_cast<std::uint32_t>(++calls);
    return std::optional(info);
  };
  const PutResult result = Must(pages().PutDocument(MakePage("p", {"a", "b", "c"}), options));
  ASSERT_EQ(result.calls.size(), 2u);
  EXPECT_EQ(result.calls[0].texts, 2u);
  EXPECT_EQ(result.calls[1].texts, 1u);
  EXPECT_EQ(result.calls[1].info->attempts, 2u);
  Reopen();
  const JournalEntry entry = Journal().back();
  EXPECT_EQ(entry.calls, result.calls);
  EXPECT_EQ(entry.embedded, 3u);

  options.call_info = []() -> std::optional<CallInfo> { throw std::runtime_error("no bill"); };
  EXPECT_TRUE(Fails(pages().PutDocument(MakePage("p", {"d"}), options), StatusCode::kInternal,
                    {"no bill"}));
  EXPECT_EQ(Read("p").info.version, 1u) << "nothing was committed";
}

TEST_F(JournalTest, ACollectionKeepsAsManyVersionsAsItWasToldTo) {
  for (const std::uint32_t keep : {0u, 3u}) {
    const std::string name = "keeps " + std::to_string(keep);
    CreateOptions create;
    create.keep_versions = keep;
    Collection kept = Must(db_->CreateCollection(name, BodySchema(kDimension), create));
    const auto put = [&](int i) {
      Must(kept.PutDocument(MakePage("p", {"stays", "round " + std::to_string(i)}), Embedding()));
    };
    for (int i = 1; i <= 600; ++i) put(i);
    Must(db_->Compact());
    Reopen();
    kept = Must(db_->GetCollection(name));
    put(601);
    const auto history = Must(kept.History("p"));
    ASSERT_EQ(history.size(), keep + 1);
    for (std::uint32_t back = 0; back <= keep; ++back) {
      GetOptions options;
      options.version = 601 - back;
      options.with_vectors = true;
      const StoredDocument document = Must(kept.GetDocument("p", options));
      const std::string text = "round " + std::to_string(601 - back);
      EXPECT_EQ(document.chunks[1].text, text);
      EXPECT_EQ(document.chunks[1].vectors.at("body"), HashVector(text, kDimension));
      EXPECT_EQ(document.info.version, 601 - back);
    }
    GetOptions options;
    options.version = 600 - keep;
    EXPECT_TRUE(Fails(kept.GetDocument("p", options), StatusCode::kNotFound, {"601"}));
    Must(kept.DeleteDocument("p"));
    options.version = 602;
    EXPECT_TRUE(Fails(kept.GetDocument("p", options), StatusCode::kNotFound, {"deletion"}));
    Must(db_->Compact());
    EXPECT_TRUE(Fails(kept.History("p"), StatusCode::kNotFound));
  }
  CreateOptions create;
  create.keep_versions = 1'000'001;
  EXPECT_TRUE(
      Fails(db_->CreateCollection("c", {}, create), StatusCode::kInvalidArgument, {"1000001"}));
}

}  // namespace
}  // namespace tracevec
