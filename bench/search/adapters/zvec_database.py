"""zvec, with float32 vectors and with int8 codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .system import BUILD_THREADS, EF_CONSTRUCTION, K, OneByOne

_M = 32  # its default is 50
_INSERT_ROWS = 1000  # the most that one call takes is 1,024


class Zvec(OneByOne):
    package = "zvec"
    settings = f"HNSW m={_M} ef_construction={EF_CONSTRUCTION} float32 ip, query_threads=1"
    filters = True
    quantize_type = "UNDEFINED"
    is_using_refiner = False

    def build(self, base: np.ndarray, folder: Path) -> None:
        import zvec

        self._zvec = zvec
        zvec.init(log_dir=str(folder), query_threads=1, optimize_threads=BUILD_THREADS)
        index = zvec.HnswIndexParam(
            metric_type=zvec.MetricType.IP,
            m=_M,
            ef_construction=EF_CONSTRUCTION,
            quantize_type=getattr(zvec.QuantizeType, self.quantize_type),
        )
        vector = zvec.VectorSchema(
            "vector", zvec.DataType.VECTOR_FP32, dimension=base.shape[1], index_param=index
        )
        fields = None
        if self.parts is not None:
            inverted = zvec.InvertIndexParam(enable_range_optimization=True)
            fields = [zvec.FieldSchema("part", zvec.DataType.INT32, index_param=inverted)]
        schema = zvec.CollectionSchema(name="rows", fields=fields, vectors=[vector])
        self._rows = zvec.create_and_open(str(folder / "db"), schema)
        for start in range(0, len(base), _INSERT_ROWS):
            rows = enumerate(base[start : start + _INSERT_ROWS], start)
            docs = [
                zvec.Doc(id=str(row), vectors={"vector": vector}, fields=self._fields(row))
                for row, vector in rows
            ]
            statuses = self._rows.insert(docs)
            if not all(status.ok() for status in statuses):
                raise RuntimeError(f"zvec refused a row near {start}")
        self._rows.optimize()

    def _fields(self, row: int) -> dict[str, int]:
        return {} if self.parts is None else {"part": int(self.parts[row])}

    def set_width(self, width: int) -> None:
        self._parameters = self._zvec.HnswQueryParam(
            ef=width, is_using_refiner=self.is_using_refiner
        )

    def search_one(self, query: np.ndarray) -> Any:
        question = self._zvec.Query("vector", vector=query, param=self._parameters)
        where = None if self.limit is None else f"part < {self.limit}"
        return self._rows.query(question, topk=K, filter=where, output_fields=[])

    def ids_of_one(self, found: Any) -> list[int]:
        return [int(doc.id) for doc in found]


class ZvecInt8(Zvec):
    settings = f"HNSW m={_M} ef_construction={EF_CONSTRUCTION} int8 ip, refiner, query_threads=1"
    quantize_type = "INT8"
    is_using_refiner = True
