// The inputs that the fuzzer of filters starts from, run without it.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>

#include "tests/filter_round_trip.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

std::map<std::string, std::string> ReadCorpus() {
  std::map<std::string, std::string> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(TRACEVEC_FILTER_CORPUS)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs[entry.path().filename().string()] =
        std::string(std::istreambuf_iterator<char>(file), {});
  }
  return inputs;
}

TEST(FilterCorpus, EachInputIsReadAsItsNameSays) {
  int accepted = 0;
  for (const auto& [name, bytes] : ReadCorpus()) {
    const bool is_text = Filter::Parse(bytes).ok();
    const bool is_json = Filter::FromJson(bytes).ok();
    EXPECT_EQ(is_text, name.starts_with("text_")) << name;
    EXPECT_EQ(is_json, name.starts_with("json_")) << name;
    EXPECT_EQ(CheckFilterBytes(bytes), "") << name;
    accepted += is_text || is_json ? 1 : 0;
  }
  EXPECT_GE(accepted, 20);
}

TEST(FilterCorpus, DamagedInputsAreRefusedOrRoundTrip) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  const std::map<std::string, std::string> corpus = ReadCorpus();
  for (const auto& [name, bytes] : corpus) {
    const auto& other = std::next(corpus.begin(), random() % corpus.size())->second;
    for (std::size_t i = TestIterations(200); i > 0; --i) {
      std::string damaged = bytes;
      for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) {
        const std::size_t at = random() % (damaged.size() + 1);
        switch (random() % 4) {
          case 0: damaged.resize(at); break;
          case 1: damaged.erase(at, 1 + random() % 4); break;
          case 2: damaged.insert(at, 1, static_cast<char>(random())); break;
          default: damaged.insert(at, other, random() % (other.size() + 1), 1 + random() % 16);
        }
      }
      ASSERT_EQ(CheckFilterBytes(damaged), "") << name << "\n" << damaged;
    }
  }
}

}  // namespace
}  // namespace tracevec
