"""Opening a database, and its collections."""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any

from . import _core
from ._chain import PipelineChain
from ._collection import Collection
from ._pipeline import Pipeline
from ._receipts import ReceiptMethods
from ._routes import RouteMethods
from ._types import SparseField, TextField, VectorField, metadata_type_name
from .errors import Error, InvalidArgument

_open_databases: weakref.WeakSet[Database] = weakref.WeakSet()


def open(
    path: str | os.PathLike[str],
    durability: str = "async",
    mode: str = "w",
    create: bool = True,
    store_memory_bytes: int = 256 << 20,
) -> Database:
    """Opens a database, which is one directory, or creates it.

    A write acknowledged under ``durability="async"`` (the default) survives ``kill -9`` of the
    process but not a power loss of the machine; under ``"sync"`` it survives both, and each commit
    waits for the disk. An acknowledged write is visible to the next search.

    Args:
        path: Directory.
        durability: ``"async"`` or ``"sync"``.
        mode: ``"w"``: the one writer of the directory. ``"r"``: reads what was committed when it
            was opened, beside a live writer too.
        create: Creates what is missing; ignored with ``mode="r"``.
        store_memory_bytes: Write buffers and block cache of the store, at least 8 MiB.

    Raises:
        NotFound: Nothing is there, and nothing was to be created.
        InvalidArgument: The directory is something else; it was not touched.
        Unavailable: Another process writes; the message has its pid.
        Unsupported: A newer format.
        Corruption, StorageError: Damaged, or refused by the file system.
    """
    handle = _core.open(_path_bytes(path), durability, mode, create, store_memory_bytes)
    return Database(handle, os.fspath(path))


def _path_bytes(path: str | os.PathLike[str]) -> bytes:
    try:
        encoded = os.fsencode(path)
    except (TypeError, UnicodeEncodeError) as error:
        raise InvalidArgument(f"path: {error}") from None
    if not encoded or b"\0" in encoded:
        raise InvalidArgument(f"path: expected a directory, got {path!r}")
    return encoded


class Database(ReceiptMethods, RouteMethods):
    """A database: one directory, one writing process. Made by ``tracevec.open``.

    Safe for concurrent use. A context manager: leaving it closes. After ``close`` every call, of
    its collections too, raises ``Closed``; hits, chunks and receipts stay valid.
    """

    def __init__(self, handle: _core.Database, path: str) -> None:
        self._handle = handle
        self._path = path
        _open_databases.add(self)

    @property
    def path(self) -> str:
        """The directory, as it was given."""
        return self._path

    def create_collection(
        self,
        name: str,
        vectors: Mapping[str, VectorField | SparseField | int] | None = None,
        dim: int | None = None,
        text: TextField | None = None,
        metadata: Mapping[str, Any] | None = None,
        metric: str = "cosine",
        durability: str | None = None,
        keep_versions: int = 1,
    ) -> Collection:
        """Creates a collection.

        Args:
            name: UTF-8, 1 to 255 bytes.
            vectors: Field name -> ``VectorField`` (or its dimension), up to 16, or ``SparseField``,
                up to 16 too.
            dim: Short for one field named ``"vector"`` of this dimension.
            text: ``TextField`` for the chunks' text.
            metadata: Field name -> ``str``, ``int``, ``float``, ``bool``, ``datetime`` or a
                ``list[...]`` of one. Declared fields are checked for their type; other fields may
                be stored and filtered too.
            metric: Of the field that ``dim`` makes: ``"cosine"``, ``"ip"`` or ``"l2"``.
            durability: Of this collection; the database's when None.
            keep_versions: Old versions of a document that are kept beside its newest, 0 to
                1,000,000. Chunks that versions share are stored once.

        Raises:
            AlreadyExists: The name is taken.
            InvalidArgument: A name, dimension, type or number of fields is wrong.
        """
        fields = {
            field: VectorField(spec) if isinstance(spec, int) else spec
            for field, spec in (vectors or {}).items()
        }
        if dim is not None:
            if fields:
                raise InvalidArgument("create_collection: give vectors or dim, not both")
            fields = {"vector": VectorField(dim, metric=metric)}
        for field, spec in fields.items():
            if not isinstance(spec, (VectorField, SparseField)):
                raise InvalidArgument(
                    f"vectors[{field!r}]: expected VectorField or SparseField, "
                    f"got {type(spec).__name__}"
                )
        if text is not None and not isinstance(text, TextField):
            raise InvalidArgument(f"text: expected TextField, got {type(text).__name__}")
        types = {
            field: metadata_type_name(declared) for field, declared in (metadata or {}).items()
        }
        handle = self._handle.create_collection(
            name, fields, text, types, durability, keep_versions
        )
        return Collection(self, handle)

    def collection(self, name: str, dim: int | None = None) -> Collection:
        """The collection of that name.

        With ``dim`` it is created when missing, with one cosine field ``"vector"``.

        Raises:
            NotFound: It is missing and there is no ``dim``; the message has the nearest name.
            InvalidArgument: It exists with another dimension.
        """
        return Collection(self, self._handle.collection(name, dim))

    def collections(self) -> list[str]:
        """Names of all collections, in order."""
        return self._handle.collections()

    def drop_collection(self, name: str) -> None:
        """Drops a collection with all its data. Raises ``NotFound``."""
        self._handle.drop_collection(name)

    def journal(
        self,
        since: datetime | None = None,
        after_commit: int | None = None,
        collection: str | None = None,
        document: str | None = None,
        label: str | None = None,
        limit: int | None = None,
    ) -> list[_core.JournalEntry]:
        """What commits did, oldest first: who wrote when, what was kept, added, removed, embedded.

        Args:
            since: Only at or after this time (aware, or naive and meant as UTC).
            after_commit: Only later commits: to follow the journal.
            collection: Only of this one.
            document: Only commits that touched this document and no other.
            label: Only by this writer.
            limit: At most so many, the oldest.

        Raises:
            NotFound: There is no such collection.
        """
        return self._handle.journal(since, after_commit, collection, document, label, limit)

    def trim_journal(
        self,
        before: datetime | None = None,
        keep: int | None = None,
        label: str | None = None,
    ) -> int:
        """Removes the oldest entries of the journal; without it a journal is kept for ever.

        It is one atomic step with an entry of its own. What the entries said of writers and calls
        of embedders is missing from ``describe`` afterwards; documents and versions stay.

        Args:
            before: Entries older than this go (aware, or naive and meant as UTC).
            keep: All but so many of the newest go. One or both must be given.
            label: Who trims; kept in the journal.

        Returns:
            How many entries went.

        Raises:
            InvalidArgument, ReadOnly, StorageError.
        """
        return self._handle.trim_journal(before, keep, label)

    def snapshot(self, name: str) -> _core.Snapshot:
        """Holds the data of the last commit under a name until it is released, over restarts too.

        Takes no time and no space by itself; but what is replaced or deleted from then on stays on
        the disk.

        Args:
            name: UTF-8, 1 to 255 bytes.

        Raises:
            AlreadyExists, InvalidArgument, ReadOnly.
        """
        return self._handle.snapshot(name)

    def at(self, name: str) -> Database:
        """The database as it was at a snapshot, for reading: writes through it raise ``ReadOnly``.

        Close it when done: it holds its data also when the snapshot is released. Documents whose
        time to live has passed since are not served from it either. The first use of a collection
        reads its records once; from 512 chunks on it then has the memory of their vectors and
        codes, and is searched by scanning. Handles of one snapshot share that; of the snapshot read
        last it stays when all are closed, until it is released or another one is read.

        Raises:
            NotFound: There is no such snapshot; the message has the nearest name.
        """
        return Database(self._handle.at(name), self._path)

    def release_snapshot(self, name: str) -> None:
        """Lets go of a snapshot; ``compact`` gives its disk space back. Raises ``NotFound``."""
        self._handle.release_snapshot(name)

    def snapshots(self) -> list[_core.Snapshot]:
        """Those that are held, by name, each with its commit and time."""
        return self._handle.snapshots()

    def put_pipeline(self, name: str, pipeline: PipelineChain) -> str:
        """Stores a pipeline under a name, over one that is there; callbacks and vectors are left
        out. Survives a power loss.

        Args:
            name: UTF-8, 1 to 255 bytes.
            pipeline: A ``Pipeline``, or a query, of which the text is left out.

        Returns:
            Its hash.

        Raises:
            InvalidArgument, ReadOnly, StorageError.
        """
        if not isinstance(pipeline, PipelineChain):
            raise InvalidArgument(f"pipeline: expected Pipeline, got {type(pipeline).__name__}")
        return self._handle.put_pipeline(name, pipeline._compile())

    def pipeline(self, name: str) -> Pipeline:
        """The pipeline that is stored under a name; its callbacks are names.

        Raises:
            NotFound: There is none; the message has the nearest name.
        """
        return Pipeline.from_json(self._handle.pipeline(name).to_json())

    def pipelines(self) -> list[_core.PipelineInfo]:
        """Those that are stored, by name, each with its hash and time."""
        return self._handle.pipelines()

    def delete_pipeline(self, name: str) -> None:
        """Raises ``NotFound``, with the nearest name."""
        self._handle.delete_pipeline(name)

    def compact(self, threads: int = 2) -> None:
        """Brings each open collection's index into one segment without dead rows.

        Deletes the documents of open collections whose time to live has passed.

        Past 2,000,000 chunks it becomes several, each of no more than that.

        Has the store give back the disk that deleted records take, too. Reads and writes go on
        meanwhile.

        Args:
            threads: 1 to 256.

        Raises:
            InvalidArgument, ReadOnly, ResourceExhausted, StorageError.
        """
        self._handle.compact(threads)

    def stats(self) -> _core.DatabaseStats:
        """Figures: commit, collections, disk_bytes, format_version, kernels, build."""
        return self._handle.stats()

    def close(self) -> None:
        """Flushes and releases the directory; waits for calls in flight. Closing twice is fine."""
        self._handle.close()
        _open_databases.discard(self)

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # Closing here and not in the compiled destructor, which would hold the GIL meanwhile.
        # The attribute is missing when __init__ did not run, modules are when the process ends.
        try:
            self._handle.close()
        except (AttributeError, TypeError, Error):
            pass

    def __repr__(self) -> str:
        return f"Database({self._path!r})"


def _close_all() -> None:
    for database in list(_open_databases):
        database.close()


atexit.register(_close_all)
