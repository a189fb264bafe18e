"""Embedded databases: Qdrant Edge, LanceDB, Chroma."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .system import BUILD_THREADS, EF_CONSTRUCTION, K, M, OneByOne, System, padded

_ROWS_A_CALL = 5000
_REFINE = 4  # LanceDB: this many times k are scored again in float32


class QdrantEdge(System):
    package = "qdrant-edge-py"
    settings = (
        f"HNSW m={M} ef_construct={EF_CONSTRUCTION} float32 dot, one segment and thread; under a "
        "filter ACORN, with an index of the field"
    )
    filters = True

    _filter: Any = None

    def build(self, base: np.ndarray, folder: Path) -> None:
        import qdrant_edge as qdrant

        self._qdrant = qdrant
        (folder / "db").mkdir()
        config = qdrant.EdgeConfig(
            vectors=qdrant.EdgeVectorParams(size=base.shape[1], distance=qdrant.Distance.Dot),
            hnsw_config=qdrant.HnswIndexConfig(
                m=M,
                ef_construct=EF_CONSTRUCTION,
                full_scan_threshold=10,
                max_indexing_threads=BUILD_THREADS,
            ),
            optimizers=qdrant.EdgeOptimizersConfig(
                default_segment_number=1, indexing_threshold=1000
            ),
            max_search_threads=1,
        )
        self._shard = qdrant.EdgeShard.create(str(folder / "db"), config)
        for start in range(0, len(base), _ROWS_A_CALL):
            rows = enumerate(base[start : start + _ROWS_A_CALL].tolist(), start)
            points = [qdrant.Point(row, vector, self._payload(row)) for row, vector in rows]
            self._shard.update(qdrant.UpdateOperation.upsert_points(points))
        if self.parts is not None:
            index = qdrant.UpdateOperation.create_field_index(
                "part", qdrant.PayloadSchemaType.Integer
            )
            self._shard.update(index)
        self._shard.optimize()
        self._shard.flush()

    def _payload(self, row: int) -> dict[str, int] | None:
        return None if self.parts is None else {"part": int(self.parts[row])}

    def set_limit(self, limit: int) -> None:
        super().set_limit(limit)
        below = self._qdrant.FieldCondition("part", range=self._qdrant.RangeFloat(lt=limit))
        self._filter = self._qdrant.Filter(must=[below])

    def set_width(self, width: int) -> None:
        acorn = self._qdrant.AcornSearchParams(enable=True) if self._filter else None
        self._parameters = self._qdrant.SearchParams(hnsw_ef=width, acorn=acorn)

    def search_batch(self, queries: np.ndarray) -> Any:
        requests = [self._request(query) for query in queries]
        return self._shard.query_batch(self._qdrant.QueryBatchRequest(requests))

    def search_one(self, query: np.ndarray) -> Any:
        return self._shard.query(self._request(query))

    def _request(self, query: np.ndarray) -> Any:
        nearest = self._qdrant.Query.Nearest(query.tolist())
        return self._qdrant.QueryRequest(
            limit=K, query=nearest, filter=self._filter, params=self._parameters
        )

    def ids(self, answer: Any) -> np.ndarray:
        return padded([[point.id for point in points] for points in answer])


class LanceDb(OneByOne):
    """Its graphs are inside the cells of an inverted file; all of these are probed."""

    package = "lancedb"
    settings = (
        f"IVF_HNSW_SQ m={M} ef_construction={EF_CONSTRUCTION} dot, num_partitions=1 "
        f"refine_factor={_REFINE}"
    )

    filters = True

    def build(self, base: np.ndarray, folder: Path) -> None:
        import lancedb
        import pyarrow

        vectors = pyarrow.FixedSizeListArray.from_arrays(base.ravel(), base.shape[1])
        ids = pyarrow.array(np.arange(len(base)))
        columns = {"id": ids, "vector": vectors}
        if self.parts is not None:
            columns["part"] = pyarrow.array(self.parts)
        self._table = lancedb.connect(folder / "db").create_table("rows", pyarrow.table(columns))
        if self.parts is not None:
            self._table.create_scalar_index("part")
        self._table.create_index(
            metric="dot",
            index_type="IVF_HNSW_SQ",
            num_partitions=1,
            m=M,
            ef_construction=EF_CONSTRUCTION,
        )

    def set_width(self, width: int) -> None:
        self._width = width

    def search_one(self, query: np.ndarray) -> Any:
        search = self._table.search(query, vector_column_name="vector").distance_type("dot")
        # Not below the candidates that are refined.
        search = search.ef(max(self._width, _REFINE * K)).refine_factor(_REFINE)
        if self.limit is not None:
            search = search.where(f"part < {self.limit}", prefilter=True)
        return search.select(["id"]).limit(K).to_arrow()

    def ids_of_one(self, found: Any) -> list[int]:
        return found["id"].to_pylist()


class Chroma(System):
    package = "chromadb"
    settings = f"hnsw max_neighbors={M} ef_construction={EF_CONSTRUCTION} ip, num_threads=2"
    filters = True

    def build(self, base: np.ndarray, folder: Path) -> None:
        import chromadb

        client = chromadb.PersistentClient(
            str(folder / "db"), chromadb.Settings(anonymized_telemetry=False)
        )
        self._rows = client.create_collection(
            "rows",
            embedding_function=None,
            configuration={
                "hnsw": {
                    "space": "ip",
                    "max_neighbors": M,
                    "ef_construction": EF_CONSTRUCTION,
                    "num_threads": BUILD_THREADS,
                    "sync_threshold": max(2, len(base)),
                    "batch_size": _ROWS_A_CALL,
                }
            },
        )
        for start in range(0, len(base), _ROWS_A_CALL):
            rows = base[start : start + _ROWS_A_CALL]
            ids = range(start, start + len(rows))
            fields = None
            if self.parts is not None:
                fields = [{"part": int(self.parts[row])} for row in ids]
            self._rows.add([str(row) for row in ids], rows, metadatas=fields)

    def set_width(self, width: int) -> None:
        self._rows.modify(configuration={"hnsw": {"ef_search": width}})

    def search_batch(self, queries: np.ndarray) -> Any:
        return self._query(queries)

    def search_one(self, query: np.ndarray) -> Any:
        return self._query(query[np.newaxis])

    def _query(self, queries: np.ndarray) -> Any:
        where = None if self.limit is None else {"part": {"$lt": self.limit}}
        return self._rows.query(query_embeddings=queries, n_results=K, where=where, include=[])

    def ids(self, answer: Any) -> np.ndarray:
        return padded([[int(found) for found in row] for row in answer["ids"]])
