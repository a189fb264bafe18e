"""What calls give back: lists and pairs over the records of the compiled part."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ._core import (
    BatchResponse,
    Hit,
    Passage,
    PipelineResponse,
    PutResult,
    Receipt,
    SearchResponse,
)


class Hits(list[Hit]):
    """The hits of one search, best first: a list of ``Hit`` with the receipt of what ran.

    Attributes:
        receipt: ``Receipt``, or None with ``receipt="off"``.
    """

    __slots__ = ("receipt",)

    receipt: Receipt | None

    def __init__(self, response: SearchResponse) -> None:
        super().__init__(response.hits)
        self.receipt = response.receipt

    def __repr__(self) -> str:
        return f"Hits({super().__repr__()})"


class Answer(list[Passage]):
    """What a pipeline answers, best first unless it says otherwise: a list of ``Passage``.

    Attributes:
        receipt: ``Receipt``, or None with ``receipt="off"``.
    """

    __slots__ = ("_response", "receipt")

    receipt: Receipt | None

    def __init__(self, response: PipelineResponse) -> None:
        super().__init__(response.passages)
        self.receipt = response.receipt
        self._response = response

    def to_prompt(self, template: str | None = None) -> str:
        """The passages put into a prompt; the template's hash goes into the receipt.

        Args:
            template: As ``docs/pipeline.md`` has it; None: numbered passages, then the question.

        Raises:
            InvalidArgument: The template; the message has the line and the nearest name.
        """
        return self._response.to_prompt("" if template is None else template)

    def __repr__(self) -> str:
        return f"Answer({super().__repr__()})"


class BatchResult(tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]):
    """The answers to many queries: unpacks to ``ids, scores``.

    Attributes:
        ids: Object array of str, shape (queries, k); ``""`` where there are fewer than k.
        scores: float32 array of that shape; NaN where there are fewer than k.
        receipts: ``Receipt`` objects, one a query; empty with ``receipt="off"``.
    """

    receipts: list[Receipt]

    def __new__(cls, response: BatchResponse, queries: int, k: int) -> BatchResult:
        ids = np.empty(queries * k, dtype=object)
        ids[:] = response.ids
        pair = super().__new__(cls, (ids.reshape(queries, k), response.scores.reshape(queries, k)))
        pair.receipts = response.receipts
        return pair

    @property
    def ids(self) -> np.ndarray[Any, Any]:
        return self[0]

    @property
    def scores(self) -> np.ndarray[Any, Any]:
        return self[1]

    def __repr__(self) -> str:
        queries, k = self.ids.shape
        return f"BatchResult(queries={queries}, k={k})"


class PutResults(list[PutResult]):
    """The results of ``put_documents``, one a document in the order given, with their sums."""

    def __init__(self, results: Iterable[PutResult] = ()) -> None:
        super().__init__(results)

    @property
    def commit(self) -> int:
        """The last commit; 0 when nothing was written."""
        return max((result.commit for result in self), default=0)

    @property
    def unchanged(self) -> int:
        """Documents that were already in this state."""
        return sum(result.unchanged for result in self)

    @property
    def kept(self) -> int:
        """Chunks that stayed."""
        return sum(result.kept for result in self)

    @property
    def added(self) -> int:
        """Chunks that are new."""
        return sum(result.added for result in self)

    @property
    def removed(self) -> int:
        """Chunks that went."""
        return sum(result.removed for result in self)

    @property
    def embedded(self) -> int:
        """Texts the embedder was called for."""
        return sum(result.embedded for result in self)

    @property
    def embed_micros(self) -> float:
        """Time the embedder took, in microseconds."""
        return sum(result.embed_micros for result in self)

    def __repr__(self) -> str:
        return (
            f"PutResults(documents={len(self)}, unchanged={self.unchanged}, kept={self.kept}, "
            f"added={self.added}, removed={self.removed}, embedded={self.embedded})"
        )
