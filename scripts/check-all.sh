#!/usr/bin/env bash
# What `make test` leaves out because it takes time: format, lint, sanitizers, random tests at full
# length, every kernel table, slow Python tests. Run after `make test`.
source "$(dirname "$0")/common.sh"

shopt -s nullglob
# More at once than there are processors, since the tests of power losses mostly wait.
jobs=$((2 * $(nproc)))
sources=(include/tracevec/*.h {core,storage,index,retrieval,bench,tests,python}/*.{h,cc}
         tests/consumer/*.cc bench/search/*.{h,cc})
started=$SECONDS

step() { say "[$((SECONDS - started)) s] $*"; }

# The kernel tables that this processor runs: the programs refuse the others.
kernel_tables() {
  has() { local flag; for flag; do grep -qw "$flag" /proc/cpuinfo || return 1; done; }
  echo scalar
  if has sse4_1; then echo sse41; fi
  if has avx2 fma; then echo avx2; fi
  if has avx512f avx512bw avx512dq avx512vl; then echo avx512; fi
  if has avx512f avx512bw avx512dq avx512vl avx512_vnni; then echo avx512vnni; fi
}

scripts/install-deps.sh --check
scripts/venv.sh scripts/requirements-test.txt scripts/requirements-quickstart.txt

step "Tree, format"
python3 tests/tidy.py
clang-format-14 --dry-run -Werror "${sources[@]}"

step "Build (preset dev)"
cmake --preset dev
cmake --build --preset dev

step "clang-tidy"
scripts/lint.sh

# Random tests are a third as long here: a sanitizer makes them three to ten times slower, and it
# needs each path once. Their full length is below.
step "AddressSanitizer, UndefinedBehaviorSanitizer"
cmake --preset asan
cmake --build --preset asan
TRACEVEC_TEST_ITERATIONS=0.3 ctest --preset asan --parallel "$jobs"

step "ThreadSanitizer, concurrency tests"
cmake --preset tsan
cmake --build --preset tsan --target concurrency_tests
TRACEVEC_TEST_ITERATIONS=0.3 ctest --preset tsan --parallel "$(nproc)"

step "Random tests at ten times the length"
TRACEVEC_TEST_ITERATIONS=10 ctest --preset dev --parallel "$jobs" \
  --label-regex '^(core|index|model|concurrency)$'
step "Power losses and killed processes at twice the length"
TRACEVEC_TEST_ITERATIONS=2 ctest --preset dev --parallel "$jobs" --label-regex 'storage|crash'

# All tests so far ran with the last table. Core's tests compare each with exact sums: what is
# made of the sums needs one other.
for table in $(kernel_tables | head -n -1); do
  step "Kernel table $table"
  labels=core
  if [[ $table == scalar ]]; then labels='core|index|retrieval'; fi
  TRACEVEC_KERNELS=$table ctest --preset dev --parallel "$jobs" --label-regex "^($labels)\$"
done

step "Index tests with hnswlib 0.8"
if scripts/hnswlib-headers.sh; then
  cmake --build --preset dev --target index_tests_hnswlib_0_8
  build/dev/tests/index_tests_hnswlib_0_8 --gtest_brief=1
else
  say "SKIPPED: its source package could not be fetched; the tests ran with the installed version"
fi

scripts/build-python.sh
step "Python tests, slow ones too"
.venv/bin/python -m pytest -m "slow or not slow" python/tests

step "All checks passed"
