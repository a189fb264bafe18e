#!/usr/bin/env bash
# clang-tidy (.clang-tidy) over the sources named on the command line, or over all of the libraries.
# Needs the compile commands of preset dev. A file that passed is not looked at again until it, a
# header or .clang-tidy changes.
source "$(dirname "$0")/common.sh"

build=build/dev
stamps=$build/lint
mkdir -p "$stamps"
if [[ $# -gt 0 ]]; then
  files=("$@")
else
  files=({core,storage,index,retrieval}/*.cc)
fi
shared=$(hash_of .clang-tidy $build/compile_commands.json include/tracevec \
  {core,storage,index,retrieval}/*.h)

export build stamps shared
lint_one() {
  local file=$1
  local stamp=$stamps/${file//\//_} hash
  hash="$shared $(sha256sum <"$file")"
  if [[ "$(cat "$stamp" 2>/dev/null)" == "$hash" ]]; then
    return
  fi
  # Warnings in system headers are counted on standard error: noise.
  if ! clang-tidy-14 --quiet -p "$build" "$file" 2>/dev/null; then
    echo "clang-tidy: $file" >&2
    return 1
  fi
  echo "$hash" >"$stamp"
}
export -f lint_one
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'set -e; lint_one "$1"' lint
echo "clang-tidy: ${#files[@]} files"
