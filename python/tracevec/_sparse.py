"""Sparse vectors, brought into the one form that the compiled part takes: rows as CSR."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from .errors import InvalidArgument

_LARGEST_INDEX = 2**32 - 1


class SparseRows(NamedTuple):
    """Row i has the entries ``indptr[i]`` to ``indptr[i + 1]``."""

    indptr: np.ndarray[Any, np.dtype[np.int64]]
    indices: np.ndarray[Any, np.dtype[np.uint32]]
    values: np.ndarray[Any, np.dtype[np.float32]]

    @property
    def row_count(self) -> int:
        return len(self.indptr) - 1

    def row(self, place: int) -> SparseRows:
        return self.part(slice(place, place + 1))

    def part(self, rows: slice) -> SparseRows:
        """Rows of a slice without a step."""
        start, stop, _ = rows.indices(self.row_count)
        indptr = self.indptr[start : stop + 1]
        entries = slice(int(indptr[0]), int(indptr[-1]))
        return SparseRows(indptr - indptr[0], self.indices[entries], self.values[entries])


def is_sparse(value: Any) -> bool:
    """Whether a value is meant as a sparse vector, or rows of them."""
    if isinstance(value, (list, tuple)):
        return len(value) > 0 and isinstance(value[0], Mapping)
    return isinstance(value, Mapping) or _is_matrix(value)


def as_sparse_rows(value: Any, name: str) -> SparseRows:
    """A dict ``{index: value}``, a list of dicts, or a matrix of scipy.sparse or of its like."""
    if _is_matrix(value):
        return _of_matrix(value, name)
    rows = [value] if isinstance(value, Mapping) else value
    if not isinstance(rows, (list, tuple)):
        raise InvalidArgument(
            f"{name}: expected dicts {{index: value}} or a sparse matrix, "
            f"got {type(value).__name__}"
        )
    indptr, indices, values = [0], [], []
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise InvalidArgument(
                f"{name}: row {place}: expected a dict {{index: value}}, got {type(row).__name__}"
            )
        for index, weight in row.items():
            if not isinstance(index, Integral) or not 0 <= index <= _LARGEST_INDEX:
                raise InvalidArgument(
                    f"{name}: row {place}: index {index!r}, expected an int of 0 to 2^32 - 1"
                )
            if not isinstance(weight, Real):
                raise InvalidArgument(
                    f"{name}: row {place}: the value of index {index} is a {type(weight).__name__}"
                )
            indices.append(int(index))
            values.append(float(weight))
        indptr.append(len(indices))
    with np.errstate(over="ignore"):  # beyond float32 it is infinite, which the library refuses
        return SparseRows(
            np.array(indptr, np.int64), np.array(indices, np.uint32), np.array(values, np.float32)
        )


def one_sparse_row(value: Any, name: str) -> tuple[Any, Any]:
    """Indices and values of one vector."""
    rows = as_sparse_rows(value, name)
    if rows.row_count != 1:
        raise InvalidArgument(f"{name}: expected one sparse vector, got {rows.row_count}")
    return rows.indices, rows.values


def _is_matrix(value: Any) -> bool:
    return hasattr(value, "tocsr") or all(
        hasattr(value, name) for name in ("indptr", "indices", "data")
    )


def _of_matrix(value: Any, name: str) -> SparseRows:
    if hasattr(value, "tocsr"):
        value = value.tocsr()
    indptr = np.asarray(value.indptr, dtype=np.int64)
    indices = np.asarray(value.indices)
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(value.data, dtype=np.float32)
    if indices.dtype.kind not in "iu":
        raise InvalidArgument(f"{name}: indices: expected integers, got dtype {indices.dtype}")
    if indices.size > 0 and (indices.min() < 0 or indices.max() > _LARGEST_INDEX):
        raise InvalidArgument(
            f"{name}: index {indices.min() if indices.min() < 0 else indices.max()}, "
            f"expected 0 to 2^32 - 1"
        )
    shapes = indptr.ndim == indices.ndim == values.ndim == 1 and len(indptr) > 0
    if not shapes or indptr[0] != 0 or indptr[-1] > len(indices) or np.any(np.diff(indptr) < 0):
        raise InvalidArgument(f"{name}: indptr does not ascend from 0 to at most {len(indices)}")
    if len(values) != len(indices):
        raise InvalidArgument(f"{name}: {len(indices)} indices and {len(values)} values")
    return SparseRows(indptr, np.ascontiguousarray(indices, dtype=np.uint32), values)
