"""Embedders: callables that turn a list of texts into rows, and the space they may carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ._arrays import FloatArray, as_matrix
from ._core import Collection
from ._types import CallInfo, EmbeddingSpace
from .errors import EmbeddingSpaceMismatch, InvalidArgument

Embedder = Callable[[list[str]], Any]
Embedded = tuple[FloatArray, CallInfo | None]
Embed = Embedder | Mapping[str, Embedder] | None


def prepare(
    embed: Embed, space: EmbeddingSpace | None, collection: Collection
) -> tuple[dict[str, Callable[[list[str]], Embedded]], EmbeddingSpace | None]:
    """Field -> callable giving float32 rows and what the call says of itself, and the space to
    declare for the whole call."""
    if embed is None:
        return {}, space
    callables = dict(embed) if isinstance(embed, Mapping) else {"": embed}
    spaces = {}
    for field, function in callables.items():
        if not callable(function):
            raise InvalidArgument(f"embed: expected a callable, got {type(function).__name__}")
        carried = getattr(function, "space", None)
        if isinstance(carried, EmbeddingSpace):
            spaces[field] = carried
    if space is None:
        space = _common_space(spaces, len(callables), collection)
    return {field: to_rows(function) for field, function in callables.items()}, space


def check_space(what: str, embed: Embedder, expected: EmbeddingSpace | None) -> None:
    """Raises where the space that an embedder carries is another than the one it is to fill."""
    carried = getattr(embed, "space", None)
    if not isinstance(carried, EmbeddingSpace) or expected is None or carried == expected:
        return
    raise EmbeddingSpaceMismatch(
        f"{what}: it is to make vectors of {expected.model!r} (revision {expected.revision!r}), "
        f"embed makes those of {carried.model!r} (revision {carried.revision!r})"
    )


def to_rows(function: Embedder) -> Callable[[list[str]], Embedded]:
    """Giving float32 rows and what the call says of itself."""

    def embed(texts: list[str]) -> Embedded:
        rows, info = function(texts), None
        if isinstance(rows, tuple) and len(rows) == 2 and isinstance(rows[1], CallInfo):
            rows, info = rows
        return as_matrix(rows, "embed"), info

    return embed


def _common_space(
    spaces: Mapping[str, EmbeddingSpace], callables: int, collection: Collection
) -> EmbeddingSpace | None:
    """The space that all callables carry. A call declares one space for all its vectors, so where
    fields are of different models each is checked here, and none is declared."""
    if len(spaces) == callables and len(set(spaces.values())) == 1:
        return next(iter(spaces.values()))
    schema = collection.schema
    for field, carried in spaces.items():
        declared = getattr(schema.vectors.get(field), "space", None)
        if declared is not None and declared != carried:
            raise EmbeddingSpaceMismatch(
                f"embed[{field!r}]: the field holds vectors of {declared.model!r} "
                f"(revision {declared.revision!r}), the embedder makes those of "
                f"{carried.model!r} (revision {carried.revision!r})"
            )
    return None
