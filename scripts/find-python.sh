#!/usr/bin/env bash
# Prints the first Python >= 3.10 that can make a virtual environment and has its headers; exit code
# 1 if there is none. PYTHON=/path/to/python chooses one.
source "$(dirname "$0")/common.sh"

# Prints the interpreter itself rather than a version manager's shim.
usable() {
  "$1" - <<'PYTHON' 2>/dev/null
import ensurepip, os, sys, sysconfig, venv
assert sys.version_info >= (3, 10)
assert os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))
print(sys.executable)
PYTHON
}

candidates() {
  if [[ -n "${PYTHON:-}" ]]; then
    echo "$PYTHON"
  else
    which -a python3 python3.13 python3.12 python3.11 python3.10 || true
  fi
}

while read -r python; do
  if usable "$python"; then
    exit 0
  fi
done < <(candidates)
exit 1
