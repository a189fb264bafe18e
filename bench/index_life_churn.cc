// Rounds of replacing, deleting and inserting: what is left of recall, memory and disk.

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <numeric>
#include <random>
#include <utility>

#include "bench/index_life.h"
#include "bench/own_process.h"

namespace tracevec::bench {
namespace {

constexpr std::size_t kChurnedRows = 60'000;
constexpr std::size_t kQuickChurnedRows = 2'000;
constexpr double kRounds = 5;
constexpr double kBatch = 100;
constexpr double kDeletedShare = 0.3;
constexpr std::uint64_t kOrderSeed = 17;
constexpr std::size_t kStoreMemoryBytes = std::size_t{8} << 20;

/// Ids and vectors of a collection that changes. The data has more rows than are live: a replaced
/// vector goes to the end of the queue from which new ones are taken.
class ChurningRows {
 public:
  ChurningRows(const FloatMatrix& pool, std::size_t live, std::size_t batch, Collection* collection)
      : pool_(pool), batch_(batch), collection_(collection), free_(pool.rows - live) {
    for (std::size_t row = 0; row < live; ++row) {
      ids_.push_back(std::to_string(next_id_++));
      rows_.push_back(row);
    }
    std::iota(free_.begin(), free_.end(), live);
    Write(0, live);
  }

  /// Gives every id a new vector, in a random order, as documents change.
  void ReplaceAll() {
    Shuffle();
    for (std::size_t& row : rows_) {
      free_.push_back(row);
      row = free_.front();
      free_.pop_front();
    }
    Write(0, ids_.size());
  }

  void DeleteAndInsert(double share) {
    Shuffle();
    const auto count = static_cast<std::size_t>(share * static_cast<double>(ids_.size()));
    for (std::size_t first = 0; first < count; first += batch_) {
      const auto start = ids_.begin() + static_cast<std::ptrdiff_t>(first);
      const auto size = static_cast<std::ptrdiff_t>(std::min(batch_, count - first));
      Selection selection;
      selection.ids = std::vector<std::string>(start, start + size);
      Must(collection_->Delete(selection));
    }
    for (std::size_t i = 0; i < count; ++i) {
      ids_[i] = std::to_string(next_id_++);
      free_.push_back(rows_[i]);
      rows_[i] = free_.front();
      free_.pop_front();
    }
    Write(0, count);
  }

  /// Everything that is live, in one call.
  void WriteTo(Collection* collection) const { WriteRows(0, ids_.size(), collection); }

 private:
  void Shuffle() {
    std::vector<std::size_t> order(ids_.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random_);
    std::vector<std::string> ids;
    std::vector<std::size_t> rows;
    for (const std::size_t i : order) {
      ids.push_back(std::move(ids_[i]));
      rows.push_back(rows_[i]);
    }
    ids_ = std::move(ids);
    rows_ = std::move(rows);
  }

  void Write(std::size_t first, std::size_t count) {
    for (std::size_t at = first; at < first + count; at += batch_) {
      WriteRows(at, std::min(batch_, first + count - at), collection_);
    }
  }

  void WriteRows(std::size_t first, std::size_t count, Collection* collection) const {
    std::vector<float> vectors;
    for (std::size_t i = first; i < first + count; ++i) {
      const auto row = pool_.Row(rows_[i]);
      vectors.insert(vectors.end(), row.begin(), row.end());
    }
    UpsertRequest request;
    request.ids = std::span(ids_).subspan(first, count);
    request.vectors[""] = vectors;
    Must(collection->Upsert(request));
  }

  const FloatMatrix& pool_;
  std::size_t batch_;
  Collection* collection_;
  std::vector<std::string> ids_;
  std::vector<std::size_t> rows_;  ///< In the pool, of each id.
  std::deque<std::size_t> free_;
  std::size_t next_id_ = 0;
  std::mt19937_64 random_{kOrderSeed};
};

/// What is compared with a fresh database, after compact().
struct Compacted {
  double recall = 0;
  double index_bytes = 0;
  double disk_bytes = 0;      ///< As Stats has it.
  double file_bytes = 0;      ///< What the files take, closed.
  double resident_bytes = 0;  ///< Of a process that opens it.
  std::uint64_t segments = 0;
};

Compacted Compact(const FloatMatrix& queries, LifeDatabase* life) {
  Must(life->database().Compact());
  WaitUntilQuiet(life->collection());
  Compacted found;
  found.recall = Mean(MeasureRecalls(life->collection(), queries));
  const CollectionStats stats = Must(life->collection().Stats());
  found.index_bytes = static_cast<double>(stats.index_bytes);
  found.segments = stats.segments;
  found.disk_bytes = static_cast<double>(Must(life->database().Stats()).disk_bytes);
  life->Close();
  found.file_bytes = static_cast<double>(DiskBytesBelow(life->path()));
  found.resident_bytes = Probe(*life, queries, kStoreMemoryBytes).resident_bytes;
  return found;
}

void ReportRound(const std::string& step, std::size_t round, const FloatMatrix& queries,
                 const Collection& collection, double seconds, BenchReport* report) {
  WaitUntilQuiet(collection);
  const CollectionStats stats = Must(collection.Stats());
  const double recall = Mean(MeasureRecalls(collection, queries));
  report->Figure("churn_recall_after_" + step, recall, "recall@10", std::nullopt,
                 {{"round", round},
                  {"write_seconds", seconds},
                  {"segments", stats.segments},
                  {"tombstones", stats.tombstones},
                  {"write_stalls", stats.write_stalls},
                  {"index_bytes", stats.index_bytes}});
  BenchReport::Note(fmt::format("churn, round {}: recall@10 {:.4f} after {}, {} segments, {} dead",
                                round, recall, step, stats.segments, stats.tombstones));
}

void ReportRatios(double recall_before, const Compacted& churned, const Compacted& fresh,
                  BenchReport* report) {
  const auto ratio = [&](const char* name, double value, double other, Goal goal) {
    report->Figure(name, value / other, "ratio to fresh", goal,
                   {{"churned", value}, {"fresh", other}});
    BenchReport::Note(fmt::format("{}: {:.4f} of fresh", name, value / other));
  };
  report->SetUp("segments_after_compact", churned.segments);
  ratio("churn_recall_before_compact", recall_before, fresh.recall, AtLeast(0.99));
  ratio("churn_recall_after_compact", churned.recall, fresh.recall, AtLeast(0.99));
  ratio("churn_index_bytes", churned.index_bytes, fresh.index_bytes, AtMost(1.15));
  ratio("churn_resident_reopened", churned.resident_bytes, fresh.resident_bytes, AtMost(1.15));
  ratio("churn_disk_bytes", churned.disk_bytes, fresh.disk_bytes, AtMost(1.15));
  ratio("churn_file_bytes", churned.file_bytes, fresh.file_bytes, AtMost(1.15));
}

}  // namespace

void RunChurn(BenchReport* report) {
  UnpinProcessor();
  const std::size_t wanted = RowsFlag(*report, kChurnedRows, kQuickChurnedRows);
  const VectorData data = LoadLifeData(report, 2 * wanted);
  const std::size_t live = std::min(wanted, data.base.rows / 2);
  const auto rounds =
      static_cast<std::size_t>(NumberFlag(*report, "--rounds", report->quick() ? 1 : kRounds));
  const auto batch = static_cast<std::size_t>(NumberFlag(*report, "--batch", kBatch));
  report->SetUp("rows", live);
  report->SetUp("rounds", rounds);
  report->SetUp("rows_a_call", batch);

  LifeDatabase life(data.base.dimension);
  ChurningRows rows(data.base, live, batch, &life.collection());
  for (std::size_t round = 1; round <= rounds; ++round) {
    const Timer replacing;
    rows.ReplaceAll();
    ReportRound("replacing", round, data.queries, life.collection(), replacing.WallSeconds(),
                report);
    const Timer deleting;
    rows.DeleteAndInsert(kDeletedShare);
    ReportRound("deleting", round, data.queries, life.collection(), deleting.WallSeconds(), report);
  }
  const double recall_before = Mean(MeasureRecalls(life.collection(), data.queries));
  const Compacted churned = Compact(data.queries, &life);

  LifeDatabase fresh(data.base.dimension);
  rows.WriteTo(&fresh.collection());
  ReportRatios(recall_before, churned, Compact(data.queries, &fresh), report);
}

}  // namespace tracevec::bench
