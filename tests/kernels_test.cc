#include "core/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/cpu_features.h"
#include "core/kernel_dispatch.h"
#include "tests/kernel_test_suite.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

constexpr const char* kTableNames[] = {"scalar", "sse41", "avx2", "avx512", "avx512vnni"};

/// Every length in which the tails of all instruction sets differ, and those of common models.
std::vector<std::size_t> Lengths() {
  std::vector<std::size_t> lengths;
  for (std::size_t length = 0; length <= 130; ++length) lengths.push_back(length);
  for (const std::size_t length : {384, 768, 1000, 1536}) lengths.push_back(length);
  return lengths;
}

/// The same checks for every table. One this processor cannot run is reported as skipped.
class Kernels : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    for (const KernelTable* table : RunnableKernels()) {
      if (std::string_view(table->name) == GetParam()) table_ = table;
    }
    if (table_ == nullptr) {
      GTEST_SKIP() << "this processor cannot run the " << GetParam() << " table";
    }
  }

  const KernelTable* table_ = nullptr;
  std::uint64_t seed_ = TestSeed();
  std::mt19937_64 random_{seed_};
};

INSTANTIATE_TEST_SUITE_P(EveryTable, Kernels, ::testing::ValuesIn(kTableNames),
                         [](const auto& parameter) { return std::string(parameter.param); });

TEST_P(Kernels, FloatSumsAreWithinTheRoundingErrorAtEveryLengthAndAlignment) {
  SCOPED_TRACE(SeedMessage(seed_));
  for (std::size_t round = 0; round < TestIterations(1); ++round) {
    for (const std::size_t count : Lengths()) {
      for (std::size_t misalignment = 0; misalignment < 16; ++misalignment) {
        SCOPED_TRACE(testing::Message() << "count " << count << ", misaligned by " << misalignment);
        const MisalignedArray<float> a(count, misalignment, random_);
        const MisalignedArray<float> b(count, (misalignment * 5 + 3) % 16, random_);
        const ReferenceSum dot = ReferenceDot(a.data(), b.data(), count);
        ASSERT_NEAR(table_->dot_f32(a.data(), b.data(), count), dot.value, dot.tolerance);
        const ReferenceSum l2 = ReferenceL2(a.data(), b.data(), count);
        ASSERT_NEAR(table_->l2_f32(a.data(), b.data(), count), l2.value, l2.tolerance);
      }
    }
  }
}

TEST_P(Kernels, FloatSumsOfSmallIntegersAreExact) {
  SCOPED_TRACE(SeedMessage(seed_));
  std::uniform_int_distribution<int> element(-8, 8);
  for (const std::size_t count : Lengths()) {
    SCOPED_TRACE(testing::Message() << "count " << count);
    std::vector<float> a(count);
    std::vector<float> b(count);
    for (float& value : a) value = static_cast<float>(element(random_));
    for (float& value : b) value = static_cast<float>(element(random_));
    const ReferenceSum dot = ReferenceDot(a.data(), b.data(), count);
    ASSERT_EQ(table_->dot_f32(a.data(), b.data(), count), dot.value);
    const ReferenceSum l2 = ReferenceL2(a.data(), b.data(), count);
    ASSERT_EQ(table_->l2_f32(a.data(), b.data(), count), l2.value);
  }
}

TEST_P(Kernels, DistanceToItselfIsZeroAndInfinityIsCarried) {
  SCOPED_TRACE(SeedMessage(seed_));
  for (const std::size_t count : Lengths()) {
    if (count == 0) continue;
    SCOPED_TRACE(testing::Message() << "count " << count);
    std::vector<float> a(count);
    MisalignedArray<float>::Fill(a.data(), count, random_);
    ASSERT_EQ(table_->l2_f32(a.data(), a.data(), count), 0.0F);
    std::vector<float> b(count, 1.0F);
    b.back() = std::numeric_limits<float>::infinity();
    ASSERT_EQ(table_->l2_f32(a.data(), b.data(), count), std::numeric_limits<float>::infinity());
    a.back() = 1.0F;
    ASSERT_EQ(table_->dot_f32(a.data(), b.data(), count), std::numeric_limits<float>::infinity());
  }
}

TEST_P(Kernels, IntegerSumsAreExactAtEveryLengthAndAlignment) {
  SCOPED_TRACE(SeedMessage(seed_));
  for (std::size_t round = 0; round < TestIterations(1); ++round) {
    for (const std::size_t count : Lengths()) {
      for (std::size_t misalignment = 0; misalignment < 64; ++misalignment) {
        SCOPED_TRACE(testing::Message() << "count " << count << ", misaligned by " << misalignment);
        const MisalignedArray<std::uint8_t> codes(count, misalignment, random_);
        const MisalignedArray<std::int8_t> query(count, (misalignment * 5 + 3) % 64, random_);
        ASSERT_EQ(table_->dot_u8s8(codes.data(), query.data(), count),
                  ReferenceDotU8S8(codes.data(), query.data(), count));
        const MisalignedArray<std::uint8_t> other(count, (misalignment * 3 + 1) % 64, random_);
        ASSERT_EQ(table_->dot_u8u8(codes.data(), other.data(), count),
                  ReferenceDotU8U8(codes.data(), other.data(), count));
      }
    }
  }
}

// A kernel that saturates anywhere, as one built on maddubs would, is wrong here from 2 on.
TEST_P(Kernels, IntegerSumsOfExtremeValuesAreExactUpToTheLongestVector) {
  for (const std::size_t count : {1, 2, 3, 31, 64, 65, 127, 1536, 65535, 65536}) {
    SCOPED_TRACE(testing::Message() << "count " << count);
    const std::vector<std::uint8_t> codes(count, 255);
    for (const int extreme : {-127, 127}) {
      const std::vector<std::int8_t> query(count, static_cast<std::int8_t>(extreme));
      ASSERT_EQ(table_->dot_u8s8(codes.data(), query.data(), count),
                255 * extreme * static_cast<std::int64_t>(count));
    }
    for (const int extreme : {0, 255}) {
      const std::vector<std::uint8_t> other(count, static_cast<std::uint8_t>(extreme));
      ASSERT_EQ(table_->dot_u8u8(codes.data(), other.data(), count),
                255 * (extreme - 128) * static_cast<std::int64_t>(count));
    }
  }
}

TEST_P(Kernels, NothingPastTheEndIsRead) {
  SCOPED_TRACE(SeedMessage(seed_));
  for (const std::size_t count : Lengths()) {
    SCOPED_TRACE(testing::Message() << "count " << count);
    const GuardedArray<float> a(count);
    const GuardedArray<float> b(count);
    MisalignedArray<float>::Fill(a.data(), count, random_);
    MisalignedArray<float>::Fill(b.data(), count, random_);
    const ReferenceSum dot = ReferenceDot(a.data(), b.data(), count);
    ASSERT_NEAR(table_->dot_f32(a.data(), b.data(), count), dot.value, dot.tolerance);
    const ReferenceSum l2 = ReferenceL2(a.data(), b.data(), count);
    ASSERT_NEAR(table_->l2_f32(a.data(), b.data(), count), l2.value, l2.tolerance);

    const GuardedArray<std::uint8_t> codes(count);
    const GuardedArray<std::int8_t> query(count);
    MisalignedArray<std::uint8_t>::Fill(codes.data(), count, random_);
    MisalignedArray<std::int8_t>::Fill(query.data(), count, random_);
    ASSERT_EQ(table_->dot_u8s8(codes.data(), query.data(), count),
              ReferenceDotU8S8(codes.data(), query.data(), count));
    const GuardedArray<std::uint8_t> other(count);
    MisalignedArray<std::uint8_t>::Fill(other.data(), count, random_);
    ASSERT_EQ(table_->dot_u8u8(codes.data(), other.data(), count),
              ReferenceDotU8U8(codes.data(), other.data(), count));
  }
}

/// Sizes of a matrix whose last row ends with its last component, not with its stride.
struct MatrixShape {
  std::size_t rows;
  std::size_t count;
  std::size_t stride;
  std::size_t size() const { return rows == 0 ? 0 : (rows - 1) * stride + count; }
};

std::vector<MatrixShape> MatrixShapes() {
  std::vector<MatrixShape> shapes;
  for (std::size_t rows = 0; rows <= 9; ++rows) {
    for (const std::size_t count :
         {0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 100, 129, 384}) {
      for (const std::size_t padding : {0, 1, 5, 64}) {
        shapes.push_back({.rows = rows, .count = count, .stride = count + padding});
      }
    }
  }
  return shapes;
}

template <typename Element, typename Sum, typename Query>
void ExpectRowsEqualSingles(const MatrixShape& shape, std::mt19937_64& random,
                            void (*rows_form)(const Query*, const Element*, std::size_t,
                                              std::size_t, std::size_t, Sum*),
                            const auto& single_form) {
  const GuardedArray<Element> matrix(shape.size());
  for (std::size_t row = 0; row < shape.rows; ++row) {
    MisalignedArray<Element>::Fill(matrix.data() + row * shape.stride, shape.count, random);
  }
  const GuardedArray<Query> query(shape.count);
  MisalignedArray<Query>::Fill(query.data(), shape.count, random);
  const GuardedArray<Sum> sums(shape.rows);
  rows_form(query.data(), matrix.data(), shape.stride, shape.rows, shape.count, sums.data());
  for (std::size_t row = 0; row < shape.rows; ++row) {
    ASSERT_EQ(sums.data()[row], single_form(query.data(), matrix.data() + row * shape.stride))
        << "row " << row << " of " << shape.rows << ", " << shape.count << " components, stride "
        << shape.stride;
  }
}

// To the last bit: equal vectors must have equal scores wherever in a scan they are met.
TEST_P(Kernels, ScatteredRowsEqualSingleForms) {
  SCOPED_TRACE(SeedMessage(seed_));
  for (const std::size_t count : Lengths()) {
    SCOPED_TRACE(testing::Message() << "count " << count);
    constexpr std::size_t kMatrixRows = 40;
    const std::size_t stride = count + random_() % 3;
    const GuardedArray<std::int8_t> query(count);
    MisalignedArray<std::int8_t>::Fill(query.data(), count, random_);
    // The last row ends where memory does.
    const GuardedArray<std::uint8_t> matrix((kMatrixRows - 1) * stride + count);
    MisalignedArray<std::uint8_t>::Fill(matrix.data(), (kMatrixRows - 1) * stride + count, random_);
    for (std::size_t row_count = 0; row_count <= 33; ++row_count) {
      std::vector<std::uint32_t> rows(row_count);
      for (std::uint32_t& row : rows) row = static_cast<std::uint32_t>(random_() % kMatrixRows);
      if (row_count > 0) rows.back() = kMatrixRows - 1;
      std::vector<std::int32_t> out(row_count + 1, 12345);
      table_->dot_u8s8_gather(query.data(), matrix.data(), stride, rows.data(), row_count, count,
                              out.data());
      for (std::size_t i = 0; i < row_count; ++i) {
        ASSERT_EQ(out[i], ReferenceDotU8S8(matrix.data() + rows[i] * stride, query.data(), count));
      }
      ASSERT_EQ(out[row_count], 12345) << "one result a row, and no more";
    }
  }
}

std::int64_t ReferenceDotU4S8(const std::uint8_t* codes, const std::int8_t* query,
                              std::size_t bytes) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    sum += std::int64_t{codes[i] % 16} * query[i] + std::int64_t{codes[i] / 16} * query[bytes + i];
  }
  return sum;
}

TEST_P(Kernels, SumsOfFourBitCodesAreExactInEachForm) {
  SCOPED_TRACE(SeedMessage(seed_));
  for (const std::size_t bytes : Lengths()) {
    SCOPED_TRACE(testing::Message() << "bytes " << bytes);
    constexpr std::size_t kRows = 11;
    const std::size_t stride = bytes + random_() % 3;
    const GuardedArray<std::int8_t> query(2 * bytes);
    MisalignedArray<std::int8_t>::Fill(query.data(), 2 * bytes, random_);
    const GuardedArray<std::uint8_t> matrix((kRows - 1) * stride + bytes);
    MisalignedArray<std::uint8_t>::Fill(matrix.data(), (kRows - 1) * stride + bytes, random_);
    std::vector<std::int64_t> expected;
    for (std::size_t row = 0; row < kRows; ++row) {
      const std::uint8_t* codes = matrix.data() + row * stride;
      expected.push_back(ReferenceDotU4S8(codes, query.data(), bytes));
      ASSERT_EQ(table_->dot_u4s8(codes, query.data(), bytes), expected.back());
    }
    const GuardedArray<std::int32_t> out(kRows);
    table_->dot_u4s8_rows(query.data(), matrix.data(), stride, kRows, bytes, out.data());
    for (std::size_t row = 0; row < kRows; ++row) ASSERT_EQ(out.data()[row], expected[row]);
    for (std::size_t count = 0; count <= 9; ++count) {
      std::vector<std::uint32_t> rows(count);
      for (std::uint32_t& row : rows) row = static_cast<std::uint32_t>(random_() % kRows);
      const GuardedArray<std::int32_t> some(count);
      table_->dot_u4s8_gather(query.data(), matrix.data(), stride, rows.data(), count, bytes,
                              some.data());
      for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(some.data()[i], expected[rows[i]]);
    }
  }
}

TEST_P(Kernels, SumsOfExtremeFourBitCodesAreExactUpToTheLongestVector) {
  for (const std::size_t bytes : {1, 15, 16, 64, 65, 768, 32768, 65536}) {
    const std::vector<std::uint8_t> codes(bytes, 255);
    for (const int extreme : {-127, 127}) {
      const std::vector<std::int8_t> query(2 * bytes, static_cast<std::int8_t>(extreme));
      ASSERT_EQ(table_->dot_u4s8(codes.data(), query.data(), bytes),
                2 * 15 * extreme * static_cast<std::int64_t>(bytes));
    }
  }
}

TEST_P(Kernels, UnseenRowsAreTakenOnceAndInOrder) {
  SCOPED_TRACE(SeedMessage(seed_));
  constexpr std::uint32_t kNone = 0xffffffff;
  for (std::size_t round = 0; round < TestIterations(200); ++round) {
    const auto row_count = static_cast<std::uint32_t>(1 + random_() % 2000);
    // The marks end where memory does.
    const GuardedArray<std::uint32_t> seen((row_count + 31) / 32);
    for (std::size_t i = 0; i < (row_count + 31) / 32; ++i) {
      seen.data()[i] = static_cast<std::uint32_t>(random_() & random_());
    }
    std::vector<std::uint32_t> marks(seen.data(), seen.data() + (row_count + 31) / 32);
    for (const std::size_t count : {0, 16, 32, 64}) {
      const GuardedArray<std::uint32_t> rows(count);
      for (std::size_t i = 0; i < count; ++i) {
        const bool none = random_() % 8 == 0;
        rows.data()[i] = none ? kNone : static_cast<std::uint32_t>(random_() % row_count);
      }
      std::vector<std::uint32_t> expected;
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t row = rows.data()[i];
        if (row == kNone || ((marks[row / 32] >> (row % 32)) & 1) != 0) continue;
        marks[row / 32] |= 1U << (row % 32);
        expected.push_back(row);
      }
      const GuardedArray<std::uint32_t> out(count + 16);
      const std::size_t taken = table_->take_unseen(rows.data(), count, seen.data(), out.data());
      ASSERT_EQ(std::vector<std::uint32_t>(out.data(), out.data() + taken), expected);
      ASSERT_EQ(std::vector<std::uint32_t>(seen.data(), seen.data() + marks.size()), marks);
    }
  }
}

TEST_P(Kernels, RowFormsEqualSingleForms) {
  SCOPED_TRACE(SeedMessage(seed_));
  for (const MatrixShape& shape : MatrixShapes()) {
    const auto dot = [&](const float* query, const float* row) {
      return table_->dot_f32(query, row, shape.count);
    };
    const auto l2 = [&](const float* query, const float* row) {
      return table_->l2_f32(query, row, shape.count);
    };
    const auto dot_u8s8 = [&](const std::int8_t* query, const std::uint8_t* codes) {
      return table_->dot_u8s8(codes, query, shape.count);
    };
    ASSERT_NO_FATAL_FAILURE(ExpectRowsEqualSingles(shape, random_, table_->dot_f32_rows, dot));
    ASSERT_NO_FATAL_FAILURE(ExpectRowsEqualSingles(shape, random_, table_->l2_f32_rows, l2));
    ASSERT_NO_FATAL_FAILURE(
        ExpectRowsEqualSingles(shape, random_, table_->dot_u8s8_rows, dot_u8s8));
  }
}

/// Sets TRACEVEC_KERNELS, or removes it, until the end of a scope.
class ScopedKernelsVariable {
 public:
  explicit ScopedKernelsVariable(const char* value) {
    if (const char* before = std::getenv(kName)) before_ = before;
    Set(value);
  }
  ~ScopedKernelsVariable() { Set(before_ ? before_->c_str() : nullptr); }
  ScopedKernelsVariable(const ScopedKernelsVariable&) = delete;
  ScopedKernelsVariable& operator=(const ScopedKernelsVariable&) = delete;

 private:
  static constexpr const char* kName = "TRACEVEC_KERNELS";
  static void Set(const char* value) {
    if (value == nullptr) {
      unsetenv(kName);
    } else {
      setenv(kName, value, 1);
    }
  }
  std::optional<std::string> before_;
};

bool IsRunnable(const KernelTable* table) {
  const auto runnable = RunnableKernels();
  return table != nullptr && std::find(runnable.begin(), runnable.end(), table) != runnable.end();
}

TEST(KernelDispatch, ScalarIsLastAndNoTableIsListedTwice) {
  const auto runnable = RunnableKernels();
  ASSERT_FALSE(runnable.empty());
  EXPECT_EQ(runnable.back(), ScalarKernels());
  std::vector<std::string> names;
  for (const KernelTable* table : runnable) names.emplace_back(table->name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(KernelDispatch, RunnableTablesAreThoseTheProcessorCanRun) {
  EXPECT_EQ(IsRunnable(Sse41Kernels()), CpuCanRunSse41());
  EXPECT_EQ(IsRunnable(Avx2Kernels()), CpuCanRunAvx2());
  EXPECT_EQ(IsRunnable(Avx512Kernels()), CpuCanRunAvx512());
  EXPECT_EQ(IsRunnable(Avx512VnniKernels()), CpuCanRunAvx512Vnni());
}

TEST(KernelDispatch, WithoutANameTheBestIsSelected) {
  for (const char* value : {static_cast<const char*>(nullptr), ""}) {
    const ScopedKernelsVariable variable(value);
    const auto selected = SelectKernels();
    ASSERT_TRUE(selected.ok()) << selected.status().message();
    EXPECT_EQ(*selected, RunnableKernels().front());
  }
}

TEST(KernelDispatch, EachRunnableNameIsSelected) {
  for (const KernelTable* table : RunnableKernels()) {
    const ScopedKernelsVariable variable(table->name);
    const auto selected = SelectKernels();
    ASSERT_TRUE(selected.ok()) << selected.status().message();
    EXPECT_EQ(*selected, table);
  }
}

TEST(KernelDispatch, UnknownNameIsAnErrorThatListsTheNamesThatWork) {
  for (const char* name : {"avx3", "AVX2", "avx2 ", "scala"}) {
    const ScopedKernelsVariable variable(name);
    const auto selected = SelectKernels();
    ASSERT_FALSE(selected.ok()) << name;
    EXPECT_EQ(selected.status().code(), StatusCode::kUnsupported);
    const std::string& message = selected.status().message();
    EXPECT_NE(message.find("\"" + std::string(name) + "\": no such table"), std::string::npos)
        << message;
    for (const KernelTable* table : RunnableKernels()) {
      EXPECT_NE(message.find(table->name), std::string::npos) << message;
    }
  }
}

TEST(KernelDispatch, TableThisProcessorCannotRunIsAnErrorNotAFallback) {
  std::size_t refused = 0;
  for (const KernelTable* table :
       {Sse41Kernels(), Avx2Kernels(), Avx512Kernels(), Avx512VnniKernels()}) {
    if (table == nullptr || IsRunnable(table)) continue;
    ++refused;
    const auto selected = SelectKernels(table->name);
    ASSERT_FALSE(selected.ok()) << table->name;
    EXPECT_EQ(selected.status().code(), StatusCode::kUnsupported);
    EXPECT_NE(selected.status().message().find("this processor cannot run"), std::string::npos);
  }
  if (refused == 0) GTEST_SKIP() << "this processor can run every table of this build";
}

// The operating system's own list: it leaves out what it does not save the registers of.
TEST(CpuFeatures, AgreeWithTheOperatingSystem) {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string line;
  while (std::getline(cpuinfo, line) && line.rfind("flags", 0) != 0) {}
  if (line.rfind("flags", 0) != 0) GTEST_SKIP() << "no flags in /proc/cpuinfo on this system";
  std::istringstream words(line);
  const std::vector<std::string> flags{std::istream_iterator<std::string>(words), {}};
  const auto has = [&flags](const char* flag) {
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
  };
  EXPECT_EQ(CpuCanRunSse41(), has("sse4_1"));
  EXPECT_EQ(CpuCanRunAvx2(), has("avx2") && has("fma"));
  const bool avx512 = has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl");
  EXPECT_EQ(CpuCanRunAvx512(), avx512);
  EXPECT_EQ(CpuCanRunAvx512Vnni(), avx512 && has("avx512_vnni"));
}

}  // namespace
}  // namespace tracevec
