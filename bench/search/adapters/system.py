"""What worker.py asks of a system."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np

K = 10
BUILD_THREADS = 2
M = 16
EF_CONSTRUCTION = 200


class System(ABC):
    """A library or database under measurement. Rows have unit length and their numbers as ids."""

    package: str  # on PyPI
    settings: str  # what differs from the defaults
    has_batch = True  # False: search_batch is a loop of one-query calls

    # The field of each row that filters ask for, and what it is to be below. None: there is none.
    parts: np.ndarray | None = None
    limit: int | None = None
    filters = False  # Whether it takes the field.

    def give_parts(self, parts: np.ndarray) -> None:
        """Before build."""
        if not self.filters:
            raise NotImplementedError("not measured with filters here")
        self.parts = parts

    def set_limit(self, limit: int) -> None:
        """Searches from here on ask for rows whose field is below it."""
        self.limit = limit

    @abstractmethod
    def build(self, base: np.ndarray, folder: Path) -> None:
        """Indexes the rows on two threads. Keeps no reference to `base`; `folder` is empty."""

    @abstractmethod
    def set_width(self, width: int) -> None:
        """ef, or what the system has in its place."""

    @abstractmethod
    def search_batch(self, queries: np.ndarray) -> Any:
        """Answers all queries in one call, as the system gives them."""

    @abstractmethod
    def search_one(self, query: np.ndarray) -> Any:
        """Answers one query."""

    @abstractmethod
    def ids(self, answer: Any) -> np.ndarray:
        """Of a batch's answer: queries x K, -1 where one is missing. Not timed."""

    def kernels(self) -> str | None:
        """The instruction set in use, where the system says it."""
        return None


class OneByOne(System):
    """A system whose calls take one query."""

    has_batch = False

    def search_batch(self, queries: np.ndarray) -> Any:
        return [self.search_one(query) for query in queries]

    def ids(self, answer: Any) -> np.ndarray:
        return padded([self.ids_of_one(found) for found in answer])

    @abstractmethod
    def ids_of_one(self, found: Any) -> list[int]:
        """Of search_one's answer."""


def padded(rows: list[list[int]]) -> np.ndarray:
    """Lists of ids as an array, -1 where there are fewer than K."""
    return np.array([(list(row) + [-1] * K)[:K] for row in rows], np.int32)
