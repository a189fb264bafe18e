// Near-duplicates in judged collections: each text is there three times, twice lightly edited. What
// deduplication leaves of them among the first ten, and what it costs. Prints its figures.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "core/kernel_dispatch.h"
#include "core/vector_math.h"
#include "tests/judged_set.h"
#include "tests/shared_data.h"
#include "tests/stage_test.h"
#include "tests/test_database.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

constexpr std::size_t kCopies = 3;
constexpr std::uint32_t kCandidates = 100;

/// A text of which one word in 50 is replaced, dropped or said twice, and all is in upper case.
/// Titles of a few words are mostly left their words: of those that differ in one of eight, most
/// say something else.
std::string Edited(const std::string& text, std::mt19937_64& random) {
  std::istringstream words(text);
  std::string edited;
  for (std::string word; words >> word;) {
    if (random() % 50 == 0) {
      const std::size_t kind = random() % 3;
      word = kind == 0 ? "instead" : kind == 1 ? std::string() : word + " " + word;
    }
    for (const char c : word) edited += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    edited += ' ';
  }
  return edited;
}

/// A vector of cosine 0.98 to another, in a random direction: what an edit does to an embedding is
/// not known here, so this says how vectors are compared, not how a model behaves.
std::vector<float> Moved(std::span<const float> vector, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  std::vector<float> moved(vector.begin(), vector.end());
  double norm = 0;
  for (const float component : vector) norm += static_cast<double>(component) * component;
  const double noise = std::sqrt(norm / static_cast<double>(vector.size())) * 0.203;
  for (float& component : moved) component += static_cast<float>(noise) * normal(random);
  return moved;
}

class StageTwinsTest : public DatabaseTest {
 protected:
  /// A text, its vector, and twins of both, in the database and for stages.
  void Load(const JudgedSet& set, std::mt19937_64& random) {
    CollectionSchema schema = BodySchema(static_cast<std::uint32_t>(set.vectors.dimension));
    schema.text = TextField{};
    collection_.emplace(Must(db_->CreateCollection(set.name, schema)));
    reader_.Clear();
    numbers_.clear();
    Rows rows;
    for (std::size_t i = 0; i < set.ids.size(); ++i) {
      for (std::size_t copy = 0; copy < kCopies; ++copy) {
        const std::span<const float> row = set.vectors.Row(i);
        const std::vector<float> vector =
            copy == 0 ? std::vector<float>(row.begin(), row.end()) : Moved(row, random);
        rows.ids.push_back(set.ids[i] + "/" + std::to_string(copy));
        rows.texts.push_back(copy == 0 ? set.texts[i] : Edited(set.texts[i], random));
        rows.vectors.insert(rows.vectors.end(), vector.begin(), vector.end());
        Document document;
        document.id = rows.ids.back();
        document.chunks.emplace_back().text = rows.texts.back();
        const DocumentNumber number = reader_.Add(document);
        std::vector<float> unit = vector;
        Normalise(unit.data(), unit.size(), unit.data());
        reader_.SetVector(number, 0, std::move(unit));
        numbers_[document.id] = number;
      }
    }
    Upsert(*collection_, rows);
  }

  static std::string OriginalOf(const std::string& id) { return id.substr(0, id.rfind('/')); }

  std::vector<PassageCandidate> Search(const JudgedSet& set, const JudgedQuery& query) {
    SearchRequest request;
    request.text = WithoutSyntax(query.text);
    request.vector = set.query_vectors.Row(query.vector);
    request.exact = true;
    request.k = kCandidates;
    request.with_content = false;
    request.receipt = ReceiptLevel::kOff;
    std::vector<PassageCandidate> candidates;
    for (const Hit& hit : Must(collection_->Search(request)).hits) {
      PassageCandidate& candidate = candidates.emplace_back();
      candidate.key.document = numbers_.at(hit.id);
      candidate.score = hit.score;
    }
    return candidates;
  }

  /// What the first ten of an answer are worth, where a twin is as good as its original.
  struct Answer {
    double ndcg = 0;
    std::size_t twins = 0;  ///< Of a text that is there already.
  };
  static Answer Judge(const JudgedQuery& query, const std::vector<std::string>& ids) {
    Answer answer;
    std::set<std::string> seen;
    std::vector<std::string> ranking;
    for (const std::string& id : ids) {
      const bool is_new = seen.insert(OriginalOf(id)).second;
      answer.twins += is_new ? 0 : 1;
      ranking.push_back(is_new ? OriginalOf(id) : id);  // Worth nothing the second time.
    }
    answer.ndcg = NdcgAt10(query, ranking);
    return answer;
  }

  Answer RunStagesOver(std::vector<PassageCandidate> candidates, const JudgedQuery& query,
                       const std::vector<PipelineStage>& stages) {
    StageContext context;
    context.reader = &reader_;
    context.kernels = Must(SelectKernels());
    context.report_dropped = false;
    std::vector<StageReport> reports;
    Must(RunStages(stages, context, &candidates, &reports));
    std::vector<std::string> ids;
    for (const PassageCandidate& candidate : candidates) ids.push_back(candidate.passage.document);
    return Judge(query, ids);
  }

  /// The same search where no text has twins: what there is to lose.
  double NdcgWithoutTwins(const JudgedQuery& query,
                          const std::vector<PassageCandidate>& candidates) {
    std::set<std::string> seen;
    std::vector<std::string> ranking;
    for (const PassageCandidate& candidate : candidates) {
      const std::string original = OriginalOf(reader_.ChunkIdOf(candidate.key));
      if (seen.insert(original).second) ranking.push_back(original);
    }
    ranking.resize(std::min<std::size_t>(ranking.size(), 10));
    return NdcgAt10(query, ranking);
  }

  std::optional<Collection> collection_;
  MemoryStageReader reader_;
  std::map<std::string, DocumentNumber> numbers_;
};

TEST_F(StageTwinsTest, LightlyEditedTwinsGoAndWhatIsRelevantStays) {
  if (!SharedDataPath("ir")) GTEST_SKIP() << MissingSharedData("ir");
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  for (const char* name : {"cranfield", "scifact", "squad", "cacm"}) {
    const JudgedSet set = ReadJudgedSet(name);
    Load(set, random);
    for (const DedupMethod method : {DedupMethod::kVector, DedupMethod::kShingles}) {
      DedupStage dedup;
      dedup.method = method;
      Answer before;
      Answer after;
      double ndcg_without_twins = 0;
      for (const JudgedQuery& query : set.queries) {
        const std::vector<PassageCandidate> found = Search(set, query);
        const Answer raw = RunStagesOver(found, query, {LimitStage{10}});
        const Answer kept = RunStagesOver(found, query, {dedup, LimitStage{10}});
        before.twins += raw.twins;
        before.ndcg += raw.ndcg;
        after.twins += kept.twins;
        after.ndcg += kept.ndcg;
        ndcg_without_twins += NdcgWithoutTwins(query, found);
      }
      const auto queries = static_cast<double>(set.queries.size());
      const double removed =
          1 - static_cast<double>(after.twins) / static_cast<double>(before.twins);
      std::printf(
          "%-10s %-8s twins in the first ten %.2f -> %.3f a query, %.1f %% removed; nDCG@10 "
          "%.4f -> %.4f, without twins %.4f\n",
          name, method == DedupMethod::kVector ? "vector" : "shingles",
          static_cast<double>(before.twins) / queries, static_cast<double>(after.twins) / queries,
          100 * removed, before.ndcg / queries, after.ndcg / queries, ndcg_without_twins / queries);
      EXPECT_GE(removed, 0.95) << name;
      EXPECT_GE(after.ndcg / queries, ndcg_without_twins / queries - 0.01) << name;
    }
  }
}

}  // namespace
}  // namespace tracevec
