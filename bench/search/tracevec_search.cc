// TraceVec as a C++ program uses it: public headers, default settings, receipts at summary.

#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/bench_report.h"
#include "bench/search/search_worker.h"
#include "tracevec/tracevec.h"

namespace tracevec::bench {
namespace {

class TraceVecSystem : public SearchSystem {
 public:
  void Build(const FloatMatrix& base, const std::string& folder) override {
    database_ = Must(Database::Open(folder + "/db"));
    collection_ =
        Must(database_->GetOrCreateCollection("rows", static_cast<std::uint32_t>(base.dimension)));
    std::vector<std::string> ids(base.rows);
    for (std::size_t row = 0; row < base.rows; ++row) ids[row] = std::to_string(row);
    UpsertRequest request;
    request.ids = ids;
    request.vectors[""] = base.values;
    Must(collection_->Upsert(request));
    Must(collection_->Rebuild());
  }

  nlohmann::ordered_json Describe() const override {
    return {{"version", Version()},
            {"kernels", Must(collection_->Stats()).kernels},
            {"settings", "defaults; receipt=summary; singles without content"}};
  }

  void SearchBatch(std::span<const float> queries, std::uint32_t width) override {
    BatchRequest request;
    request.vectors = queries;
    request.k = kSearchK;
    if (width > 0) request.ef = width;  // 0: what the collection chooses.
    last_ = Must(collection_->SearchBatch(request));
  }

  void SearchOne(std::span<const float> query, std::uint32_t width) override {
    SearchRequest request;
    request.vector = query;
    request.k = kSearchK;
    if (width > 0) request.ef = width;  // 0: what the collection chooses.
    request.with_content = false;
    Must(collection_->Search(request));
  }

  std::vector<std::int32_t> FoundIds() const override {
    std::vector<std::int32_t> found(last_.ids.size(), -1);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const std::string& id = last_.ids[i];
      std::from_chars(id.data(), id.data() + id.size(), found[i]);
    }
    return found;
  }

 private:
  std::unique_ptr<Database> database_;
  std::optional<Collection> collection_;
  BatchResponse last_;
};

}  // namespace
}  // namespace tracevec::bench

int main(int argc, char** argv) {
  tracevec::bench::TraceVecSystem system;
  return tracevec::bench::RunSearchWorker(argc, argv, &system);
}
