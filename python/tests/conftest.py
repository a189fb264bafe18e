"""Fixtures: a database in a folder of its own, and rows that are the same in every run."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tracevec as tv

sys.path.append(str(Path(__file__).parent))  # for models.py: the tests are no package

DIM = 8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.tv"


@pytest.fixture
def db(path: Path) -> Iterator[tv.Database]:
    with tv.open(path) as database:
        yield database


@pytest.fixture
def notes(db: tv.Database) -> tv.Collection:
    """A collection with one cosine field of 8 dimensions."""
    return db.collection("notes", dim=DIM)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def rows(rng: np.random.Generator) -> np.ndarray:
    """20 unit rows of 8 dimensions."""
    vectors = rng.standard_normal((20, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def filled(notes: tv.Collection, rows: np.ndarray) -> tv.Collection:
    """`notes` with ids n00 to n19, texts, and metadata year (2000 to 2019), even and tags."""
    notes.upsert(
        [f"n{i:02}" for i in range(20)],
        rows,
        texts=[f"note {i}" for i in range(20)],
        metadata=[
            {"year": 2000 + i, "even": i % 2 == 0, "tags": ["a"] if i < 5 else ["b", "c"]}
            for i in range(20)
        ],
    )
    return notes
