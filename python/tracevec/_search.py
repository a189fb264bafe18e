"""The searching half of a collection: by vector, by text, or both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from . import _core
from ._arrays import as_list, as_matrix
from ._core import Explanation
from ._filters import Where, encode_where
from ._queries import as_query
from ._results import BatchResult, Hits
from ._types import EmbeddingSpace, Fusion, VectorField
from .errors import InvalidArgument


class SearchMethods:
    """Methods of ``Collection`` that find chunks."""

    _handle: _core.Collection

    def search(
        self,
        vector: Any = None,
        k: int = 10,
        *,
        text: str | Sequence[str] | None = None,
        fusion: Fusion | str | None = None,
        like: str | None = None,
        where: Where = None,
        field: str | None = None,
        ef: int | None = None,
        target_recall: float | None = None,
        exact: bool = False,
        deadline_ms: float | None = None,
        with_vectors: bool = False,
        space: EmbeddingSpace | None = None,
        label: str | None = None,
        receipt: str = "summary",
    ) -> Hits:
        """The k best chunks for a vector, for the vector of a stored chunk, for a text, or both.

        Args:
            vector: One vector of the field's dimension; ``{"body": q, "title": r}`` for several
                fields; ``{index: value}`` for a sparse field; in all forms a row for each phrasing
                of the question in place of one.
            k: 1 to 16,384.
            text: Searches the texts of chunks, in a collection with a ``TextField``: words and
                ``"phrases"``, of which any may match, ``+required`` and ``-excluded`` ones,
                ``prefix*``. With a vector beside it the search is hybrid. A list: a text for each
                phrasing; row i of vectors and text i are phrasing i.
            fusion: Where there are several sources (vectors of fields, a text, phrasings): a
                ``Fusion``, or its method alone.
            like: Id of a stored chunk to search by; it is left out of the hits.
            where: Filter, as text (``"year >= 2020 AND lang IN ('en', 'nl')"``) or as a dict
                (``{"year": {"$gte": 2020}}``).
            field: Vector field; may be left out when there is one.
            ef: Search width, 1 to 65,536: more is more exact and slower.
            target_recall: Recall to reach, over 0 and at most 1, in place of ``ef``: with the
                width that ``tune`` found it to need, or by scanning float32 for 1 and where no
                width reaches it. Before ``tune``, up to 0.95 with the index's own widths, beyond by
                scanning.
            exact: float32 over everything, no approximation.
            deadline_ms: What is found by then is returned, and the receipt says so.
            with_vectors: Fill ``Hit.vector``.
            space: Model of the query vectors; None: asserted to fit.
            label: Kept in the receipt.
            receipt: ``"summary"`` or ``"off"``; ``"keep"`` is not in this version.

        Returns:
            ``Hits``, best first, equal scores by id; fewer than k when fewer match. Larger scores
            are better: cosine, dot product, minus the squared distance, BM25, or of several sources
            the fused score; then ``Hit.sources`` says for each source that found the hit its kind,
            field, phrasing, rank and score, and ``Hit.dense``, ``Hit.lexical`` and ``Hit.sparse``
            the best of each kind.

        Raises:
            InvalidArgument: Vector, text, k or filter; the message has position and nearest name.
            NotFound: ``like`` does not exist.
            EmbeddingSpaceMismatch, Unsupported, DeadlineExceeded.
        """
        query = as_query(vector, text)
        response = self._handle.search(
            query.vector,
            query.vectors,
            query.text,
            query.phrasings,
            _as_fusion(fusion),
            like,
            k,
            encode_where(where),
            field,
            ef,
            target_recall,
            bool(exact),
            deadline_ms,
            bool(with_vectors),
            space,
            label,
            receipt,
        )
        return Hits(response)

    def explain(
        self,
        vector: Any = None,
        k: int = 10,
        *,
        text: str | Sequence[str] | None = None,
        fusion: Fusion | str | None = None,
        like: str | None = None,
        where: Where = None,
        field: str | None = None,
        ef: int | None = None,
        target_recall: float | None = None,
        exact: bool = False,
        deadline_ms: float | None = None,
        with_vectors: bool = False,
        space: EmbeddingSpace | None = None,
        label: str | None = None,
        receipt: str = "summary",
    ) -> Explanation:
        """What ``search`` would do with these arguments, without doing it.

        The arguments, and the errors, are those of ``search``; ``vector``, ``like`` and ``text``
        may all be left out.

        Returns:
            ``Explanation``: the plan and, for each part of the index, how it would be searched and
            how many rows the filter is expected to match, with bounds.
        """
        query = as_query(vector, text)
        return self._handle.explain(
            query.vector,
            query.vectors,
            query.text,
            query.phrasings,
            _as_fusion(fusion),
            like,
            k,
            encode_where(where),
            field,
            ef,
            target_recall,
            bool(exact),
            deadline_ms,
            space,
            label,
            receipt,
        )

    def search_batch(
        self,
        vectors: Any = None,
        k: int = 10,
        threads: int = 1,
        *,
        texts: Iterable[str] | None = None,
        fusion: Fusion | str | None = None,
        where: Where = None,
        field: str | None = None,
        ef: int | None = None,
        target_recall: float | None = None,
        exact: bool = False,
        deadline_ms: float | None = None,
        space: EmbeddingSpace | None = None,
        label: str | None = None,
        receipt: str = "summary",
    ) -> BatchResult:
        """Many queries at once, answered with ids and scores alone.

        Args:
            vectors: Array (queries x dimension); may be left out where there are texts.
            texts: Texts to search for, one a query; beside vectors the searches are hybrid.
            threads: 1 to 256; the calling thread is one of them.
            deadline_ms: For each query.

        The other arguments, and the errors, are those of ``search``.

        Returns:
            A pair ``ids, scores`` of arrays (queries x k), where missing places are ``""`` and
            NaN; its ``.receipts`` has one a query.
        """
        queries = None
        if vectors is not None or texts is None:
            queries = as_matrix([] if vectors is None else vectors, "vectors")
            if len(queries) == 0 and queries.shape[1] == 0:
                queries = queries.reshape(0, self._dimension(field))
        query_texts = None if texts is None else as_list(texts, "texts")
        response = self._handle.search_batch(
            queries,
            query_texts,
            _as_fusion(fusion),
            threads,
            k,
            encode_where(where),
            field,
            ef,
            target_recall,
            bool(exact),
            deadline_ms,
            space,
            label,
            receipt,
        )
        count = len(query_texts or ()) if queries is None else len(queries)
        return BatchResult(response, count, response.k)

    def _dimension(self, field: str | None) -> int:
        vectors = self._handle.schema.vectors
        fields = {name: spec for name, spec in vectors.items() if isinstance(spec, VectorField)}
        if field is not None:
            return fields[field].dim if field in fields else 0
        return next(iter(fields.values())).dim if len(fields) == 1 else 0


def _as_fusion(fusion: Fusion | str | None) -> Fusion | None:
    if isinstance(fusion, str):
        return Fusion(fusion)
    if fusion is None or isinstance(fusion, Fusion):
        return fusion
    raise InvalidArgument(f"fusion: expected Fusion or its method, got {type(fusion).__name__}")
