#!/usr/bin/env bash
# Makes .venv, or brings it up to date, with the requirement files named on the command line:
#     scripts/venv.sh scripts/requirements-test.txt
# Does nothing when the files have not changed since the last time.
source "$(dirname "$0")/common.sh"

if [[ ! -x .venv/bin/python ]]; then
  python=$(scripts/find-python.sh) || {
    echo "No Python >= 3.10 with headers and venv: run scripts/install-deps.sh" >&2
    exit 1
  }
  say "Making .venv with $python ($("$python" --version))"
  "$python" -m venv .venv
fi

for file in scripts/requirements-build.txt "$@"; do
  stamp=".venv/.stamp-$(basename "$file" .txt)"
  hash=$(hash_of "$file")
  if [[ "$(cat "$stamp" 2>/dev/null)" == "$hash" ]]; then
    continue
  fi
  say "Installing $file"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement "$file"
  echo "$hash" >"$stamp"
done
