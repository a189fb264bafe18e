"""A collection: loose vectors in and out, its index and figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import _core
from ._arrays import as_list, as_matrix, as_rows, part_of
from ._chain import PipelineChain
from ._documents import DocumentMethods
from ._filters import Where, encode_where
from ._pipeline import Query
from ._progress import progress_bar
from ._search import SearchMethods
from ._sparse import SparseRows
from ._types import CollectionSchema, EmbeddingSpace
from .errors import InvalidArgument

if TYPE_CHECKING:
    from ._database import Database

_ROWS_A_COMMIT = 4096  # what the library writes in one commit


class Collection(DocumentMethods, SearchMethods):
    """A handle on a collection, from ``Database.collection`` or ``create_collection``.

    Handles of the same name mean the same collection. Safe for concurrent use: readers see one
    immutable view from start to end and never wait for writers; writers take turns. The GIL is
    released while the library works. Every call raises ``Closed`` after ``Database.close``. A call
    that raises changed nothing, unless it says otherwise.
    """

    def __init__(self, database: Database, handle: _core.Collection) -> None:
        self._handle = handle
        self._database = database  # keeps it open while the collection is in use

    @property
    def name(self) -> str:
        return self._handle.name

    @property
    def schema(self) -> CollectionSchema:
        """Vector fields, text field and metadata types, as created."""
        return self._handle.schema

    def __repr__(self) -> str:
        return f"Collection({self.name!r})"

    def upsert(
        self,
        ids: Any,
        vectors: Any = None,
        texts: Any = None,
        metadata: Any = None,
        space: EmbeddingSpace | None = None,
        progress: bool = False,
        sync: bool | None = None,
        label: str | None = None,
    ) -> _core.WriteResult:
        """Writes loose vectors: row i of everything belongs to ``ids[i]``.

        An id that exists is replaced whole. Up to 4,096 rows are one commit, more are several,
        each whole, in order.

        Args:
            ids: Strings, 1 to 900 bytes of UTF-8, none twice: list, NumPy or Arrow array.
            vectors: Array (n x dimension), or ``{field: array}``, of a sparse field a list of dicts
                ``{index: value}`` or a ``scipy.sparse`` matrix; may be left out. float32
                C-contiguous arrays are read without a copy; other numbers are copied once. Finite;
                not zero under cosine.
            texts: One str an id.
            metadata: A list of dicts, one an id, or a dict of columns, one value an id, where None
                leaves the field out of its row. Values: None, bool, int (64 bits), float, str,
                datetime (naive means UTC), date, list, dict.
            space: Model of all vectors given; None: asserted to fit.
            progress: A bar on stderr. The rows then go in calls of 4,096, so that what was
                written stays written when a later row is refused.
            sync: Overrides the durability for this call.
            label: Kept in the journal.

        Returns:
            ``WriteResult`` with commit, inserted, updated.

        Raises:
            InvalidArgument, EmbeddingSpaceMismatch, ReadOnly, StorageError.
        """
        ids = as_list(ids, "ids")
        rows = as_rows(vectors)
        texts = None if texts is None else as_list(texts, "texts")
        if isinstance(metadata, Mapping):
            metadata = {k: as_list(v, f"metadata[{k!r}]") for k, v in metadata.items()}
        elif metadata is not None:
            metadata = as_list(metadata, "metadata")
        if not ids:  # an empty list has rows of no dimension
            rows = {
                field: array
                for field, array in rows.items()
                if isinstance(array, SparseRows) or array.size > 0
            }
        if not progress or len(ids) <= _ROWS_A_COMMIT:
            return self._handle.upsert(ids, rows, texts, metadata, space, sync, label)
        return self._upsert_in_steps(ids, rows, texts, metadata, space, sync, label)

    def _upsert_in_steps(
        self, ids: list[Any], rows: Any, texts: Any, metadata: Any, *rest: Any
    ) -> _core.WriteResult:
        if len(set(ids)) != len(ids):
            raise InvalidArgument("ids: an id is given twice")
        result = None
        with progress_bar(True, len(ids), "rows") as bar:
            for start in range(0, len(ids), _ROWS_A_COMMIT):
                part = slice(start, start + _ROWS_A_COMMIT)
                written = self._handle.upsert(
                    ids[part],
                    {field: part_of(array, part) for field, array in rows.items()},
                    texts and texts[part],
                    {field: column[part] for field, column in metadata.items()}
                    if isinstance(metadata, dict)
                    else metadata and metadata[part],
                    *rest,
                )
                result = written if result is None else result + written
                bar.update(len(ids[part]))
        assert result is not None  # there are more rows than one step takes
        return result

    def delete(
        self, ids: Any = None, where: Where = None, label: str | None = None
    ) -> _core.WriteResult:
        """Deletes chunks of loose vectors, or all chunks of a document.

        Args:
            ids: A str or a list of them; those that do not exist are ignored.
            where: Filter, as text or dict. One of both must be given.
            label: Who deletes; kept in the journal.

        Raises:
            InvalidArgument: Only some chunks of a document are selected (see ``put_document``).
        """
        return self._handle.delete(*_selection("delete", ids, where), label)

    def update_metadata(
        self,
        patch: Mapping[str, Any],
        ids: Any = None,
        where: Where = None,
        label: str | None = None,
    ) -> _core.WriteResult:
        """Merges ``patch`` into the metadata of the selected chunks; None removes a field.

        Vectors and text are not touched. ``updated`` of the result counts the chunks.

        Args:
            patch: Field -> value.
            ids: A str or a list of them.
            where: Filter, as text or dict. One of both must be given.
            label: Who updates; kept in the journal.
        """
        return self._handle.update_metadata(
            patch, *_selection("update_metadata", ids, where), label
        )

    def get(self, ids: Any, vectors: bool = False) -> list[_core.StoredChunk]:
        """Chunks by id, in the order asked; ids that do not exist are left out.

        Args:
            ids: A list of str, or one str, which gives a list of at most one chunk.
            vectors: Fill ``.vectors`` with float32 arrays, as given.
        """
        return self._handle.get(_ids(ids), bool(vectors))

    def count(self, where: Where = None) -> int:
        """Number of chunks that match; of all without a filter."""
        return self._handle.count(encode_where(where))

    def scan(
        self,
        where: Where = None,
        order_by: str | None = None,
        batch_size: int = 1000,
        vectors: bool = False,
    ) -> Iterator[_core.StoredChunk]:
        """Iterates over the chunks of one view, however long that takes.

        Args:
            where: Filter, as text or dict.
            order_by: None (insertion), ``"id"`` or a metadata field; ``"-x"`` descends.
            batch_size: Chunks read ahead, 1 to 100,000.
            vectors: Fill ``.vectors``.
        """
        scanner = self._handle.scan(encode_where(where), order_by, batch_size, bool(vectors))
        return _scanned(scanner, int(batch_size), self._database)

    def query(self, text: str, pipeline: PipelineChain | None = None) -> Query:
        """Begins a query that is built by chaining and then run.

        ::

            answer = pages.query("reserve capacity").dense(embed=encode).lexical().limit(8).run()

        Args:
            text: 1 to 65,536 bytes; it may be empty where each source has a vector.
            pipeline: A ``Pipeline`` to go on from, or another query.
        """
        return Query(self, text, pipeline)

    def rebuild(self, threads: int = 2, deterministic: bool = False) -> None:
        """Builds the index anew, as one segment, from the chunks that are live.

        Past 2,000,000 chunks it becomes several, each of no more than that.

        Reads and writes go on meanwhile; nothing in the store changes. Does nothing for a small
        collection.

        Args:
            threads: 1 to 256.
            deterministic: Equal chunks written in the same order give equal graphs: one thread
                builds.

        Raises:
            InvalidArgument, ResourceExhausted, NotFound.
        """
        self._handle.rebuild(threads, bool(deterministic))

    def tune(
        self,
        target_recall: float = 0.95,
        *,
        queries: Any = None,
        field: str | None = None,
        k: int = 10,
        most_queries: int = 500,
    ) -> _core.TuneResult:
        """Chooses the width of searches that name none, by measuring, and keeps it.

        From then on ``search(target_recall=)`` takes the width it was found to need.

        Args:
            target_recall: Over 0 and below 1, of the k best by float32.
            queries: Array (queries x dimension) like those that will be asked; None: those
                remembered of searches since this open, or, where they are few, stored vectors,
                each searched as if it was not there.
            field: Vector field; may be left out when there is one.
            k: 1 to 1,000; more are searched for in proportion wider.
            most_queries: Of them that are used, 10 to 100,000.

        Returns:
            ``TuneResult`` with the width, the recall at it with its interval, and all points.

        Raises:
            InvalidArgument: Options, shape, or no graph to tune.
            ReadOnly.
        """
        return self._handle.tune(
            float(target_recall),
            None if queries is None else as_matrix(queries, "queries"),
            field,
            k,
            most_queries,
        )

    def stats(self) -> _core.CollectionStats:
        """Figures: chunks, documents, tombstones, segments, index_bytes, commit, warnings..."""
        return self._handle.stats()


def _ids(ids: Any) -> list[Any]:
    return [ids] if isinstance(ids, str) else as_list(ids, "ids")


def _selection(
    call: str, ids: Any, where: Where
) -> tuple[Sequence[str] | None, str | bytes | None]:
    encoded = encode_where(where)
    if (ids is None) == (encoded is None):
        raise InvalidArgument(f"{call}: give ids or where, one of both")
    return None if ids is None else _ids(ids), encoded


def _scanned(
    scanner: _core.Scanner, batch_size: int, database: Database
) -> Iterator[_core.StoredChunk]:
    """`database` is held so that it stays open while somebody iterates."""
    while batch := scanner.next_batch(batch_size):
        yield from batch
