#!/usr/bin/env bash
# Installs what TraceVec is measured against: a venv in build/peers with the packages of
# requirements-peers.txt, and the headers of hnswlib. One package at a time: one that cannot be
# installed here is named at the end and does not keep the others out.
source "$(dirname "$0")/../../scripts/common.sh"

requirements=bench/search/requirements-peers.txt
peers=build/peers
python=$peers/venv/bin/python
mkdir -p "$peers"

if [[ ! -x $python ]]; then
  say "Making $peers/venv"
  "$(scripts/find-python.sh)" -m venv "$peers/venv"
fi

failed=()
while read -r requirement; do
  stamp=$peers/.installed-$requirement
  if [[ -e $stamp ]]; then
    continue
  fi
  say "Installing $requirement"
  if "$python" -m pip install --quiet --disable-pip-version-check "$requirement"; then
    touch "$stamp"
  else
    failed+=("$requirement")
  fi
done < <(grep -v '^#' "$requirements")

scripts/hnswlib-headers.sh

if [[ ${#failed[@]} -gt 0 ]]; then
  say "Left out, since pip could not install them: ${failed[*]}"
fi
