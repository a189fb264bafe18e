"""Data sets on disk: base, queries and exact answers, made once, in build/bench-data/<name>/."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from . import sources
from .truth import exact_answers

DATA_FOLDER = sources.ROOT / "build" / "bench-data"
TRUTH_DEPTH = 100

# Recall at which systems are compared: where the curves of the libraries bend.
RECALLS = {
    "glove": (0.93, 0.955, 0.987),
    "cppdocs": (0.98, 0.99, 0.995),
    "fashion": (0.98, 0.99),
}
OTHER_RECALLS = (0.95, 0.98, 0.99)

_SOURCES: dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]] = {
    "cppdocs": sources.cppdocs,
    "glove": sources.glove,
    "fashion": sources.fashion,
}
NAMES = (*_SOURCES, "clusters")


@dataclass(frozen=True)
class Description:
    """Says which data a figure is of. Equal hashes mean equal vectors."""

    name: str
    hash: str
    rows: int
    dimension: int
    queries: int
    seed: int


@dataclass(frozen=True)
class Dataset:
    """Rows of unit length, compared by cosine, which is then their inner product."""

    folder: Path
    description: Description
    base: np.ndarray  # mapped, not read
    queries: np.ndarray
    truth_ids: np.ndarray  # queries x 100, best first, equal scores by id
    truth_scores: np.ndarray  # float64


def load(name: str, rows: int = 100_000, dimension: int = 128) -> Dataset:
    """Reads a data set, and makes it first if it is not there. `rows` and `dimension` are for
    "clusters" only."""
    source = _SOURCES.get(name)
    if source is None:
        source = partial(sources.clusters, rows, dimension)
        name = f"clusters-{rows}x{dimension}"
    folder = DATA_FOLDER / name
    if not (folder / "data.json").exists():
        _prepare(name, source, folder)
    return Dataset(
        folder,
        Description(**json.loads((folder / "data.json").read_text(encoding="utf-8"))),
        np.load(folder / "base.npy", mmap_mode="r"),
        np.load(folder / "queries.npy"),
        np.load(folder / "truth_ids.npy"),
        np.load(folder / "truth_scores.npy"),
    )


def _prepare(name: str, source: Callable[[], tuple[np.ndarray, np.ndarray]], folder: Path) -> None:
    base, queries = (_unit_length(rows) for rows in source())
    ids, scores = exact_answers(base, queries, min(TRUTH_DEPTH, len(base)))
    digest = hashlib.sha256(base.tobytes() + queries.tobytes()).hexdigest()
    description = Description(name, digest, *base.shape, len(queries), sources.SEED)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "base.npy", base)
    np.save(folder / "queries.npy", queries)
    np.save(folder / "truth_ids.npy", ids)
    np.save(folder / "truth_scores.npy", scores)
    # Last: its presence says that the rest is whole.
    text = json.dumps(asdict(description), indent=2) + "\n"
    (folder / "data.json").write_text(text, encoding="utf-8")


def _unit_length(rows: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    return np.ascontiguousarray(rows / norms, np.float32)
