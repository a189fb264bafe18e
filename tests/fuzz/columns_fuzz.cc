// libFuzzer: a file of columns that was changed in any way, with its checksum made right again, is
// refused or answers filters with rows that there are.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "tests/damaged_columns.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tracevec;
  static const ColumnsSample sample(1, 60, /*loose=*/false);
  static const std::string whole = sample.Write();
  constexpr std::size_t kChangeBytes = 9;  // A kind and two numbers.
  std::string damaged = whole;
  for (std::size_t at = 0; at + kChangeBytes <= size; at += kChangeBytes) {
    std::uint32_t where = 0;
    std::uint32_t value = 0;
    std::memcpy(&where, data + at + 1, sizeof where);
    std::memcpy(&value, data + at + 5, sizeof value);
    DamageColumns(&damaged, data[at], where, value);
  }
  RepairColumnsChecksum(&damaged);
  UseColumns(sample, damaged);
  return 0;
}
