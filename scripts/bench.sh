#!/usr/bin/env bash
# Builds the benchmarks with the release preset and runs them; arguments go to each program, such as
# --benchmark_filter=Dot. One at a time, since they measure.
source "$(dirname "$0")/common.sh"

scripts/install-deps.sh
cmake --preset release
cmake --build --preset release
for program in build/release/bench/*_bench; do
  say "$program"
  "$program" "$@"
done
