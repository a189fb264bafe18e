"""Libraries that take NumPy arrays and answer batches: hnswlib, faiss, usearch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .system import BUILD_THREADS, EF_CONSTRUCTION, K, M, System


class Hnswlib(System):
    package = "hnswlib"
    settings = f"M={M} ef_construction={EF_CONSTRUCTION} ip"

    def build(self, base: np.ndarray, folder: Path) -> None:
        import hnswlib

        self._index = hnswlib.Index(space="ip", dim=base.shape[1])
        self._index.init_index(max_elements=len(base), M=M, ef_construction=EF_CONSTRUCTION)
        self._index.add_items(base, np.arange(len(base)), num_threads=BUILD_THREADS)
        self._index.set_num_threads(1)

    def set_width(self, width: int) -> None:
        self._index.set_ef(width)

    def search_batch(self, queries: np.ndarray) -> Any:
        return self._index.knn_query(queries, k=K, num_threads=1)

    def search_one(self, query: np.ndarray) -> Any:
        return self._index.knn_query(query, k=K, num_threads=1)

    def ids(self, answer: Any) -> np.ndarray:
        return answer[0].astype(np.int32)


class Faiss(System):
    """HNSW over 8-bit codes, the best rescored in float32."""

    package = "faiss-cpu"
    settings = f"HNSW{M},SQ8,RFlat efConstruction={EF_CONSTRUCTION} ip k_factor=4"

    def build(self, base: np.ndarray, folder: Path) -> None:
        import faiss

        self._faiss = faiss
        faiss.omp_set_num_threads(BUILD_THREADS)
        codes = faiss.IndexHNSWSQ(
            base.shape[1], faiss.ScalarQuantizer.QT_8bit, M, faiss.METRIC_INNER_PRODUCT
        )
        codes.hnsw.efConstruction = EF_CONSTRUCTION
        self._codes = codes
        self._index = faiss.IndexRefineFlat(codes)
        self._index.k_factor = 4
        self._index.train(base)
        self._index.add(base)
        faiss.omp_set_num_threads(1)

    def set_width(self, width: int) -> None:
        self._codes.hnsw.efSearch = width

    def search_batch(self, queries: np.ndarray) -> Any:
        return self._index.search(queries, K)

    def search_one(self, query: np.ndarray) -> Any:
        return self._index.search(query[np.newaxis], K)

    def ids(self, answer: Any) -> np.ndarray:
        return answer[1].astype(np.int32)

    def kernels(self) -> str | None:
        return self._faiss.get_compile_options()


class Usearch(System):
    package = "usearch"
    settings = f"connectivity={M} expansion_add={EF_CONSTRUCTION} f32 ip"

    def build(self, base: np.ndarray, folder: Path) -> None:
        from usearch.index import Index

        self._index = Index(
            ndim=base.shape[1],
            metric="ip",
            dtype="f32",
            connectivity=M,
            expansion_add=EF_CONSTRUCTION,
        )
        self._index.add(np.arange(len(base)), base, threads=BUILD_THREADS)

    def set_width(self, width: int) -> None:
        self._index.expansion_search = width

    def search_batch(self, queries: np.ndarray) -> Any:
        return self._index.search(queries, K, threads=1)

    def search_one(self, query: np.ndarray) -> Any:
        return self._index.search(query, K, threads=1)

    def ids(self, answer: Any) -> np.ndarray:
        return answer.keys.astype(np.int32)

    def kernels(self) -> str | None:
        return self._index.hardware_acceleration
