#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/bench_report.h"
#include "bench/vector_data.h"
#include "tests/temporary_directory.h"
#include "tracevec/tracevec.h"

namespace tracevec::bench {

/// The parts of index_life_bench: see README.md.
void RunStream(BenchReport* report);
void RunChurn(BenchReport* report);
void RunReopen(BenchReport* report);
void RunSize(BenchReport* report);
/// The process that reopen, size and churn start: opens a database and answers.
void RunProbe(BenchReport* report);

constexpr const char* kCollectionName = "rows";
constexpr std::uint32_t kRecallK = 10;

/// A flag as a number, or what it is where it was not given.
double NumberFlag(const BenchReport& report, const std::string& name, double otherwise);

/// Rows of a run: --rows, or as many as it has by default or in quick form.
std::size_t RowsFlag(const BenchReport& report, std::size_t rows, std::size_t quick_rows);

/// The vectors of --data, at most so many rows, or as many generated ones, named in the setup.
VectorData LoadLifeData(BenchReport* report, std::size_t rows);

/// A new database in a folder that goes away with it, and its collection.
class LifeDatabase {
 public:
  explicit LifeDatabase(std::size_t dimension);

  Database& database() { return *database_; }
  Collection& collection() { return *collection_; }
  const std::string& folder() const { return folder_.path(); }
  std::string path() const { return folder_ / "db"; }
  void Close() { Must(database_->Close()); }
  void Reopen();

 private:
  TemporaryDirectory folder_;
  std::unique_ptr<Database> database_;
  std::optional<Collection> collection_;
};

/// Writes one row, whose id is a number.
void UpsertOne(std::size_t id, std::span<const float> vector, Collection* collection);
/// Writes the first rows, whose ids are their numbers, in one call.
void UpsertFirst(const FloatMatrix& base, std::size_t rows, Collection* collection);

/// Waits until no row waits for a segment and no other thread works, so that no merge runs either;
/// the seconds until then.
double WaitUntilQuiet(const Collection& collection);

/// Of one query: the share of the exact answer's places that the other answer fills. A hit is right
/// if its score reaches that of the exact answer's last one, so that equal scores may stand for
/// each other; an id counts once.
double RecallOf(std::span<const std::string> ids, std::span<const float> scores,
                std::span<const float> exact_scores);

/// Recall of each query at default settings, against an exact search.
std::vector<double> MeasureRecalls(const Collection& collection, const FloatMatrix& queries);

double Mean(const std::vector<double>& values);

/// What a process of its own found that opened the database.
struct ProbeResult {
  double open_ms = 0;              ///< Until Database::Open and GetCollection were done.
  double first_answer_ms = 0;      ///< From the start of Open to the first answer.
  std::size_t segments = 0;        ///< At the first answer.
  std::size_t unbuilt_chunks = 0;  ///< At the first answer.
  double index_bytes = 0;          ///< As Stats has it after the searches.
  double resident_bytes = 0;       ///< More than before Open, after the searches.
  double anonymous_bytes = 0;      ///< Of these, those of no file.
  double mapped_bytes = 0;         ///< Of the database's files, resident or not.
};

/// Opens a closed database in a process of its own. Of several queries all but the first are
/// searched once the index is quiet; of one, the first answer is the end.
ProbeResult Probe(const LifeDatabase& database, const FloatMatrix& queries,
                  std::size_t store_memory_bytes);

}  // namespace tracevec::bench
