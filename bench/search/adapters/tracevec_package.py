"""TraceVec as installed in .venv."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import tracevec as tv

from .system import K, System


class TraceVec(System):
    package = "tracevec"
    settings = "defaults; receipt=summary; singles are search(), with content"

    def build(self, base: np.ndarray, folder: Path) -> None:
        self._database = tv.open(folder / "db")
        self._rows = self._database.collection("rows", dim=base.shape[1])
        self._rows.upsert([str(row) for row in range(len(base))], base)
        self._rows.rebuild()

    def set_width(self, width: int) -> None:
        self._ef = width or None  # 0: what the collection chooses

    def search_batch(self, queries: np.ndarray) -> Any:
        return self._rows.search_batch(queries, k=K, ef=self._ef)

    def search_one(self, query: np.ndarray) -> Any:
        return self._rows.search(vector=query, k=K, ef=self._ef)

    def ids(self, answer: Any) -> np.ndarray:
        return np.array([[int(found or -1) for found in row] for row in answer[0]], np.int32)

    def kernels(self) -> str | None:
        return self._rows.stats().kernels
