#!/usr/bin/env bash
# clang-tidy (.clang-tidy) over the libraries, or over the sources named on the command line and
# what is compiled with them: preset dev compiles several files as one, which reads their common
# headers once. What passed is not looked at again until it, a header or .clang-tidy changes.
source "$(dirname "$0")/common.sh"

build=build/dev
stamps=$build/lint
mkdir -p "$stamps"
cmake --preset dev >/dev/null

# What one call of the compiler compiles: a source, or a file that includes several.
units_of() {
  python3 - "$build" "$@" <<'PYTHON'
import json, os, re, sys

build, wanted = sys.argv[1], {os.path.abspath(path) for path in sys.argv[2:]}
libraries = re.compile(r"/(core|storage|index|retrieval)/(CMakeFiles/[^/]*/Unity/)?[^/]*$")
units = {}
for command in json.load(open(os.path.join(build, "compile_commands.json"))):
    unit = command["file"]
    if libraries.search(unit):
        units[unit] = {unit} | set(re.findall(r'#include "(/.*)"', open(unit).read()))
unknown = wanted - set().union(*units.values())
if unknown:
    sys.exit(f"lint: no library has {' '.join(sorted(unknown))}")
print("\n".join(unit for unit, sources in units.items() if not wanted or wanted & sources))
PYTHON
}
listed=$(units_of "$@")
mapfile -t units <<<"$listed"

shared=$(hash_of .clang-tidy $build/compile_commands.json include/tracevec \
  {core,storage,index,retrieval}/*.h)

export build stamps shared
lint_one() {
  local unit=$1
  local stamp sources hash
  stamp=$stamps/$(sha256sum <<<"$unit" | cut -c 1-16)
  mapfile -t sources < <(sed -n 's/^#include "\(\/.*\)"$/\1/p' "$unit")
  hash="$shared $(cat "$unit" "${sources[@]}" | sha256sum)"
  if [[ "$(cat "$stamp" 2>/dev/null)" == "$hash" ]]; then
    return
  fi
  # Warnings in system headers are counted on standard error: noise.
  if ! clang-tidy-14 --quiet -p "$build" "$unit" 2>/dev/null; then
    echo "clang-tidy: ${sources[*]:-$unit}" >&2
    return 1
  fi
  echo "$hash" >"$stamp"
}
export -f lint_one
printf '%s\0' "${units[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'set -e; lint_one "$1"' lint
echo "clang-tidy: ${#units[@]} calls of the compiler"
