"""What a search asks with, brought into the form that the compiled part takes.

A question is one vector, vectors of several fields, a text, or several phrasings of these: rows of
2-D arrays and items of a list of texts, of which those in the same place belong together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ._arrays import FloatArray, as_list, as_query_rows
from .errors import InvalidArgument

Vectors = list[tuple[str, FloatArray]]


class Query(NamedTuple):
    """The first phrasing, and further ones as ``(vector, vectors, text)``."""

    vector: FloatArray | None
    vectors: Vectors | None
    text: str | None
    phrasings: list[tuple[FloatArray | None, Vectors | None, str | None]] | None


def as_query(vector: Any, text: Any) -> Query:
    """``vector``: None, 1-D, 2-D, or field -> one of these; ``text``: None, str, or list of str."""
    alone = [] if vector is None or isinstance(vector, Mapping) else as_query_rows(vector, "vector")
    of_fields: dict[str, list[FloatArray]] = {}
    if isinstance(vector, Mapping):
        for field, rows in vector.items():
            if not isinstance(field, str):
                raise InvalidArgument(
                    f"vector: expected names of fields as keys, got {type(field).__name__}"
                )
            of_fields[field] = as_query_rows(rows, f"vector[{field!r}]")
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
