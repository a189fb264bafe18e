"""What a search asks with, brought into the form that the compiled part takes.

A question is one vector, vectors of several fields, a text, or several phrasings of these: rows of
2-D arrays and items of a list of texts, of which those in the same place belong together.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ._arrays import FloatArray, as_list, as_query_rows, names_fields
from ._sparse import as_sparse_rows, is_sparse
from .errors import InvalidArgument

SparseVector = tuple[Any, Any]  # indices and values
Vectors = list[tuple[str, FloatArray | SparseVector]]


class Query(NamedTuple):
    """The first phrasing, and further ones as ``(vector, vectors, text)``."""

    vector: FloatArray | None
    vectors: Vectors | None
    text: str | None
    phrasings: list[tuple[FloatArray | None, Vectors | None, str | None]] | None


def as_query(vector: Any, text: Any) -> Query:
    """``vector``: None, 1-D, 2-D, sparse, or a dict of these; ``text``: None, str, or list."""
    alone: list[FloatArray] = []
    of_fields: dict[str, Any] = {}
    if names_fields(vector):
        of_fields = {name: _as_queries(rows, f"vector[{name!r}]") for name, rows in vector.items()}
    elif vector is not None and is_sparse(vector):
        of_fields = {"": _as_queries(vector, "vector")}
    elif vector is not None:
        alone = as_query_rows(vector, "vector")
    texts = _as_texts(text)
    count = max(len(alone), len(texts), *map(len, of_fields.values()), 1)
    phrasings = [
        (
            alone[i] if i < len(alone) else None,
            [(field, rows[i]) for field, rows in of_fields.items() if i < len(rows)] or None,
            texts[i] if i < len(texts) else None,
        )
        for i in range(count)
    ]
    return Query(*phrasings[0], phrasings[1:] or None)


def _as_queries(rows: Any, name: str) -> list[Any]:
    """Dense or sparse query vectors of a field, one for each phrasing."""
    if not is_sparse(rows):
        return as_query_rows(rows, name)
    sparse = as_sparse_rows(rows, name)
    if sparse.row_count == 0:
        raise InvalidArgument(f"{name}: a matrix without rows")
    parts = [sparse.part(slice(i, i + 1)) for i in range(sparse.row_count)]
    return [(part.indices, part.values) for part in parts]


def _as_texts(text: Any) -> list[str]:
    if text is None:
        return []
    if isinstance(text, str):
        return [text]
    texts = as_list(text, "text")
    for each in texts:
        if not isinstance(each, str):
            raise InvalidArgument(f"text: expected str, got {type(each).__name__}")
    if not texts:
        raise InvalidArgument("text: an empty list; leave it out to search without a text")
    return texts
