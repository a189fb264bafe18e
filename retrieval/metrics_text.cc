// Metrics as JSON, and as the text that Prometheus scrapes.

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "retrieval/receipt_json.h"
#include "tracevec/metrics.h"

namespace tracevec {
namespace {

/// A label's value: backslash, quote and line feed are escaped.
std::string Label(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return escaped;
}

class PrometheusText {
 public:
  /// "tracevec_" is put before the name.
  void Family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = fmt::format("tracevec_{}", name);
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help, name_, type);
  }
  /// `labels` with their braces, or "".
  template <typename Number>
  void Sample(std::string_view labels, Number value, std::string_view suffix = "") {
    text_ += fmt::format("{}{}{} {}\n", name_, suffix, labels, value);
  }
  /// `labels` without braces, not empty.
  void Histogram(std::string_view labels, const LatencySummary& summary) {
    for (const auto& [seconds, count] : summary.buckets) {
      Sample(fmt::format("{{{},le=\"{}\"}}", labels, seconds), count, "_bucket");
    }
    Sample(fmt::format("{{{},le=\"+Inf\"}}", labels), summary.count, "_bucket");
    Sample(fmt::format("{{{}}}", labels), summary.sum_micros / 1e6, "_sum");
    Sample(fmt::format("{{{}}}", labels), summary.count, "_count");
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

void PutQueries(const MetricsReport& report, PrometheusText* text) {
  text->Family("queries_total", "counter", "Searches, by how they ended.");
  for (const QueryCounters& of : report.queries) {
    const auto sample = [&](std::string_view outcome, std::uint64_t count) {
      text->Sample(
          fmt::format("{{collection=\"{}\",outcome=\"{}\"}}", Label(of.collection), outcome),
          count);
    };
    sample("ok", of.ok);
    sample("empty", of.empty);
    sample("degraded", of.degraded);
    sample("failed", of.failed);
  }
  const auto family = [&](std::string_view name, std::string_view help,
                          std::uint64_t QueryCounters::*counter) {
    text->Family(name, "counter", help);
    for (const QueryCounters& of : report.queries) {
      text->Sample(fmt::format("{{collection=\"{}\"}}", Label(of.collection)), of.*counter);
    }
  };
  family("distance_computations_total", "Distances computed, rescoring included.",
         &QueryCounters::distances);
  family("graph_nodes_visited_total", "Nodes of graphs whose neighbours were looked at.",
         &QueryCounters::nodes_visited);
  family("rows_scanned_total", "Rows read one after the other.", &QueryCounters::rows_scanned);
  family("filter_tested_total", "Rows that filters were tried on.", &QueryCounters::filter_tested);
  family("filter_passed_total", "Rows that passed them.", &QueryCounters::filter_passed);
}

void PutLatencies(const MetricsReport& report, PrometheusText* text) {
  text->Family("query_duration_seconds", "histogram", "Wall time of a search.");
  for (const LatencySummary& summary : report.latencies) {
    if (summary.stage != "total") continue;
    text->Histogram(fmt::format("collection=\"{}\"", Label(summary.collection)), summary);
  }
  text->Family("query_stage_duration_seconds", "histogram", "Wall time of a stage of searches.");
  for (const LatencySummary& summary : report.latencies) {
    if (summary.stage == "total") continue;
    text->Histogram(fmt::format("collection=\"{}\",stage=\"{}\"", Label(summary.collection),
                                Label(summary.stage)),
                    summary);
  }
}

void PutGauges(const MetricsReport& report, PrometheusText* text) {
  const auto family = [&](std::string_view name, std::string_view help,
                          std::uint64_t CollectionGauges::*gauge) {
    text->Family(name, "gauge", help);
    for (const CollectionGauges& of : report.collections) {
      text->Sample(fmt::format("{{collection=\"{}\"}}", Label(of.collection)), of.*gauge);
    }
  };
  family("live_records", "Chunks of an open collection.", &CollectionGauges::live_chunks);
  family("unbuilt_records", "Rows that wait for a segment.", &CollectionGauges::unbuilt_rows);
  family("segments", "Segments of an open collection.", &CollectionGauges::segments);
  const auto one = [&](std::string_view name, std::string_view type, std::string_view help,
                       auto value) {
    text->Family(name, type, help);
    text->Sample("", value);
  };
  one("receipts_kept_total", "counter", "Receipts that were kept.", report.receipts_kept);
  one("receipts_dropped_total", "counter", "Receipts that could not be written.",
      report.receipts_dropped);
  one("commit", "gauge", "Number of the last commit.", report.commit);
  one("disk_bytes", "gauge", "Size of the directory.", report.disk_bytes);
  one("snapshots", "gauge", "Snapshots that are held.", report.snapshots);
  one("snapshot_age_seconds", "gauge", "Age of the oldest snapshot.",
      report.oldest_snapshot_seconds);
  text->Family("build_info", "gauge", "Library and instruction set.");
  text->Sample(
      fmt::format("{{build=\"{}\",kernels=\"{}\"}}", Label(report.build), Label(report.kernels)),
      1);
}

nlohmann::ordered_json LatencyJson(const LatencySummary& of) {
  return {{"collection", of.collection},
          {"stage", of.stage},
          {"count", of.count},
          {"sum_micros", of.sum_micros},
          {"p50", of.p50},
          {"p95", of.p95},
          {"p99", of.p99},
          {"p999", of.p999},
          {"max", of.max}};
}

}  // namespace

std::string MetricsReport::ToPrometheus() const {
  PrometheusText text;
  PutQueries(*this, &text);
  PutLatencies(*this, &text);
  PutGauges(*this, &text);
  return text.Take();
}

std::string MetricsReport::ToJson() const {
  auto query_list = nlohmann::ordered_json::array();
  for (const QueryCounters& of : queries) {
    query_list.push_back({{"collection", of.collection},
                          {"ok", of.ok},
                          {"empty", of.empty},
                          {"degraded", of.degraded},
                          {"failed", of.failed},
                          {"distances", of.distances},
                          {"nodes_visited", of.nodes_visited},
                          {"rows_scanned", of.rows_scanned},
                          {"filter_tested", of.filter_tested},
                          {"filter_passed", of.filter_passed}});
  }
  auto latency_list = nlohmann::ordered_json::array();
  for (const LatencySummary& of : latencies) latency_list.push_back(LatencyJson(of));
  auto collection_list = nlohmann::ordered_json::array();
  for (const CollectionGauges& of : collections) {
    collection_list.push_back({{"collection", of.collection},
                               {"live_chunks", of.live_chunks},
                               {"unbuilt_rows", of.unbuilt_rows},
                               {"segments", of.segments}});
  }
  return JsonText({{"queries", query_list},
                   {"latencies", latency_list},
                   {"collections", collection_list},
                   {"receipts_kept", receipts_kept},
                   {"receipts_dropped", receipts_dropped},
                   {"commit", commit},
                   {"disk_bytes", disk_bytes},
                   {"snapshots", snapshots},
                   {"oldest_snapshot_seconds", oldest_snapshot_seconds},
                   {"build", build},
                   {"kernels", kernels}});
}

}  // namespace tracevec
