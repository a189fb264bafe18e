#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "index/search.h"
#include "retrieval/answer_query.h"
#include "retrieval/guard.h"
#include "retrieval/query_run.h"
#include "retrieval/receipt_maker.h"
#include "retrieval/search.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kMostThreads = 256;

/// Answers queries of a batch until none is left; every thread runs one of these.
class BatchWorker {
 public:
  BatchWorker(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
              const BatchRequest& request, std::size_t count, BatchResponse* response)
      : engine_(engine),
        state_(state),
        plan_(plan),
        request_(request),
        count_(count),
        at_once_(AtOnce()),
        response_(response) {}

  void Run() {
    for (std::size_t i = next_.fetch_add(at_once_); i < count_; i = next_.fetch_add(at_once_)) {
      Status status = Guard([&] { return RunSome(i, std::min(at_once_, count_ - i)); });
      if (status.ok()) continue;
      const std::lock_guard lock(mutex_);
      if (first_error_.ok()) first_error_ = std::move(status);
      next_.store(count_);
    }
  }
  /// After all threads have ended.
  const Status& status() const { return first_error_; }

 private:
  /// Scans gain nothing by taking turns, a deadline is for each query alone, and few queries are
  /// for many threads.
  std::size_t AtOnce() const {
    if (plan_.analyzer != nullptr) return 1;
    const bool walks = !plan_.dense()->width.exact && plan_.filter->program.empty();
    const bool enough = count_ >= kSearchesInTurn * request_.threads;
    return walks && enough && !plan_.settings.deadline_ms ? kSearchesInTurn : 1;
  }

  Status RunSome(std::size_t first, std::size_t count) {
    if (plan_.analyzer != nullptr) return RunText(first);
    const Stopwatch start;
    std::array<QueryTask, kSearchesInTurn> tasks;
    for (std::size_t i = 0; i < count; ++i) {
      tasks[i].source = &plan_.sources.front();
      tasks[i].vector = request_.vectors.data() + (first + i) * plan_.field()->field.dimension;
    }
    RunQueries(engine_, state_, plan_, start, std::span(tasks).first(count));
    for (std::size_t i = 0; i < count; ++i) {
      const Status& status = tasks[i].status;
      if (!status.ok()) {
        return {status.code(), fmt::format("query {}: {}", first + i, status.message())};
      }
      Answer(first + i, tasks[i].best);
      if (response_->receipts.empty()) continue;
      Receipt& receipt = response_->receipts[first + i];
      FillReceipt(engine_, state_, plan_, tasks[i], &receipt);
      receipt.total_micros = start.Micros();
    }
    return Status::Ok();
  }

  Status RunText(std::size_t query) {
    const Stopwatch start;
    SourceInput input;
    input.text = request_.texts[query];
    if (plan_.field() != nullptr) {
      const std::size_t dimension = plan_.field()->field.dimension;
      input.vector = request_.vectors.subspan(query * dimension, dimension);
    }
    const std::array<SourceInput, 2> both = {input, input};
    const auto inputs = std::span(both).first(plan_.sources.size());
    Receipt* receipt = response_->receipts.empty() ? nullptr : &response_->receipts[query];
    const Result<QueryAnswer> answer = AnswerQuery(engine_, state_, plan_, start, inputs, receipt);
    if (!answer.ok()) {
      return {answer.status().code(),
              fmt::format("query {}: {}", query, answer.status().message())};
    }
    Answer(query, answer->best);
    if (receipt != nullptr) receipt->total_micros = start.Micros();
    return Status::Ok();
  }

  void Answer(std::size_t query, const std::vector<ScoredRow>& best) {
    for (std::size_t place = 0; place < best.size(); ++place) {
      const RowRef& ref = best[place].ref;
      response_->ids[query * request_.k + place] = plan_.rows.sets[ref.set]->id(ref.row);
      response_->scores[query * request_.k + place] = best[place].score;
    }
  }

  const Engine& engine_;
  const CollectionState& state_;
  const QueryPlan& plan_;
  const BatchRequest& request_;
  const std::size_t count_;
  const std::size_t at_once_;
  BatchResponse* response_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  Status first_error_;  // Guarded by mutex_ until all threads have ended.
};

/// Calls `work` on this thread and on `threads` - 1 others, and waits for them. Where the system
/// gives fewer threads, fewer share the work.
template <typename Work>
void RunOnThreads(std::size_t threads, const Work& work) {
  std::vector<std::jthread> others;
  try {
    for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work);
  } catch (const std::system_error&) {
    // The threads that started, and this one, answer all queries.
  }
  work();
}

/// How many queries a batch has. Errors: InvalidArgument.
Result<std::size_t> CountQueries(const QueryPlan& plan, const BatchRequest& request) {
  if (plan.field() == nullptr) return request.texts.size();
  const std::size_t dimension = plan.field()->field.dimension;
  if (request.vectors.size() % dimension != 0) {
    return Status::InvalidArgument(
        fmt::format("query vectors for '{}': {} floats are not rows of dimension {}",
                    plan.field()->name, request.vectors.size(), dimension));
  }
  const std::size_t count = request.vectors.size() / dimension;
  if (plan.analyzer == nullptr || request.texts.size() == count) return count;
  return Status::InvalidArgument(
      fmt::format("{} texts for {} query vectors", request.texts.size(), count));
}

}  // namespace

Result<BatchResponse> SearchBatch(const Engine& engine, const CollectionState& state,
                                  const BatchRequest& request) {
  if (request.threads == 0 || request.threads > kMostThreads) {
    return Status::InvalidArgument(
        fmt::format("threads: {}, expected 1 to {}", request.threads, kMostThreads));
  }
  TRACEVEC_ASSIGN_OR_RETURN(
      const auto specs, SpecsOf(!request.vectors.empty(), !request.texts.empty(), request.field));
  TRACEVEC_ASSIGN_OR_RETURN(const QueryPlan plan,
                            PlanQuery(engine, state, SettingsOf(request), specs, request.where));
  TRACEVEC_ASSIGN_OR_RETURN(const std::size_t count, CountQueries(plan, request));
  BatchResponse response;
  response.k = request.k;
  response.ids.resize(count * request.k);
  response.scores.assign(count * request.k, std::numeric_limits<float>::quiet_NaN());
  if (request.receipt != ReceiptLevel::kOff) response.receipts.resize(count);

  BatchWorker worker(engine, state, plan, request, count, &response);
  RunOnThreads(std::min<std::size_t>(request.threads, count), [&] { worker.Run(); });
  TRACEVEC_RETURN_IF_ERROR(worker.status());
  return response;
}

}  // namespace tracevec
