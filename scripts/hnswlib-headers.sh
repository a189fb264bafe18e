#!/usr/bin/env bash
# Unpacks the headers of hnswlib 0.8.0 from its source package into build/hnswlib-0.8.0: Debian 12
# has 0.6.2. The tests of the index are built with both, and benchmarks compare with 0.8.
source "$(dirname "$0")/common.sh"

version=0.8.0
headers=build/hnswlib-$version
if [[ -e $headers/hnswlib/hnswlib.h ]]; then
  exit
fi
scripts/venv.sh scripts/requirements-test.txt
say "Unpacking the headers of hnswlib $version"
rm -rf "$headers"
mkdir -p "$headers"
.venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps \
  --no-binary hnswlib --dest "$headers" "hnswlib==$version"
tar --extract --gzip --file "$headers/hnswlib-$version.tar.gz" --directory "$headers" \
  --strip-components=1 --wildcards '*/hnswlib/*.h'
