#!/usr/bin/env bash
# Installs the current build into an empty prefix, moves that prefix, and builds and runs
# tests/consumer/main.cc against it:
#     consumer_test.sh find_package|pkg_config <build folder> <c++ compiler> [<c++ flag>...]
set -euo pipefail
how=$1 build=$2 compiler=$3
shift 3
source=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for component in runtime dev; do
  cmake --install "$build" --prefix "$scratch/first" --component "$component" >/dev/null
done
# An installed tree must not remember where it was installed.
mv "$scratch/first" "$scratch/prefix"
library=$(dirname "$(find "$scratch/prefix" -name libtracevec.so)")

case $how in
  find_package)
    cmake -S "$source" -B "$scratch/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
      -DCMAKE_CXX_FLAGS="$*" -DCMAKE_PREFIX_PATH="$scratch/prefix"
    cmake --build "$scratch/build"
    consumer=$scratch/build/consumer
    ;;
  pkg_config)
    export PKG_CONFIG_PATH=$library/pkgconfig
    consumer=$scratch/consumer
    # shellcheck disable=SC2046  # The flags are words.
    "$compiler" "$@" "$source/main.cc" -o "$consumer" $(pkg-config --cflags --libs tracevec)
    ;;
  *)
    echo "unknown way to find the library: $how" >&2
    exit 2
    ;;
esac

answer=$(LD_LIBRARY_PATH=$library "$consumer" "$scratch/database")
if [[ "$answer" != east ]]; then
  echo "expected the answer east, got: $answer" >&2
  exit 1
fi
echo "built by $how, answers: $answer"
