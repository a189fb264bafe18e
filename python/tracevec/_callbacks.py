"""Callbacks of a pipeline, each made to give what the compiled part takes: (value, CallInfo)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ._arrays import as_list, as_matrix, as_vector
from ._core import Passage
from ._sparse import as_sparse_rows
from ._types import CallInfo
from .errors import InvalidArgument

Rewriter = Callable[[str], Any]
Reranker = Callable[[str, list[str]], Any]
Summarizer = Callable[[str, Passage], Any]
TokenCounter = Callable[[str], Any]


def _with_info(answer: Any) -> tuple[Any, CallInfo | None]:
    if isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], CallInfo):
        return answer
    return answer, None


def _rows(answer: Any) -> Any:
    return as_matrix(answer, "embed")


def _sparse_rows(answer: Any) -> Any:
    rows = as_sparse_rows(answer, "encode")
    return [(row.indices, row.values) for row in map(rows.row, range(rows.row_count))]


def _phrasings(answer: Any) -> Any:
    return as_list([answer] if isinstance(answer, str) else answer, "expand")


def _scores(answer: Any) -> Any:
    return as_vector(answer, "rerank")


def _text(answer: Any) -> Any:
    if not isinstance(answer, str):
        raise InvalidArgument(f"summarize: expected str, got {type(answer).__name__}")
    return answer


def _tokens(answer: Any) -> Any:
    """A number, or the tokens themselves, as tokenizers give them."""
    if isinstance(answer, str):
        raise InvalidArgument("count: expected a number or a list of tokens, got str")
    return len(answer) if hasattr(answer, "__len__") else operator.index(answer)


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "embed": _rows,
    "encode": _sparse_rows,
    "rewrite": _phrasings,
    "rerank": _scores,
    "summarize": _text,
    "count": _tokens,
}


def converted(role: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The callback of a role, giving (value, CallInfo or None)."""
    convert = _CONVERSIONS[role]

    def call(*arguments: Any) -> tuple[Any, CallInfo | None]:
        value, info = _with_info(function(*arguments))
        return convert(value), info

    return call


def predictor(model: Any) -> Callable[[str, Sequence[str]], Any]:
    """A reranker: a callable (query, texts) -> scores, or a cross-encoder with ``predict`` of
    pairs, as sentence-transformers has."""
    if callable(model) and not hasattr(model, "predict"):
        return model  # type: ignore[no-any-return]
    predict = getattr(model, "predict", None)
    if not callable(predict):
        raise InvalidArgument(f"rerank: expected a callable, got {type(model).__name__}")
    return lambda query, texts: predict([(query, text) for text in texts])


def flat_names(callbacks: Mapping[str, Any], used: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Name -> callable, as users give them, by the roles that a pipeline uses the names in."""
    by_role: dict[str, dict[str, Any]] = {}
    for name, function in callbacks.items():
        if name not in used:
            raise InvalidArgument(
                f"callbacks: the pipeline has no callback {name!r}; it has "
                + (", ".join(sorted(used)) or "none")
            )
        if not callable(function) and not hasattr(function, "predict"):
            raise InvalidArgument(
                f"callbacks[{name!r}]: expected a callable, got {type(function).__name__}"
            )
        by_role.setdefault(used[name], {})[name] = function
    return by_role
