// hnswlib's headers as a C++ program uses them: compiled for this processor, inner product over
// vectors of unit length, built on two threads, searched in a plain loop.

#include <hnswlib/hnswlib.h>

#include <atomic>
#include <memory>
#include <queue>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/search/search_worker.h"

namespace tracevec::bench {
namespace {

constexpr std::size_t kM = 16;
constexpr std::size_t kEfConstruction = 200;
constexpr unsigned kBuildThreads = 2;

const char* Kernels() {
#if defined(USE_AVX512)
  if (AVX512Capable()) return "avx512";
#endif
#if defined(USE_AVX)
  if (AVXCapable()) return "avx";
#endif
  return "sse or scalar";
}

class HnswlibSystem : public SearchSystem {
 public:
  void Build(const FloatMatrix& base, const std::string&) override {
    SetDimension(base);
    index_ = std::make_unique<hnswlib::HierarchicalNSW<float>>(space_.get(), base.rows, kM,
                                                               kEfConstruction);
    index_->addPoint(base.Row(0).data(), 0);  // The entry point, before others look for it.
    std::atomic<std::size_t> next{1};
    const auto add = [&] {
      for (std::size_t row = next++; row < base.rows; row = next++) {
        index_->addPoint(base.Row(row).data(), row);
      }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < kBuildThreads; ++i) threads.emplace_back(add);
    add();
    for (std::thread& thread : threads) thread.join();
  }

  void Save(const std::string& path) const override { index_->saveIndex(path); }
  void Load(const FloatMatrix& base, const std::string& path) override {
    SetDimension(base);
    index_ = std::make_unique<hnswlib::HierarchicalNSW<float>>(space_.get(), path);
  }

  nlohmann::ordered_json Describe() const override {
    return {{"version", "0.8.0"},
            {"kernels", Kernels()},
            {"settings", "M=16 ef_construction=200, -O3 -march=native"}};
  }

  void SearchBatch(std::span<const float> queries, std::uint32_t width) override {
    const std::size_t count = queries.size() / dimension_;
    found_.assign(count * kSearchK, -1);
    for (std::size_t query = 0; query < count; ++query) {
      auto nearest = Search(queries.data() + query * dimension_, width);
      while (!nearest.empty()) {  // The farthest comes first.
        found_[query * kSearchK + nearest.size() - 1] =
            static_cast<std::int32_t>(nearest.top().second);
        nearest.pop();
      }
    }
  }

  void SearchOne(std::span<const float> query, std::uint32_t width) override {
    Search(query.data(), width);
  }

  std::vector<std::int32_t> FoundIds() const override { return found_; }

 private:
  void SetDimension(const FloatMatrix& base) {
    dimension_ = base.dimension;
    space_ = std::make_unique<hnswlib::InnerProductSpace>(base.dimension);
  }

  std::priority_queue<std::pair<float, hnswlib::labeltype>> Search(const float* query,
                                                                   std::uint32_t width) {
    index_->setEf(width);
    return index_->searchKnn(query, kSearchK);
  }

  std::unique_ptr<hnswlib::InnerProductSpace> space_;
  std::unique_ptr<hnswlib::HierarchicalNSW<float>> index_;
  std::size_t dimension_ = 0;
  std::vector<std::int32_t> found_;
};

}  // namespace
}  // namespace tracevec::bench

int main(int argc, char** argv) {
  tracevec::bench::HnswlibSystem system;
  return tracevec::bench::RunSearchWorker(argc, argv, &system);
}
