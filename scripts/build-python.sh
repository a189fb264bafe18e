#!/usr/bin/env bash
# Builds the Python package and installs it into .venv (made by scripts/venv.sh); does nothing when
# no source has changed since the last time.
source "$(dirname "$0")/common.sh"

stamp=.venv/.stamp-tracevec
hash=$(hash_of pyproject.toml README.md CMakeLists.txt cmake core storage index retrieval include \
  python/CMakeLists.txt python/*.cc python/tracevec)
if [[ "$(cat "$stamp" 2>/dev/null)" == "$hash" ]]; then
  echo "The Python package in .venv is up to date."
  exit 0
fi
say "Building the Python package (a minute or two)"
# Without isolation the build folder (build/python) stays valid from one build to the next.
.venv/bin/python -m pip install --disable-pip-version-check --no-build-isolation --no-deps \
  --force-reinstall .
echo "$hash" >"$stamp"
