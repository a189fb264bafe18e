// libFuzzer: whatever the bytes, no record decoder crashes, and what it accepts is canonical.
//
// Needs clang and no RocksDB:
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. -Iinclude \
//     tests/fuzz/records_fuzz.cc storage/codec.cc storage/keys.cc storage/marker.cc
//     storage/records_*.cc \ core/content_hash.cc core/status.cc core/value.cc -lfmt -o
//     records_fuzz
//   ./records_fuzz -max_total_time=60 -rss_limit_mb=512

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tests/record_round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!tracevec::CheckEveryDecoder(bytes).empty()) std::abort();
  return 0;
}
