// Sets of routes: kept over restarts, replaced whole, and asked which a question takes.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/test_database.h"

namespace tracevec {
namespace {

class RoutesTest : public DatabaseTest {
 protected:
  static RouteSet Intents() {
    RouteSet set;
    set.name = "intents";
    set.dimension = 2;
    SemanticRoute billing;
    billing.name = "billing";
    billing.utterances = {"pay", "the bill"};
    billing.vectors = {3, 0, 1, 1};
    billing.threshold = 0.8;
    billing.collections = {"invoices", "contracts"};
    billing.where = Filter("year >= 2020");
    SemanticRoute weather;
    weather.name = "weather";
    weather.utterances = {"rain"};
    weather.vectors = {0, 5};
    weather.threshold = 0.2;
    set.routes = {billing, weather};
    return set;
  }
  std::vector<RouteMatch> Ask(const std::vector<float>& vector, RouteOptions options = {}) {
    return Must(db_->Route("intents", vector, options));
  }
  static std::vector<std::string> Names(const std::vector<RouteMatch>& matches) {
    std::vector<std::string> names;
    for (const RouteMatch& match : matches) names.push_back(match.name);
    return names;
  }
};

TEST_F(RoutesTest, AQuestionTakesThoseThatScoreAtLeastTheirThreshold) {
  Must(db_->PutRoutes(Intents()));
  for (int opened = 0; opened < 2; ++opened) {
    const std::vector<RouteMatch> matches = Ask({2, 1});
    ASSERT_EQ(Names(matches), (std::vector<std::string>{"billing", "weather"}));
    EXPECT_EQ(matches[0].utterance, "the bill");
    EXPECT_NEAR(matches[0].score, 3 / std::sqrt(10), 1e-6);
    EXPECT_EQ(matches[0].collections, (std::vector<std::string>{"invoices", "contracts"}));
    EXPECT_EQ(matches[0].where.ToString(), "year >= 2020");
    EXPECT_TRUE(matches[1].where.empty());
    EXPECT_EQ(Names(Ask({1, 0})), std::vector<std::string>{"billing"});
    EXPECT_TRUE(Ask({-1, -1}).empty());
    EXPECT_EQ(Names(Ask({2, 1}, {{}, 1})), std::vector<std::string>{"billing"});
    Reopen();
  }
}

TEST_F(RoutesTest, ASetIsReplacedWholeAndDeleted) {
  Must(db_->PutRoutes(Intents()));
  RouteSet set = Intents();
  set.metric = Metric::kL2;
  set.routes.resize(1);
  set.routes[0].threshold = -4;
  Must(db_->PutRoutes(set));
  const std::vector<RouteMatch> matches = Ask({3, 1});
  ASSERT_EQ(Names(matches), std::vector<std::string>{"billing"});
  EXPECT_EQ(matches[0].score, -1);
  EXPECT_TRUE(Ask({9, 9}).empty());
  const RouteSet stored = Must(db_->Routes("intents"));
  EXPECT_EQ(stored.routes[0].vectors, set.routes[0].vectors) << "as given";
  EXPECT_EQ(Must(db_->ListRoutes()), std::vector<std::string>{"intents"});
  Must(db_->DeleteRoutes("intents"));
  EXPECT_TRUE(Must(db_->ListRoutes()).empty());
  EXPECT_TRUE(Fails(db_->Route("intents", std::vector<float>{1, 0}), StatusCode::kNotFound));
  EXPECT_TRUE(Fails(db_->DeleteRoutes("intents"), StatusCode::kNotFound));
}

TEST_F(RoutesTest, SpacesAreChecked) {
  RouteSet set = Intents();
  set.space.model = "ours";
  Must(db_->PutRoutes(set));
  RouteOptions options;
  EXPECT_FALSE(Ask({1, 0}, options).empty());
  options.space.model = "ours";
  EXPECT_FALSE(Ask({1, 0}, options).empty());
  options.space.model = "theirs";
  EXPECT_TRUE(Fails(db_->Route("intents", std::vector<float>{1, 0}, options),
                    StatusCode::kEmbeddingSpaceMismatch, {"ours", "theirs"}));
}

TEST_F(RoutesTest, ASnapshotAsksThePresentOnesAndWritesNone) {
  Must(db_->PutRoutes(Intents()));
  Must(db_->Snapshot("then"));
  const auto then = Must(db_->At("then"));
  EXPECT_FALSE(Must(then->Route("intents", std::vector<float>{1, 0})).empty());
  EXPECT_TRUE(Fails(then->PutRoutes(Intents()), StatusCode::kReadOnly));
  EXPECT_TRUE(Fails(then->DeleteRoutes("intents"), StatusCode::kReadOnly));
}

TEST_F(RoutesTest, BadSetsAndQuestionsAreErrorsThatSayWhatIsWrong) {
  const auto fails = [&](const RouteSet& set, const std::vector<std::string>& parts) {
    return Fails(db_->PutRoutes(set), StatusCode::kInvalidArgument, parts);
  };
  const auto with = [](auto change) {
    RouteSet set = Intents();
    change(set);
    return set;
  };
  EXPECT_TRUE(fails(with([](RouteSet& s) { s.name.clear(); }), {"name of a set of routes"}));
  EXPECT_TRUE(fails(with([](RouteSet& s) { s.dimension = 0; }), {"dimension", "got 0"}));
  EXPECT_TRUE(fails(with([](RouteSet& s) { s.routes[1].name = "billing"; }), {"given twice"}));
  EXPECT_TRUE(fails(with([](RouteSet& s) { s.routes[1].utterances.clear(); }),
                    {"route 'weather'", "no utterances"}));
  EXPECT_TRUE(fails(with([](RouteSet& s) { s.routes[1].vectors.push_back(1); }),
                    {"route 'weather'", "1 x 2 = 2", "got 3"}));
  EXPECT_TRUE(fails(with([](RouteSet& s) { s.routes[1].vectors = {0, 0}; }), {"utterance 0"}));
  EXPECT_TRUE(
      fails(with([](RouteSet& s) { s.routes[1].where = Filter("year >"); }), {"route 'weather'"}));
  EXPECT_TRUE(
      fails(with([](RouteSet& s) { s.routes[1].threshold = std::nan(""); }), {"threshold"}));
  EXPECT_TRUE(Must(db_->ListRoutes()).empty());
  Must(db_->PutRoutes(Intents()));
  EXPECT_TRUE(Fails(db_->Route("intent", std::vector<float>{1, 0}), StatusCode::kNotFound,
                    {"did you mean 'intents'"}));
  EXPECT_TRUE(Fails(db_->Route("intents", std::vector<float>{1}), StatusCode::kInvalidArgument,
                    {"expected 2, got 1"}));
  EXPECT_TRUE(Fails(db_->Route("intents", std::vector<float>{0, 0}), StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace tracevec
