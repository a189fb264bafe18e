"""Semantic routing: which kind of question a question is, by examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from . import _core
from ._arrays import FloatArray, as_list, as_matrix, as_query_rows
from ._embedders import Embedder, check_space, to_rows
from ._filters import encode_where
from ._types import EmbeddingSpace, Route, RouteSet
from .errors import InvalidArgument


class RouteMethods:
    """Methods of ``Database`` that keep routes and ask them."""

    _handle: _core.Database

    def put_routes(
        self,
        name: str,
        routes: Iterable[Route],
        embed: Embedder | None = None,
        space: EmbeddingSpace | None = None,
        metric: str = "cosine",
    ) -> None:
        """Stores a set of routes, in the place of one of its name. Durable when it returns.

        Args:
            name: UTF-8, 1 to 255 bytes.
            routes: At most 1,000, with at most 10,000 utterances in all.
            embed: Called once, with the utterances of all routes that come without vectors.
            space: Model of the vectors; None: what ``embed`` carries, else undeclared.
            metric: ``"cosine"``, ``"ip"`` or ``"l2"``: of scores and thresholds.

        Raises:
            InvalidArgument: A route, named in the message: no utterances, vectors of another shape,
                a filter that does not parse, or neither vectors nor ``embed``.
            EmbeddingSpaceMismatch: ``embed`` carries another space than ``space``.
            ReadOnly, StorageError.
        """
        given = as_list(routes, "routes")
        for route in given:
            if not isinstance(route, Route):
                raise InvalidArgument(f"routes: expected Route, got {type(route).__name__}")
        rows = _vectors_of(given, embed, space)
        carried = getattr(embed, "space", None)
        if space is None and isinstance(carried, EmbeddingSpace):
            space = carried
        parts = [
            (
                route.name,
                as_list(route.utterances, f"route {route.name!r}: utterances"),
                vectors,
                route.threshold,
                as_list(route.collections, f"route {route.name!r}: collections"),
                encode_where(route.where),
            )
            for route, vectors in zip(given, rows, strict=True)
        ]
        dimensions = [vectors.shape[1] for vectors in rows if vectors.shape[1] > 0]
        self._handle.put_routes(name, dimensions[0] if dimensions else 1, metric, space, parts)

    def route(
        self,
        name: str,
        vector: Any = None,
        *,
        text: str | None = None,
        embed: Embedder | None = None,
        space: EmbeddingSpace | None = None,
        top: int | None = None,
    ) -> list[_core.RouteMatch]:
        """Which routes of a set a question takes: those whose best utterance scores at least their
        threshold, best first, equal scores by name; or none.

        Args:
            name: Of the set.
            vector: Of the question; or ``text`` and ``embed`` to make it.
            space: Model of the vector; None: what ``embed`` carries, else asserted to fit.
            top: At most so many; None: all.

        Returns:
            ``RouteMatch`` objects: ``.name``, ``.score``, ``.utterance``, ``.collections``,
            ``.where``.

        Raises:
            NotFound: No such set; the message has the nearest name.
            InvalidArgument, EmbeddingSpaceMismatch.
        """
        if (vector is None) == (text is None):
            raise InvalidArgument("route: give vector, or text and embed")
        if text is not None:
            if not callable(embed):
                raise InvalidArgument("route: text needs embed, a callable that makes its vector")
            check_space("route", embed, space)
            carried = getattr(embed, "space", None)
            space = carried if isinstance(carried, EmbeddingSpace) else space
            vector = to_rows(embed)([text])[0][0]
        rows = as_query_rows(vector, "vector")
        if len(rows) != 1:
            raise InvalidArgument(f"vector: expected one, got {len(rows)}")
        return self._handle.route(name, rows[0], space, top)

    def routes(self, name: str) -> RouteSet:
        """A set of routes as stored. Raises ``NotFound`` with the nearest name."""
        return self._handle.routes(name)

    def list_routes(self) -> list[str]:
        """Names of the sets of routes, ascending."""
        return self._handle.list_routes()

    def delete_routes(self, name: str) -> None:
        """Removes a set of routes. Raises ``NotFound`` with the nearest name."""
        self._handle.delete_routes(name)


def _vectors_of(
    routes: list[Route], embed: Embedder | None, space: EmbeddingSpace | None
) -> list[FloatArray]:
    """The vectors of each route, those that are missing made by one call."""
    waiting = [route for route in routes if route.vectors is None]
    if waiting and not callable(embed):
        raise InvalidArgument(
            f"route {waiting[0].name!r}: give vectors, or embed, a callable that makes them"
        )
    made = np.empty((0, 0), np.float32)
    if waiting and embed is not None:
        check_space("put_routes", embed, space)
        texts = [text for route in waiting for text in route.utterances]
        if texts:
            made, _ = to_rows(embed)(texts)
        if len(made) != len(texts):
            raise InvalidArgument(f"embed: expected {len(texts)} rows, got {len(made)}")
    rows, at = [], 0
    for route in routes:
        if route.vectors is not None:
            rows.append(as_matrix(route.vectors, f"route {route.name!r}: vectors"))
            continue
        count = len(list(route.utterances))
        rows.append(made[at : at + count])
        at += count
    return rows
