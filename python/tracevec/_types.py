"""What users build and hand in: schemas, documents, chunks."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from typing import Any

from .errors import InvalidArgument


@dataclass(frozen=True)
class EmbeddingSpace:
    """Which model made a vector. Two declared, unequal spaces never mix.

    Args:
        model: Name of the model.
        revision: Its revision or checksum.
        normalization: As the model card says it: ``"l2"``, ``"none"``.
        document_prompt: Prefix put before documents.
        query_prompt: Prefix put before queries.
    """

    model: str
    revision: str = ""
    normalization: str = ""
    document_prompt: str = ""
    query_prompt: str = ""


@dataclass(frozen=True)
class VectorField:
    """One vector per chunk under a name.

    Args:
        dim: Dimension, 1 to 65,536.
        metric: ``"cosine"``, ``"ip"`` (dot product) or ``"l2"`` (squared Euclidean distance).
        space: Model of the vectors; None leaves it undeclared.
        embed_template: What is handed to an embedder for a chunk; ``{title}``, ``{section}`` and
            ``{text}`` are replaced. Its result decides whether a chunk is unchanged.
        codes: What searches compare before they score the best again with float32: ``"int8"``,
            ``"int4"``, or ``"auto"``: 4 bits where rows then take fewer cache lines and searches
            find as much.
    """

    dim: int
    metric: str = "cosine"
    space: EmbeddingSpace | None = None
    embed_template: str = "{text}"
    codes: str = "auto"


@dataclass(frozen=True)
class SparseField:
    """One sparse vector per chunk under a name, among the ``vectors`` of a collection.

    Given and asked with as ``{index: value}`` (indices of 0 to 2^32 - 1, finite values, at most
    65,536 of them), or in rows as a list of such dicts or a matrix of ``scipy.sparse``. The score
    is the inner product; chunks without an index in common with the query are not found.
    """


@dataclass(frozen=True)
class TextField:
    """The text of chunks, for ``search(text=)`` by BM25. Stored; it cannot be changed later.

    Args:
        analyzer: ``"simple"`` (words as they are, case folded), or a language of Snowball
            (``"english"``, ``"german"``, ...) whose stems are compared.
        stop_words: Words that are neither indexed nor searched for; ``"english"`` stands for
            Lucene's 33. None by default: BM25 gives words that are everywhere next to no weight.
        k1: How much a term's further occurrences count, 0 to 100.
        b: How much long texts are discounted, 0 to 1.
    """

    analyzer: str = "english"
    stop_words: Sequence[str] | str = ()
    k1: float = 1.2
    b: float = 0.75


@dataclass(frozen=True)
class Fusion:
    """How what several sources found becomes one list: ``search(..., fusion=)``.

    Args:
        method: ``"rrf"`` (reciprocal ranks), ``"weighted"`` (normalised scores) or ``"dbsf"``
            (scores on the scale of each source's distribution).
        k: Of ``"rrf"``: how little the first ranks stand out.
        weights: One for each vector field and one for the text, in the order given, the text last;
            None: 1 each, but of a text under ``"rrf"`` 1.2. Phrasings share them in equal parts.
        normalization: Of ``"weighted"``: ``"min_max"`` or ``"z_score"``.
        candidates: Of each source, 1 to 16,384; in effect at least k hits.
    """

    method: str = "rrf"
    k: float = 10
    weights: Sequence[float] | None = None
    normalization: str = "min_max"
    candidates: int = 100


@dataclass(frozen=True, eq=False)
class Route:
    """A kind of questions, told by examples: ``put_routes``.

    Args:
        name: One of its kind in a set.
        utterances: Example questions, at least one.
        vectors: A row for each; None: made by ``embed``.
        threshold: The least score of a question that takes this route.
        collections: Where such questions are to be searched for.
        where: What they are to be filtered by: text or a dict.
    """

    name: str
    utterances: Sequence[str]
    vectors: Any = None
    threshold: float = 0.5
    collections: Sequence[str] = ()
    where: Any = None


@dataclass(frozen=True, eq=False)
class RouteSet:
    """A set of routes as stored, with the dimension, metric and space of its vectors."""

    name: str
    routes: Sequence[Route]
    dim: int
    metric: str
    space: EmbeddingSpace | None


@dataclass(frozen=True)
class CollectionSchema:
    """What a collection holds: vector fields, text field, and names of metadata types."""

    vectors: Mapping[str, VectorField | SparseField]
    text: TextField | None
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class Chunker:
    """How a document is cut.

    Args:
        strategy: ``"heading"`` (Markdown: sections, then paragraphs), ``"sentence"``,
            ``"fixed"``, or any name when the chunks are given (kept as provenance).
        size: Most code points of a chunk, 16 to 1,000,000.
        overlap: Code points shared by neighbours, 0 to ``size / 2``.
    """

    strategy: str = "heading"
    size: int = 480
    overlap: int = 0


@dataclass(frozen=True)
class CallInfo:
    """What a call to a model says of itself. An embedder may return ``(rows, CallInfo(...))``.

    Args:
        model, version: Which one answered.
        tokens_in, tokens_out: Tokens it counted.
        cost: In the currency of whoever pays.
        attempts: Calls it took.
    """

    model: str = ""
    version: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    attempts: int = 1


@dataclass
class Chunk:
    """A piece of a document as its author gives it.

    Args:
        span: ``(start, end)`` in code points of the document's text.
        text: Given when it is not the slice of the span.
        section: Headings above it, joined by ``" > "``.
        id: ``""``: document id + ``#`` + hash of the text.
        page: Page number.
        parent: Index of the parent chunk in ``Document.chunks``.
        token_count: Tokens, where known.
        metadata: Its own fields; they win over the document's.
    """

    span: tuple[int, int] | None = None
    _: KW_ONLY
    text: str | None = None
    section: str = ""
    id: str = ""
    page: int | None = None
    parent: int | None = None
    token_count: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Document:
    """A document to put.

    Args:
        id: UTF-8, 1 to 900 bytes, any character.
        text: The whole text; spans are slices of it.
        title, uri, parser: Stored as provenance; the title can be embedded too.
        metadata: Fields of all its chunks: None, bool, int, float, str, datetime, list, dict.
        chunker: How the text is cut when ``chunks`` is empty.
        chunks: Exactly these chunks.
        expires_at: Not served after this time (aware, or naive and meant as UTC).
    """

    id: str
    text: str = ""
    _: KW_ONLY
    title: str = ""
    uri: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    parser: str = ""
    chunker: Chunker = Chunker()
    chunks: Sequence[Chunk] = ()
    expires_at: datetime | None = None


_TYPE_NAMES: dict[Any, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "string",
    datetime: "timestamp",
}


def metadata_type_name(declared: Any) -> str:
    """``int`` -> ``"int"``, ``list[str]`` -> ``"list[string]"``; names pass through."""
    if isinstance(declared, str):
        return declared
    if declared in _TYPE_NAMES:
        return _TYPE_NAMES[declared]
    arguments = typing.get_args(declared)
    if typing.get_origin(declared) is list and arguments and arguments[0] in _TYPE_NAMES:
        return f"list[{_TYPE_NAMES[arguments[0]]}]"
    raise InvalidArgument(
        f"metadata type: expected bool, int, float, str, datetime or a list[...] of one, "
        f"got {declared!r}"
    )
