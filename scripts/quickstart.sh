#!/usr/bin/env bash
# From a fresh clone to answered questions: installs, builds, and runs examples/quickstart.py, with
# the question in the environment's Q if there is one.
source "$(dirname "$0")/common.sh"

scripts/install-deps.sh
scripts/venv.sh scripts/requirements-quickstart.txt
scripts/build-python.sh
say "examples/quickstart.py"
exec .venv/bin/python examples/quickstart.py ${Q:+"$Q"}
