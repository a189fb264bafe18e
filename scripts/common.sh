# Sourced by the other scripts: strict mode, the repository's root as working folder, and how they
# speak.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*"; }

# The hash of what is at some paths, files and folders. Used as a stamp, so that a step whose inputs
# have not changed is not done again.
hash_of() {
  find "$@" -type f ! -path '*/__pycache__/*' ! -name '*.pyc' -print0 | LC_ALL=C sort -z |
    xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
}
