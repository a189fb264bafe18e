// libFuzzer: a segment image that was changed in any way, with its checksums made right again, is
// refused or can be searched without leaving it.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "index/memory_image.h"
#include "index/segment_builder.h"
#include "tests/damaged_image.h"
#include "tests/index_rows.h"

namespace {

using namespace tracevec;

const std::vector<FieldLayout> kFields = {{24, Metric::kCosine}, {60, Metric::kL2}};

std::shared_ptr<MemoryImage> MakeImage(CodeKind codes) {
  constexpr std::uint32_t kRows = 200;
  std::mt19937_64 random(1);
  const std::vector<float> body = ClusteredVectors(kRows, 24, random);
  const std::vector<float> title = ClusteredVectors(kRows, 60, random);
  const auto block = std::make_shared<RowBlock>(kRows, kFields);
  std::vector<SourceRow> rows;
  for (std::uint32_t row = 0; row < kRows; ++row) {
    NewRow added = IndexRow(row / 3, row % 3, 1,
                            {std::span(&body[row * 24], 24), std::span(&title[row * 60], 60)});
    if (row % 7 == 0) added.vectors[1] = {};
    if (row % 5 == 0) added.own = std::make_shared<const Metadata>(Metadata{{"own", "yes"}});
    block->Append(std::move(added));
    rows.push_back({block, row});
  }
  SegmentBuilder builder(kFields, rows, CommitNumber{50}, *RunnableKernels().front());
  SegmentBuildOptions options;
  options.codes = codes;
  builder.Build(options);
  auto image = std::make_shared<MemoryImage>();
  if (!builder.Write(CollectionNumber{7}, image.get()).ok()) std::abort();
  return image;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<MemoryImage> int8 = MakeImage(CodeKind::kInt8);
  static const std::shared_ptr<MemoryImage> int4 = MakeImage(CodeKind::kInt4);
  constexpr std::size_t kChangeBytes = 9;  // A kind and two numbers.
  if (size < 1) return 0;
  const bool four_bits = data[0] / 2 % 2 == 1;
  const auto damaged = std::make_shared<DamagedImage>((four_bits ? int4 : int8)->bytes());
  for (std::size_t at = 1; at + kChangeBytes <= size; at += kChangeBytes) {
    std::uint32_t where = 0;
    std::uint32_t value = 0;
    std::memcpy(&where, data + at + 1, sizeof where);
    std::memcpy(&value, data + at + 5, sizeof value);
    damaged->Damage(data[at], where, value);
  }
  const bool repaired = data[0] % 2 == 0;
  if (repaired) damaged->RepairChecksums();
  const auto segment = Segment::Open(damaged, kFields, CollectionNumber{7}, repaired);
  if (segment.ok()) UseAll(*segment);
  return 0;
}
