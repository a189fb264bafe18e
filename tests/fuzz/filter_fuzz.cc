// libFuzzer: any bytes as a filter's text and as JSON. What parses must print, both ways, to the
// same expression, and must bind and evaluate. `filter_corpus` has what to start from, and
// tests/filter_corpus_test.cc runs that with every compiler.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tests/filter_round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!tracevec::CheckFilterBytes(bytes).empty()) std::abort();
  return 0;
}
