#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "retrieval/database_impl.h"
#include "tests/database_model.h"
#include "tests/model_difference.h"
#include "tests/model_operation.h"
#include "tests/random_operations.h"
#include "tests/small_index_options.h"
#include "tests/temporary_directory.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

/// Does random operations to a database and to its model, and compares the two.
class ModelRun {
 public:
  ModelRun(std::uint64_t seed, const IndexOptions& index)
      : seed_(seed), random_(seed), index_(index) {}

  /// Everything is compared about so often, and after each reopening.
  static constexpr std::size_t kOperationsBetweenComparisons = 200;

  /// The first difference, with the operations before it, or "".
  std::string Run(std::size_t operations) {
    std::string difference = Reopen();
    for (std::size_t i = 0; i < operations && difference.empty(); ++i) {
      difference = Step(i);
      if (!difference.empty() || random_() % kOperationsBetweenComparisons != 0) continue;
      const std::uint64_t choice = random_() % 4;
      difference = choice == 0 ? Compare() : choice == 1 ? Rebuild() : Reopen();
    }
    if (difference.empty()) difference = Reopen();
    return difference.empty() ? "" : difference + LastOperations();
  }

 private:
  std::string Step(std::size_t index) {
    const Operation operation = MakeOperation(seed_, index, model_, mix_);
    log_.push_back(std::to_string(index) + " " + operation.Describe());
    if (log_.size() > 12) log_.pop_front();
    const Outcome expected = model_.Apply(operation);
    const Outcome actual = Execute(*database_, operation);
    std::string difference = DifferenceOf(expected, actual);
    if (!difference.empty()) return difference;
    const auto collection = database_->GetCollection(operation.collection);
    if (!collection.ok()) return "";  // It was dropped.
    return CompareWritten(operation, *collection);
  }

  /// What is cheap: the number of chunks, and some of the documents that were written.
  std::string CompareWritten(const Operation& operation, const Collection& collection) {
    ModelCollection& model = model_.collections.at(operation.collection);
    const auto count = collection.Count();
    if (!count.ok() || *count != model.visible_chunks()) {
      return "count: expected " + std::to_string(model.visible_chunks()) + ", got " +
             (count.ok() ? std::to_string(*count) : count.status().ToString());
    }
    std::set<std::string> written;
    for (const Document& document : operation.documents) written.insert(document.id);
    for (const std::string& id : operation.ids) {
      if (written.size() < 8) written.insert(id);
    }
    for (const std::string& id : written) {
      std::string difference = DifferenceOfDocument(collection, &model, id);
      if (!difference.empty()) return difference;
    }
    return "";
  }

  /// Rows move from the head into one segment, where operations then find them.
  std::string Rebuild() {
    const Status rebuilt = database_->Compact(1 + random_() % 2);
    if (!rebuilt.ok()) return "compact: " + rebuilt.ToString();
    log_.push_back("compact");
    for (auto& [name, collection] : model_.collections) collection.DropExpired();
    return Compare();
  }

  std::string Compare() { return DifferenceOf(*database_, &model_, random_()); }

  std::string Reopen() {
    if (database_ != nullptr) {
      const Status closed = database_->Close();
      if (!closed.ok()) return "close: " + closed.ToString();
    }
    database_.reset();
    auto opened = OpenForTest(directory_.path(), {}, nullptr, index_);
    if (!opened.ok()) return "open: " + opened.status().ToString();
    database_ = *std::move(opened);
    const auto stats = database_->Stats();
    if (!stats.ok() || stats->timeline != 1) return "the timeline grew after a clean close";
    log_.push_back("reopen");
    return Compare();
  }

  std::string LastOperations() const {
    std::string text = "\nafter:";
    for (const std::string& line : log_) text += "\n  " + line;
    return text;
  }

  const std::uint64_t seed_;
  std::mt19937_64 random_;
  const IndexOptions index_;
  const OperationMix mix_ = {.rebuild_one_in = 100};
  const TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
  DatabaseModel model_;
  std::deque<std::string> log_;
};

/// Several databases, so that one rare divergence does not hide others and the runs can go side by
/// side.
class Model : public ::testing::TestWithParam<int> {};

TEST_P(Model, ADatabaseAnswersAsItsModelAfterEveryOperation) {
  const std::uint64_t seed = TestSeed() + static_cast<std::uint64_t>(GetParam());
  SCOPED_TRACE("repeat with the first database and " + SeedMessage(seed));
  const IndexOptions index = GetParam() % 2 == 0 ? IndexOptions() : kSmallIndexOptions;
  const std::string difference = ModelRun(seed, index).Run(TestIterations(5'000));
  EXPECT_TRUE(difference.empty()) << difference;
}

INSTANTIATE_TEST_SUITE_P(Databases, Model, ::testing::Range(0, 4));

}  // namespace
}  // namespace tracevec
