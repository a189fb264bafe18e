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
    filters = True

    _where: str | None = None

    def build(self, base: np.ndarray, folder: Path) -> None:
        self._database = tv.open(folder / "db")
        self._rows = self._database.collection("rows", dim=base.shape[1])
        metadata = None if self.parts is None else {"part": self.parts.tolist()}
        self._rows.upsert([str(row) for row in range(len(base))], base, metadata=metadata)
        self._rows.rebuild()

    def set_width(self, width: int) -> None:
        self._ef = width or None  # 0: what the collection chooses

    def set_limit(self, limit: int) -> None:
        super().set_limit(limit)
        self._where = f"part < {limit}"

    def search_batch(self, queries: np.ndarray) -> Any:
        return self._rows.search_batch(queries, k=K, ef=self._ef, where=self._where)

    def search_one(self, query: np.ndarray) -> Any:
        return self._rows.search(vector=query, k=K, ef=self._ef, where=self._where)

    def ids(self, answer: Any) -> np.ndarray:
        return np.array([[int(found or -1) for found in row] for row in answer[0]], np.int32)

    def kernels(self) -> str | None:
        return self._rows.stats().kernels
