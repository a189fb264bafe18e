"""Pipelines apart from any query, and queries of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import _core
from ._callbacks import converted, flat_names, predictor
from ._chain import PipelineChain, to_json
from ._deadline import by_deadline
from ._results import Answer
from ._types import EmbeddingSpace
from .errors import InvalidArgument

if TYPE_CHECKING:
    from ._collection import Collection


class Pipeline(PipelineChain):
    """A pipeline apart from any query: built by chaining, or read from a dict or JSON.

    ::

        helpdesk = tv.Pipeline().dense().lexical().dedup(0.95).limit(8)
        db.put_pipeline("helpdesk", helpdesk)
        pages.query("reserve capacity", pipeline=helpdesk).run(callbacks={"embed": model.encode})
    """

    @classmethod
    def from_dict(cls, declaration: Mapping[str, Any]) -> Pipeline:
        """What ``to_dict`` gives, or less: what is left out has its default.

        Raises:
            InvalidArgument: A member, stage or name that does not exist, with the nearest one; a
                number out of its range; stages in the wrong order. The message has the place:
                ``stages[2].top``.
            Unsupported: A later version of the form.
        """
        if not isinstance(declaration, Mapping):
            raise InvalidArgument(f"pipeline: expected a dict, got {type(declaration).__name__}")
        return cls.from_json(to_json(declaration))

    @classmethod
    def from_json(cls, text: str) -> Pipeline:
        """The same of JSON text."""
        made = cls()
        made._compiled = _core.Pipeline.from_json(text)
        made._declared = json.loads(made._compiled.to_json())
        return made

    def __repr__(self) -> str:
        return f"Pipeline({self._declared!r})"


class Query(PipelineChain):
    """A query in the making, from ``Collection.query``. Safe to share and to run again."""

    def __init__(self, collection: Collection, text: str, pipeline: PipelineChain | None) -> None:
        super().__init__()
        self._collection = collection
        self._text = text
        if pipeline is not None:
            if not isinstance(pipeline, PipelineChain):
                raise InvalidArgument(
                    f"pipeline: expected Pipeline, got {type(pipeline).__name__}"
                )
            copied = pipeline._copy()
            self._declared, self._callbacks = copied._declared, copied._callbacks
            self._inputs, self._compiled = copied._inputs, pipeline._compiled

    def run(
        self,
        deadline_ms: float | None = None,
        label: str | None = None,
        *,
        on_error: str = "degrade",
        callbacks: Mapping[str, Any] | None = None,
        receipt: str = "summary",
    ) -> Answer:
        """Searches the sources, fuses what they found, and runs the stages, all over one view.

        Args:
            deadline_ms: One for all steps. What is there by then is the answer, and the receipt
                says what was cut. Callbacks then run on up to eight threads of the package, and
                are left to themselves at the deadline; one that holds the interpreter cannot be.
                Without a deadline they run on the calling thread.
            label: Kept in the receipt.
            on_error: ``"degrade"``: the step of a failing or late callback is left out, visibly,
                and searching by text stands in for a vector that is missing; ``"raise"``.
            callbacks: Name -> callable, of those that the pipeline only names.
            receipt: ``"summary"`` or ``"off"``.

        Returns:
            ``Answer``: a list of ``Passage`` with ``.receipt`` and ``.to_prompt``. That nothing
            is found is an empty one.

        Raises:
            InvalidArgument: The text is empty or above 65,536 bytes; what ``Pipeline.from_dict``
                finds; a field; a callback that is only a name.
            EmbeddingSpaceMismatch, Unsupported, StorageError, Corruption; with
            ``on_error="raise"`` what a callback raised.
        """
        end = None
        if isinstance(deadline_ms, (int, float)):
            end = time.monotonic() + deadline_ms / 1000
        bound = flat_names(dict(callbacks or {}), self._used_names())
        for role, named in self._callbacks.items():
            bound.setdefault(role, {}).update(named)
        response = self._collection._handle.run_pipeline(
            self._text,
            self._compile(),
            self._source_inputs(bound.get("embed", {})),
            _ready(bound, end),
            deadline_ms,
            label,
            receipt,
            on_error,
        )
        return Answer(response)

    def _source_inputs(self, embedders: Mapping[str, Any]) -> list[Any]:
        """(vector, space) or None, one a source; an embedder may carry the space."""
        inputs: list[Any] = []
        for place, source in enumerate(self._declared["sources"]):
            vector, space = self._inputs.get(place, (None, None))
            carried = getattr(embedders.get(source.get("embed", "embed")), "space", None)
            if vector is None and space is None and isinstance(carried, EmbeddingSpace):
                space = carried
            inputs.append((vector, space))
        return inputs

    def __repr__(self) -> str:
        return f"Query({self._text!r}, {self._declared!r})"


def _ready(
    bound: Mapping[str, Mapping[str, Any]], end: float | None
) -> dict[str, dict[str, Callable[..., Any]]]:
    """The callbacks as the compiled part may call them, given up at ``end`` of the clock."""
    ready: dict[str, dict[str, Callable[..., Any]]] = {}
    for role, named in bound.items():
        for name, function in named.items():
            if role == "rerank":
                function = predictor(function)
            if end is not None:
                function = by_deadline(function, end)
            ready.setdefault(role, {})[name] = converted(role, function)
    return ready
