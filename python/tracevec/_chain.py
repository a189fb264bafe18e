"""The methods that build a pipeline, stage by stage."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from . import _core
from ._arrays import as_vector
from ._callbacks import Reranker, Rewriter, Summarizer, TokenCounter, predictor
from ._filters import Where, encode_where
from ._sparse import one_sparse_row
from ._types import EmbeddingSpace
from .errors import InvalidArgument

_Self = TypeVar("_Self", bound="PipelineChain")

# Where JSON has the name of a callback: of a source, and by the stage.
_SOURCE_CALLBACKS = {"dense": "embed", "sparse": "encode"}
_STAGE_CALLBACKS = {
    "rerank": ("callback", "rerank"),
    "summarize": ("callback", "summarize"),
    "budget": ("count", "count"),
}


class PipelineChain:
    """The methods that build a pipeline, for ``Pipeline`` and ``Query``.

    Each gives a new object and leaves the one it was called on. Sources, filter and fusion are
    declared first, in any order; the stages after them run in the order written, with ``limit``,
    ``budget`` and ``order`` last, in that order. What is wrong with an argument is said where the
    pipeline is used.

    A callback may be left out, or be given as its name: it is then bound by ``run(callbacks=)``.
    Each may return ``(value, CallInfo(...))``. ``docs/pipeline.md`` has what happens when one
    fails.
    """

    def __init__(self) -> None:
        self._declared: dict[str, Any] = {"sources": [], "stages": []}
        self._callbacks: dict[str, dict[str, Any]] = {}  # role -> name -> callable
        self._inputs: dict[int, tuple[Any, EmbeddingSpace | None]] = {}  # by source
        self._compiled: _core.Pipeline | None = None

    def expand(
        self: _Self, rewrite: Rewriter | str | None = None, most: int = 8
    ) -> _Self:
        """Searches with several phrasings of the query at once.

        Args:
            rewrite: Callable (query) -> list of other phrasings. The query itself stays the first.
            most: Phrasings in all, 2 to 32.
        """
        made = self._declaring("expand")
        name = made._bind("rewrite", rewrite)
        made._declared["expand"] = {"callback": name, "most": most}
        return made

    def dense(
        self: _Self,
        field: str | None = None,
        k: int = 100,
        *,
        embed: Callable[[list[str]], Any] | str | None = None,
        vector: Any = None,
        weight: float | None = None,
        space: EmbeddingSpace | None = None,
    ) -> _Self:
        """Candidates by a vector field.

        Args:
            field: May be left out when there is one.
            k: Candidates of each phrasing, 1 to 16,384.
            embed: Callable (list of phrasings) -> array (phrasings x dimension); its ``.space``, if
                it has one, is declared.
            vector: The query's vector, in place of ``embed``; for the query alone.
            weight: In the fusion, at least 0.
            space: Model of the vectors; None: asserted to fit.
        """
        made = self._declaring("dense")
        carried = getattr(embed, "space", None)
        if space is None and isinstance(carried, EmbeddingSpace):
            space = carried
        source: dict[str, Any] = {"kind": "dense", "k": k, "embed": made._bind("embed", embed)}
        if field is not None:
            source["field"] = field
        if weight is not None:
            source["weight"] = weight
        made._inputs[len(made._declared["sources"])] = (
            None if vector is None else as_vector(vector, "vector"),
            space,
        )
        made._declared["sources"].append(source)
        return made

    def lexical(self: _Self, k: int = 100, *, weight: float | None = None) -> _Self:
        """Candidates by the text field, as ``search(text=)`` finds them for each phrasing."""
        made = self._declaring("lexical")
        source: dict[str, Any] = {"kind": "lexical", "k": k}
        if weight is not None:
            source["weight"] = weight
        made._declared["sources"].append(source)
        return made

    def sparse(
        self: _Self,
        field: str | None = None,
        k: int = 100,
        *,
        encode: Callable[[list[str]], Any] | str | None = None,
        vector: Any = None,
        weight: float | None = None,
    ) -> _Self:
        """Candidates by a sparse field.

        Args:
            field: May be left out when there is one.
            k: Candidates of each phrasing, 1 to 16,384.
            encode: Callable (list of phrasings) -> sparse rows, as ``upsert`` takes them.
            vector: The query's sparse vector, in place of ``encode``; for the query alone.
            weight: In the fusion, at least 0.
        """
        made = self._declaring("sparse")
        source: dict[str, Any] = {"kind": "sparse", "k": k, "encode": made._bind("encode", encode)}
        if field is not None:
            source["field"] = field
        if weight is not None:
            source["weight"] = weight
        row = None if vector is None else one_sparse_row(vector, "vector")
        made._inputs[len(made._declared["sources"])] = (row, None)
        made._declared["sources"].append(source)
        return made

    def where(self: _Self, where: Where) -> _Self:
        """Only chunks that match: filter text or a dict. Several are joined by AND."""
        made = self._declaring("where")
        encoded = encode_where(where)
        if encoded is not None:
            filter = json.loads(encoded) if isinstance(encoded, bytes) else encoded
            made._declared.setdefault("where", []).append(filter)
        return made

    def fuse(
        self: _Self,
        method: str = "rrf",
        k: float | None = None,
        weights: Sequence[float] | None = None,
        normalization: str | None = None,
    ) -> _Self:
        """How what the sources found becomes one list.

        Args:
            method: ``"rrf"``, ``"weighted"`` or ``"dbsf"``; see ``Fusion``.
            k: Of ``"rrf"``, 10 by default.
            weights: One a source in the order declared, in place of weights of their own.
            normalization: Of ``"weighted"``: ``"min_max"`` or ``"z_score"``.
        """
        made = self._declaring("fuse")
        given = {
            "method": method,
            "k": k,
            "weights": None if weights is None else list(weights),
            "normalization": normalization,
        }
        made._declared["fuse"] = _given(given)
        return made

    def rerank(
        self: _Self,
        model: Reranker | Any | str | None = None,
        top: int = 50,
        batch_size: int = 16,
        budget_ms: float | None = None,
        *,
        method: str = "callback",
        field: str | None = None,
    ) -> _Self:
        """Scores the best candidates anew and leaves those.

        Args:
            model: Callable (query, list of texts) -> scores, or a cross-encoder with ``predict``.
            top: Candidates that are scored and left, 1 to 16,384.
            batch_size: Texts a call.
            budget_ms: A batch is begun only before it ends, and a result after it is dropped.
            method: ``"exact"``: by the metric over float32 vectors of ``field``, without a model.
        """
        if method == "callback":
            function = model if model is None or isinstance(model, str) else predictor(model)
            callback = {"callback": self._name("rerank", function)}
        elif model is not None:
            raise InvalidArgument(f"rerank: method {method!r} takes no model")
        else:
            function, callback = None, {}
        return self._then(
            "rerank",
            {
                "method": method,
                **callback,
                "top": top,
                "batch_size": batch_size,
                "budget_ms": budget_ms,
                "field": field,
            },
            function,
        )

    def threshold(self: _Self, score: float, on: str | None = None) -> _Self:
        """Drops what a score is below.

        Args:
            score: The least that stays.
            on: ``"dense"``, ``"lexical"``, ``"fused"`` or ``"rerank"``; None: the last that scored.
                Where that was skipped, so is this.
        """
        return self._then("threshold", {"score": score, "on": on})

    def dedup(
        self: _Self,
        similarity: float | None = None,
        method: str = "vector",
        *,
        field: str | None = None,
    ) -> _Self:
        """Keeps the better of two that say the same; it cites those that were dropped.

        Args:
            similarity: From which on, over 0 to 1; by default 0.95 of vectors, 0.6 of shingles.
            method: ``"vector"``, ``"hash"`` (equal texts) or ``"shingles"``.
            field: Vector field; may be left out when there is one.
        """
        return self._then("dedup", {"similarity": similarity, "method": method, "field": field})

    def mmr(
        self: _Self, lambda_: float = 0.7, top: int = 100, *, field: str | None = None
    ) -> _Self:
        """Maximal marginal relevance: each next one is the best that differs from those before.

        Args:
            lambda_: 1: by score alone; 0: by difference alone.
            top: Candidates that are put in order and left, 1 to 1,024.
            field: Vector field; may be left out when there is one.
        """
        return self._then("mmr", {"lambda": lambda_, "top": top, "field": field})

    def group_by_document(self: _Self, per_document: int = 1) -> _Self:
        """At most so many candidates of a document."""
        return self._then("group_by_document", {"per_document": per_document})

    def combine(
        self: _Self,
        method: str = "neighbors",
        *,
        window: int = 1,
        share: float = 0.5,
        max_chars: int = 16_384,
    ) -> _Self:
        """Joins chunks of one document to passages of exact source text.

        Args:
            method: ``"neighbors"`` (each chunk grows by ``window`` on both sides), ``"overlap"``
                (what overlaps or touches), ``"section"``, ``"parent"`` (where ``share`` of its
                chunks were found).
            max_chars: A passage does not grow beyond it, in code points.
        """
        return self._then(
            "combine",
            {"method": method, "window": window, "share": share, "max_chars": max_chars},
        )

    def summarize(self: _Self, function: Summarizer | str | None = None) -> _Self:
        """Puts a text in the place of each passage's: callable (query, ``Passage``) -> str."""
        return self._then(
            "summarize", {"callback": self._name("summarize", function)}, function
        )

    def limit(self: _Self, count: int) -> _Self:
        """Leaves the first ``count``, out of as many scored candidates as it takes."""
        return self._then("limit", {"count": count})

    def budget(self: _Self, tokens: int, count: TokenCounter | str | None = None) -> _Self:
        """Leaves the passages, best first, whose tokens fit.

        Args:
            tokens: Of all passages together.
            count: Callable (text) -> number of tokens, or the tokens; None: an estimate.
        """
        parameters: dict[str, Any] = {"tokens": tokens}
        if count is not None:
            parameters["count"] = self._name("count", count)
        return self._then("budget", parameters, count)

    def order(self: _Self, by: str = "edges") -> _Self:
        """Puts the passages in order: ``"edges"`` (the best at both ends: what is in the middle of
        a prompt is read least), ``"score"`` or ``"document"``."""
        return self._then("order", {"by": by})

    def to_dict(self) -> dict[str, Any]:
        """The declaration, whole: what ``Pipeline.from_dict`` takes. Callbacks are names."""
        return dict(json.loads(self.to_json()))

    def to_json(self) -> str:
        """The same as JSON, in its canonical form."""
        return self._compile().to_json()

    @property
    def hash(self) -> str:
        """32 hex digits over the canonical JSON: changes with what the pipeline does."""
        return self._compile().hash()

    def _copy(self: _Self) -> _Self:
        made = copy.copy(self)
        made._declared = copy.deepcopy(self._declared)
        made._callbacks = {role: dict(named) for role, named in self._callbacks.items()}
        made._inputs = dict(self._inputs)
        made._compiled = None
        return made

    def _declaring(self: _Self, what: str) -> _Self:
        if self._declared["stages"]:
            raise InvalidArgument(
                f"{what}: declared after a stage; expand, dense, lexical, sparse, where and fuse "
                f"come before the stages"
            )
        return self._copy()

    def _then(
        self: _Self, stage: str, parameters: Mapping[str, Any], callback: Any = None
    ) -> _Self:
        made = self._copy()
        made._declared["stages"].append({"stage": stage, **_given(parameters)})
        if callback is not None:
            made._bind(_STAGE_CALLBACKS[stage][1], callback)
        return made

    def _name(self, role: str, callback: Any) -> str:
        """As JSON has it: what was given, or the role, with a number where that is taken."""
        if isinstance(callback, str):
            return callback
        bound = self._callbacks.get(role, {})
        name, number = role, 1
        while callback is not None and bound.get(name, callback) is not callback:
            number += 1
            name = f"{role}_{number}"
        return name

    def _bind(self, role: str, callback: Any) -> str:
        name = self._name(role, callback)
        if callback is not None and not isinstance(callback, str):
            if not callable(callback):
                raise InvalidArgument(
                    f"{role}: expected a callable, got {type(callback).__name__}"
                )
            self._callbacks.setdefault(role, {})[name] = callback
        return name

    def _compile(self) -> _core.Pipeline:
        if self._compiled is None:
            self._compiled = _core.Pipeline.from_json(to_json(self._declared))
        return self._compiled

    def _used_names(self) -> dict[str, str]:
        """Name of a callback -> role."""
        used: dict[str, str] = {}
        if "expand" in self._declared:
            used[self._declared["expand"].get("callback", "rewrite")] = "rewrite"
        for source in self._declared["sources"]:
            role = _SOURCE_CALLBACKS.get(source.get("kind", ""))
            if role is not None:
                used[source.get(role, role)] = role
        for stage in self._declared["stages"]:
            member, role = _STAGE_CALLBACKS.get(stage.get("stage", ""), (None, ""))
            if member is not None and (member in stage or member == "callback"):
                used[stage.get(member, role)] = role
        return used


def _given(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}


def to_json(declaration: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(declaration), default=_plain, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(f"pipeline: {error}") from None


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as JSON has them."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"a value of type {type(value).__name__} is none of JSON")
