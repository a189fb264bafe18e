#!/usr/bin/env bash
# Installs what Debian 12 and Ubuntu 24.04 lack for building and testing TraceVec; does nothing when
# nothing is missing. With --check also what only scripts/check-all.sh uses.
source "$(dirname "$0")/common.sh"

packages=(
  build-essential cmake ninja-build ccache pkg-config
  librocksdb-dev libhnswlib-dev libxsimd-dev libeigen3-dev nlohmann-json3-dev libxxhash-dev
  libutf8proc-dev libstemmer-dev libroaring-dev libfmt-dev zlib1g-dev libgtest-dev libbenchmark-dev
)
if [[ "${1:-}" == --check ]]; then
  packages+=(clang-format-14 clang-tidy-14)
fi
if ! scripts/find-python.sh >/dev/null; then
  packages+=(python3 python3-dev python3-venv)
fi

is_installed() {
  [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
  echo "All ${#packages[@]} system packages are there."
  exit 0
fi

say "Installing ${missing[*]}"
as_root=()
if [[ "$(id -u)" -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "Neither root nor sudo. As root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
# Another apt may be at work on a machine that has just started: wait for it.
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get
     -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
"${apt[@]}" update
"${apt[@]}" install --yes --no-install-recommends "${missing[@]}"
