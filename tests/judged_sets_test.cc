// Rankings of published test collections against their relevance judgements. Prints its figures.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/judged_set.h"
#include "tests/shared_data.h"
#include "tests/test_database.h"

namespace tracevec {
namespace {

/// What data/ir/README.md has of a set: nDCG@10 of BM25 (k1 1.2, b 0.75) and of the vectors.
struct Reference {
  std::string name;
  double bm25;
  double dense;
};
const std::vector<Reference> kReferences = {{"cranfield", 0.509, 0.502},
                                            {"scifact", 0.676, 0.647},
                                            {"squad", 0.889, 0.792},
                                            {"cacm", 0.457, 0.418}};

class JudgedSetsTest : public DatabaseTest {
 protected:
  /// A collection of the set's texts, each as `rewrite` gives it.
  template <typename Rewrite>
  Collection Load(const JudgedSet& set, const TextField& text, const Rewrite& rewrite) {
    CollectionSchema schema = BodySchema(static_cast<std::uint32_t>(set.vectors.dimension));
    schema.text = text;
    Collection collection = Must(db_->CreateCollection(set.name, schema));
    std::vector<std::string> texts;
    for (const std::string& each : set.texts) texts.push_back(rewrite(each));
    UpsertRequest request;
    request.ids = set.ids;
    request.texts = texts;
    request.vectors[""] = set.vectors.values;
    Must(collection.Upsert(request));
    return collection;
  }

  /// The mean nDCG@10 over the judged queries.
  template <typename MakeRequest>
  static double Ndcg(const JudgedSet& set, const Collection& collection, const MakeRequest& make) {
    double total = 0;
    for (const JudgedQuery& query : set.queries) {
      SearchRequest request = make(query);
      request.with_content = false;
      request.receipt = ReceiptLevel::kOff;
      total += NdcgAt10(query, IdsOf(Must(collection.Search(request)).hits));
    }
    return total / static_cast<double>(set.queries.size());
  }
};

TEST_F(JudgedSetsTest, Bm25IsAsGoodAsItsReference) {
  if (!SharedDataPath("ir")) GTEST_SKIP() << MissingSharedData("ir");
  TextField plain{"simple"};
  plain.stop_words = EnglishStopWords();
  for (const Reference& reference : kReferences) {
    const JudgedSet set = ReadJudgedSet(reference.name);
    const Collection collection = Load(set, plain, LightStems);
    const double ndcg = Ndcg(set, collection, [](const JudgedQuery& query) {
      SearchRequest request;
      request.text = LightStems(query.text);
      return request;
    });
    std::printf("%-10s BM25, rules of the README: nDCG@10 %.4f, reference %.3f\n",
                reference.name.c_str(), ndcg, reference.bm25);
    EXPECT_GE(ndcg, reference.bm25 - 0.01) << reference.name;
  }
}

TEST_F(JudgedSetsTest, HybridIsNoWorseThanTheBetterOfItsSources) {
  if (!SharedDataPath("ir")) GTEST_SKIP() << MissingSharedData("ir");
  int better = 0;
  for (const Reference& reference : kReferences) {
    const JudgedSet set = ReadJudgedSet(reference.name);
    const Collection collection =
        Load(set, TextField{}, [](const std::string& text) { return text; });
    const auto ndcg = [&](bool by_text, bool by_vector) {
      return Ndcg(set, collection, [&](const JudgedQuery& query) {
        SearchRequest request;
        if (by_text) request.text = WithoutSyntax(query.text);
        if (by_vector) request.vector = set.query_vectors.Row(query.vector);
        request.exact = true;
        return request;
      });
    };
    const double bm25 = ndcg(true, false);
    const double dense = ndcg(false, true);
    const double hybrid = ndcg(true, true);
    std::printf("%-10s nDCG@10: english %.4f (%.3f) dense %.4f (%.3f) hybrid %.4f\n",
                reference.name.c_str(), bm25, reference.bm25, dense, reference.dense, hybrid);
    EXPECT_GE(bm25, reference.bm25 - 0.03) << reference.name;
    EXPECT_NEAR(dense, reference.dense, 0.005) << reference.name;
    EXPECT_GE(hybrid, std::max(bm25, dense) - 0.01) << reference.name;
    better += hybrid > std::max(bm25, dense) ? 1 : 0;
  }
  EXPECT_GE(better, 2);
}

}  // namespace
}  // namespace tracevec
