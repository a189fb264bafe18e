"""Whatever holds numbers or strings, brought into the one form that the compiled part takes.

float32 NumPy arrays that are C-contiguous and aligned pass through without a copy. Everything
else (float64, float16, integers, strides, lists, Arrow, anything with ``__array__``) is copied
once, here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ._sparse import SparseRows, as_sparse_rows, is_sparse
from .errors import InvalidArgument

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
_FLOAT32 = np.dtype(np.float32)


def as_vector(value: Any, name: str) -> FloatArray:
    """A float32 array of one dimension."""
    array = _as_float32(value, name)
    if array.ndim != 1:
        raise InvalidArgument(f"{name}: expected a 1-D array, got shape {array.shape}")
    return array


def as_query_rows(value: Any, name: str) -> list[FloatArray]:
    """One float32 vector, or the rows of an array of several."""
    array = _as_float32(value, name)
    if array.ndim == 1:
        return [array]
    if array.ndim != 2 or len(array) == 0:
        raise InvalidArgument(
            f"{name}: expected one vector (a 1-D array), or one for each phrasing of the question "
            f"(2-D), got shape {array.shape}"
        )
    return list(array)


def as_matrix(value: Any, name: str) -> FloatArray:
    """A float32 array of rows x dimension. An empty list has no rows of no dimension."""
    array = _as_float32(value, name)
    if array.ndim == 1 and array.size == 0:
        return array.reshape(0, 0)
    if array.ndim != 2:
        raise InvalidArgument(
            f"{name}: expected a 2-D array (rows x dimension), got shape {array.shape}"
        )
    return array


def as_rows(vectors: Any) -> dict[str, FloatArray | SparseRows]:
    """Field -> rows; rows alone are meant for the only field of their kind, whose key is ``""``."""
    if vectors is None:
        return {}
    if names_fields(vectors):
        return {field: _rows_of(rows, f"vectors[{field!r}]") for field, rows in vectors.items()}
    return {"": _rows_of(vectors, "vectors")}


def names_fields(vectors: Any) -> bool:
    """Whether it is a dict of fields, not a sparse vector, whose keys are numbers."""
    return isinstance(vectors, Mapping) and all(isinstance(key, str) for key in vectors)


def part_of(rows: FloatArray | SparseRows, part: slice) -> FloatArray | SparseRows:
    """Some of the rows."""
    return rows.part(part) if isinstance(rows, SparseRows) else rows[part]


def _rows_of(rows: Any, name: str) -> FloatArray | SparseRows:
    return as_sparse_rows(rows, name) if is_sparse(rows) else as_matrix(rows, name)


def as_list(values: Any, name: str) -> list[Any]:
    """The items of a list, tuple, NumPy or Arrow array, or any other iterable but a string."""
    if isinstance(values, list):
        return values
    if isinstance(values, (str, bytes, Mapping)):
        raise InvalidArgument(f"{name}: expected a list, got {type(values).__name__}")
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return list(values)  # tolist() gives ints where datetime cannot hold them
    for method in ("to_pylist", "tolist"):
        if hasattr(values, method):
            converted = getattr(values, method)()
            return converted if isinstance(converted, list) else [converted]
    try:
        return list(values)
    except TypeError:
        raise InvalidArgument(f"{name}: expected a list, got {type(values).__name__}") from None


def _as_float32(value: Any, name: str) -> FloatArray:
    if type(value) is not np.ndarray:
        value = _to_numpy(value, name)
    if value.dtype == _FLOAT32:
        flags = value.flags
        if flags.c_contiguous and flags.aligned:
            return value  # type: ignore[no-any-return]
    elif value.dtype.kind not in "fiu" and value.size > 0:
        raise InvalidArgument(f"{name}: expected numbers, got an array of dtype {value.dtype}")
    with np.errstate(over="ignore"):  # beyond float32 it is infinite, which the library refuses
        return np.array(value, dtype=np.float32, order="C")


def _to_numpy(value: Any, name: str) -> np.ndarray[Any, Any]:
    list_size = getattr(getattr(value, "type", None), "list_size", None)
    if list_size is not None:  # an Arrow FixedSizeListArray, which NumPy would see as objects
        if hasattr(value, "combine_chunks"):
            value = value.combine_chunks()
        flat: np.ndarray[Any, Any] = value.flatten().to_numpy(zero_copy_only=False)
        return flat.reshape(-1, list_size)
    try:
        return np.asarray(value)
    except (ValueError, TypeError) as error:
        raise InvalidArgument(f"{name}: not an array of numbers: {error}") from None
