#!/usr/bin/env bash
# What `make test` leaves out because it takes time: format, lint, sanitizers, random tests at full
# length, scalar kernels, slow Python tests. Run after `make test`.
source "$(dirname "$0")/common.sh"

shopt -s nullglob
# More at once than there are processors, since the tests of power losses mostly wait.
jobs=$((2 * $(nproc)))
sources=(include/tracevec/*.h {core,storage,index,retrieval,bench,tests,python}/*.{h,cc}
         tests/consumer/*.cc bench/search/*.{h,cc})
started=$SECONDS

step() { say "[$((SECONDS - started)) s] $*"; }

scripts/install-deps.sh --check
scripts/venv.sh scripts/requirements-test.txt scripts/requirements-quickstart.txt

step "Tree, format"
python3 tests/tidy.py
clang-format-14 --dry-run -Werror "${sources[@]}"

step "Build (preset dev)"
cmake --preset dev
cmake --build --preset dev

# The presets here compile several files as one, users one by one. What the kernels' flags are for
# is compiled alone anyway.
step "Each source alone"
alone() { printf '%s\n' {core,storage,index,retrieval}/*.cc | grep -v '^core/kernels_'; }
alone | xargs -P "$(nproc)" -n 8 g++ -std=c++20 -fsyntax-only -I. -Iinclude '-DTRACEVEC_VERSION=""'

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

# Four times keeps all of this below an hour on two processors. Ten is for by hand.
step "Random tests at four times the length"
TRACEVEC_TEST_ITERATIONS=4 ctest --preset dev --parallel "$jobs" \
  --label-regex '^(core|index|model|concurrency)$'
step "Power losses and killed processes at twice the length"
TRACEVEC_TEST_ITERATIONS=2 ctest --preset dev --parallel "$jobs" --label-regex 'storage|crash'

# The tests of core and index run with every table that this processor has. Databases have run with
# the best so far, and run with the plainest here.
step "Databases with scalar kernels"
TRACEVEC_KERNELS=scalar ctest --preset dev --parallel "$jobs" --label-regex '^(retrieval|model)$'

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
