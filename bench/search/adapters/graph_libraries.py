"""VSAG's HGraph and Scalable Vector Search's Vamana."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .system import BUILD_THREADS, EF_CONSTRUCTION, K, OneByOne, System

_DEGREE = 32


class Vsag(OneByOne):
    package = "pyvsag"
    settings = (
        f"hgraph sq8, reorder fp32, max_degree={_DEGREE} ef_construction={EF_CONSTRUCTION} ip"
    )

    def build(self, base: np.ndarray, folder: Path) -> None:
        import pyvsag

        pyvsag.set_logger_off()
        parameters = {
            "dtype": "float32",
            "metric_type": "ip",
            "dim": base.shape[1],
            "index_param": {
                "base_quantization_type": "sq8",
                "use_reorder": True,
                "precise_quantization_type": "fp32",
                "max_degree": _DEGREE,
                "ef_construction": EF_CONSTRUCTION,
                "build_thread_count": BUILD_THREADS,
            },
        }
        self._index = pyvsag.Index("hgraph", json.dumps(parameters))
        self._index.build(
            base.ravel(), np.arange(len(base), dtype=np.int64), len(base), base.shape[1]
        )

    def set_width(self, width: int) -> None:
        self._parameters = json.dumps({"hgraph": {"ef_search": width}})

    def search_one(self, query: np.ndarray) -> Any:
        return self._index.knn_search(query, K, self._parameters)

    def ids_of_one(self, found: Any) -> list[int]:
        distances, ids = found
        # Named either way round by its versions: ids are the integers.
        return (ids if np.issubdtype(ids.dtype, np.integer) else distances).tolist()


class ScalableVectorSearch(System):
    """float32: its compressed types run on other processors only."""

    package = "scalable-vs"
    settings = f"Vamana float32 graph_max_degree={_DEGREE} window_size={EF_CONSTRUCTION} alpha=0.95"

    def build(self, base: np.ndarray, folder: Path) -> None:
        import svs

        parameters = svs.VamanaBuildParameters(
            alpha=0.95, graph_max_degree=_DEGREE, window_size=EF_CONSTRUCTION
        )
        self._index = svs.Vamana.build(
            parameters, base, svs.DistanceType.MIP, num_threads=BUILD_THREADS
        )
        self._index.num_threads = 1

    def set_width(self, width: int) -> None:
        self._index.search_window_size = width

    def search_batch(self, queries: np.ndarray) -> Any:
        return self._index.search(queries, K)

    def search_one(self, query: np.ndarray) -> Any:
        return self._index.search(query, K)

    def ids(self, answer: Any) -> np.ndarray:
        return answer[0].astype(np.int32)
