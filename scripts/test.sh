#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test, C++ and Python.
source "$(dirname "$0")/common.sh"

scripts/install-deps.sh
scripts/venv.sh scripts/requirements-test.txt scripts/requirements-quickstart.txt

say "Building (preset dev)"
cmake --preset dev
cmake --build --preset dev

say "C++ tests"
# More at once than there are processors, since the tests of power losses mostly wait.
ctest --preset dev --parallel "$((2 * $(nproc)))"

scripts/build-python.sh
say "Python tests"
.venv/bin/python -m pytest python/tests
