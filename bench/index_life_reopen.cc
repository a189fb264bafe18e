// A database that is opened again: how soon it answers, and what it takes in memory and on disk.

#include <fmt/format.h>

#include <algorithm>

#include "bench/index_life.h"
#include "bench/own_process.h"

namespace tracevec::bench {
namespace {

constexpr std::size_t kReopenedRows = 340'000;
constexpr std::size_t kQuickReopenedRows = 1'000;
constexpr std::size_t kReopens = 5;
constexpr std::size_t kQuickReopens = 1;
/// So little that what the store keeps in memory hardly shows beside the index.
constexpr std::size_t kLeastStoreMemoryBytes = std::size_t{8} << 20;
constexpr std::size_t kDefaultStoreMemoryBytes = std::size_t{256} << 20;

VectorData LoadRows(BenchReport* report) {
  VectorData data = LoadLifeData(report, RowsFlag(*report, kReopenedRows, kQuickReopenedRows));
  report->SetUp("rows", data.base.rows);
  return data;
}

/// The goals are for two sizes; between and beyond them the time may grow with the rows.
double GoalMilliseconds(std::size_t rows) {
  constexpr double kSmall = 340'000;
  constexpr double kLarge = 1'000'000;
  const auto count = static_cast<double>(rows);
  if (count <= kSmall) return 100;
  return 100 + 100 * (count - kSmall) / (kLarge - kSmall);
}

/// The first process brings the files into the page cache and does not count.
void ReportReopen(const std::string& name, const LifeDatabase& life, const FloatMatrix& queries,
                  std::size_t rows, BenchReport* report) {
  const FloatMatrix one{1, queries.dimension, {queries.Row(0).begin(), queries.Row(0).end()}};
  ProbeResult last = Probe(life, one, kDefaultStoreMemoryBytes);
  const double first = last.first_answer_ms;
  std::vector<double> opens;
  std::vector<double> answers;
  for (std::size_t i = 0; i < (report->quick() ? kQuickReopens : kReopens); ++i) {
    last = Probe(life, one, kDefaultStoreMemoryBytes);
    opens.push_back(last.open_ms);
    answers.push_back(last.first_answer_ms);
  }
  report->Figure(name, Median(answers), "ms", AtMost(GoalMilliseconds(rows)),
                 {{"open_ms", Median(opens)},
                  {"least_ms", *std::min_element(answers.begin(), answers.end())},
                  {"most_ms", *std::max_element(answers.begin(), answers.end())},
                  {"not_counted_ms", first},
                  {"segments", last.segments},
                  {"unbuilt_chunks", last.unbuilt_chunks}});
  BenchReport::Note(fmt::format("{}: {} rows, {:.1f} ms, of which Open {:.1f} ms; {} segments",
                                name, rows, Median(answers), Median(opens), last.segments));
}

/// The heap, and of mapped files all but the vectors for rescoring, as if all were resident: which
/// of their pages are depends on what is searched. What the heap has a copy of is read once, at
/// opening, and forgotten.
double ResidentWithoutVectors(const ProbeResult& probe, double raw_bytes, double rows) {
  const double copied_bytes = probe.index_bytes - rows * sizeof(std::uint64_t);
  return probe.anonymous_bytes + probe.mapped_bytes - raw_bytes - copied_bytes;
}

void ReportMemory(const ProbeResult& probe, const VectorData& data, double index_bytes,
                  BenchReport* report) {
  const auto rows = static_cast<double>(data.base.rows);
  const auto dimension = static_cast<double>(data.base.dimension);
  const double raw_bytes = rows * dimension * sizeof(float);
  const double without = ResidentWithoutVectors(probe, raw_bytes, rows) / rows;
  report->Figure("size_resident_without_vectors", without, "bytes a vector",
                 AtMost(dimension + 200),
                 {{"heap", probe.anonymous_bytes / rows}, {"mapped", probe.mapped_bytes / rows}});
  report->Figure("size_resident", probe.resident_bytes / rows, "bytes a vector", std::nullopt,
                 {{"searches", data.queries.rows}});
  report->Figure("size_index", index_bytes / rows, "bytes a vector", std::nullopt,
                 {{"reopened", probe.index_bytes / rows}});
  BenchReport::Note(fmt::format(
      "size: resident {:.0f} bytes a vector, {:.0f} without vectors for rescoring (goal {:.0f}); "
      "index_bytes {:.0f}",
      probe.resident_bytes / rows, without, dimension + 200, index_bytes / rows));
}

void ReportDisk(double disk_bytes, double file_bytes, const VectorData& data, BenchReport* report) {
  const double raw_bytes = static_cast<double>(data.base.rows) *
                           static_cast<double>(data.base.dimension) * sizeof(float);
  const Goal goal = AtMost(data.base.dimension >= 384 ? 2.6 : 3.1);
  report->Figure("size_disk", disk_bytes / raw_bytes, "ratio to raw vectors", goal,
                 {{"bytes", disk_bytes}});
  report->Figure("size_files", file_bytes / raw_bytes, "ratio to raw vectors", goal,
                 {{"bytes", file_bytes}});
  BenchReport::Note(fmt::format("size: disk {:.2f}x raw, files {:.2f}x (goal {})",
                                disk_bytes / raw_bytes, file_bytes / raw_bytes, goal.value));
}

}  // namespace

void RunReopen(BenchReport* report) {
  UnpinProcessor();
  const VectorData data = LoadRows(report);
  LifeDatabase life(data.base.dimension);
  UpsertFirst(data.base, data.base.rows, &life.collection());
  WaitUntilQuiet(life.collection());
  life.Close();
  ReportReopen("reopen_after_close", life, data.queries, data.base.rows, report);
  life.Reopen();
  Must(life.database().Compact());
  life.Close();
  ReportReopen("reopen_after_compact", life, data.queries, data.base.rows, report);
}

void RunSize(BenchReport* report) {
  UnpinProcessor();
  const VectorData data = LoadRows(report);
  LifeDatabase life(data.base.dimension);
  UpsertFirst(data.base, data.base.rows, &life.collection());
  Must(life.database().Compact());
  const auto index_bytes = static_cast<double>(Must(life.collection().Stats()).index_bytes);
  const auto disk_bytes = static_cast<double>(Must(life.database().Stats()).disk_bytes);
  life.Close();
  const auto file_bytes = static_cast<double>(DiskBytesBelow(life.path()));
  ReportMemory(Probe(life, data.queries, kLeastStoreMemoryBytes), data, index_bytes, report);
  ReportDisk(disk_bytes, file_bytes, data, report);
}

}  // namespace tracevec::bench
