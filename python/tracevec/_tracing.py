"""Spans of searches through OpenTelemetry, where `opentelemetry-api` is installed.

A search is one span in the current context, with a child for each stage of its receipt, by the
conventions of databases and of GenAI retrieval. Spans have no content: no query, no filter, no ids
of chunks. Without the package, or without a tracer that records, nothing is made.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from types import TracebackType
from typing import Any

from . import _core

# The conventions' names are in one place: those of GenAI are still moving.
SYSTEM = "db.system.name"
NAMESPACE = "db.namespace"
COLLECTION = "db.collection.name"
OPERATION = "db.operation.name"
BATCH_SIZE = "db.operation.batch.size"
RETURNED_ROWS = "db.response.returned_rows"
STATUS_CODE = "db.response.status_code"
ERROR = "error.type"
GEN_AI_OPERATION = "gen_ai.operation.name"
DATA_SOURCE = "gen_ai.data_source.id"
TOP_K = "gen_ai.request.top_k"


@cache
def _api() -> Any:
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace


def search_span(
    path: str, collection: str, operation: str
) -> AbstractContextManager[SearchSpan | None]:
    """The span of a search that is run within; None where nobody records it."""
    trace = _api()
    if trace is None:
        return nullcontext()
    # The provider may be set after the first search: the tracer is asked for each time.
    span = trace.get_tracer("tracevec").start_span(
        f"{operation} {collection}", kind=trace.SpanKind.INTERNAL
    )
    if not span.is_recording():
        return nullcontext()
    span.set_attributes(
        {
            SYSTEM: "tracevec",
            NAMESPACE: os.path.basename(os.path.normpath(path)),
            COLLECTION: collection,
            OPERATION: operation,
            GEN_AI_OPERATION: "retrieval",
            DATA_SOURCE: collection,
        }
    )
    return SearchSpan(trace, span)


class SearchSpan:
    """A span while its search runs. A context manager: leaving it ends the span."""

    def __init__(self, trace: Any, span: Any) -> None:
        self._trace = trace
        self._span = span
        self._began = time.time_ns()

    def tell(self, receipts: Sequence[_core.Receipt]) -> None:
        """What the search did, from the receipts of its queries."""
        if not receipts:
            return
        first = receipts[0]
        self._span.set_attributes(
            {
                TOP_K: first.k,
                RETURNED_ROWS: sum(receipt.returned for receipt in receipts),
                "tracevec.plan": first.plan,
                "tracevec.commit": first.commit,
            }
        )
        if len(receipts) > 1:  # the convention: only of two and more
            self._span.set_attribute(BATCH_SIZE, len(receipts))
            return
        self._span.set_attribute("tracevec.outcome", first.outcome)
        self._span.set_attribute("tracevec.receipt.id", first.id)
        self._tell_stages(first)

    def _tell_stages(self, receipt: _core.Receipt) -> None:
        """One after the other, as they ran."""
        context = self._trace.set_span_in_context(self._span)
        tracer = self._trace.get_tracer("tracevec")
        at = self._began
        for stage in receipt.stages:
            child = tracer.start_span(
                stage.name,
                context=context,
                attributes={"tracevec.n_in": stage.n_in, "tracevec.n_out": stage.n_out},
                start_time=at,
            )
            at += int(stage.micros * 1000)
            child.end(end_time=at)

    def __enter__(self) -> SearchSpan:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            code = getattr(error, "code", type(error).__name__)
            self._span.set_attribute(ERROR, code)
            self._span.set_attribute(STATUS_CODE, code)
            self._span.set_status(self._trace.StatusCode.ERROR)
        self._span.end()
