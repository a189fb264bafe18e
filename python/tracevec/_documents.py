"""The document half of a collection: versions, chunks, updates that keep what did not change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any

from . import _core
from ._arrays import as_matrices
from ._embedders import Embed, prepare
from ._progress import progress_bar
from ._results import PutResults
from ._types import Document, EmbeddingSpace
from .errors import InvalidArgument, Unsupported

# A group of documents is what put_documents holds at a time: enough to fill the embedder's batches
# and the library's commits, little enough that a corpus of any size streams through.
_GROUP_DOCUMENTS = 256
_GROUP_CHARACTERS = 4_000_000


class DocumentMethods:
    """Methods of ``Collection`` that take and give documents."""

    _handle: _core.Collection

    def put_document(
        self,
        document: Document,
        embed: Embed = None,
        vectors: Any = None,
        plan: _core.UpdatePlan | None = None,
        label: str | None = None,
        space: EmbeddingSpace | None = None,
        sync: bool | None = None,
        embed_batch_size: int = 256,
    ) -> _core.PutResult:
        """Brings one document to the given state, in one atomic step.

        Chunks whose text as handed to the embedder is unchanged keep id, vector and embedding.
        The same document twice writes nothing. When the document moves while its embedder runs,
        it is tried up to three times.

        Args:
            document: What it shall be.
            embed: ``callable(list of str) -> array (n x dimension)``, or ``{field: callable}``;
                called in this thread for new and changed chunks only. It may carry ``.space``, an
                ``EmbeddingSpace``, and return ``(array, CallInfo)``, which is kept. What it raises
                reaches the caller unchanged, and nothing is committed.
            vectors: Instead of ``embed``: array or ``{field: array}`` with a row for each of
                ``plan.to_embed``, or without a plan a row for each chunk.
            plan: From ``plan_update``.
            label: Who writes; kept in the version.
            space: Model of the vectors; None: what ``embed`` carries, else asserted to fit.
            sync: Overrides the durability for this call.
            embed_batch_size: Most texts of one call of ``embed``.

        Returns:
            ``PutResult`` with commit, version, unchanged, kept, added, removed, embedded, calls.

        Raises:
            Conflict: The plan is stale; the message has both versions.
            InvalidArgument, EmbeddingSpaceMismatch, ReadOnly, StorageError.
        """
        callables, space = prepare(embed, space, self._handle)
        return self._handle.put_document(
            document, callables, as_matrices(vectors), plan, space, sync, label, embed_batch_size
        )

    def put_documents(
        self,
        documents: Iterable[Document],
        embed: Embed = None,
        vectors: Callable[[Document], Any] | None = None,
        progress: bool = False,
        label: str | None = None,
        space: EmbeddingSpace | None = None,
        sync: bool | None = None,
        embed_batch_size: int = 256,
    ) -> PutResults:
        """Puts many documents, several to a commit, each whole in one.

        The documents are read and written in groups of at most 256, so that a generator of any
        length streams through. When one is refused, the groups before it stay written: correct it
        and put all again, which writes only what is missing.

        Args:
            documents: Any iterable of ``Document``.
            embed: As in ``put_document``; called across documents, so that its batches are full.
            vectors: Instead of ``embed``: ``callable(document)`` giving a row for each chunk.
            progress: A bar on stderr.

        The other arguments, and the errors, are those of ``put_document``.

        Returns:
            ``PutResults``: a list of ``PutResult`` with their sums.
        """
        if isinstance(documents, Document):
            raise InvalidArgument("documents: expected several, got one; use put_document")
        callables, space = prepare(embed, space, self._handle)
        results = PutResults()
        total = len(documents) if isinstance(documents, Sized) else None
        with progress_bar(progress, total, "documents") as bar:
            for group in _groups(documents):
                rows = [] if vectors is None else [as_matrices(vectors(each)) for each in group]
                results.extend(
                    self._handle.put_documents(
                        group, callables, rows, space, sync, label, embed_batch_size
                    )
                )
                bar.update(len(group))
        return results

    def plan_update(self, document: Document) -> _core.UpdatePlan:
        """What ``put_document`` would do; writes nothing.

        Returns:
            ``UpdatePlan``: ``to_embed`` (with ``.id``, ``.text``, ``.texts``, ``.ordinal``),
            ``kept`` and ``removed`` (ids), ``unchanged``. Valid while the document stays.
        """
        return self._handle.plan_update(document)

    def document(
        self, id: str, vectors: bool = False, version: int | None = None
    ) -> _core.StoredDocument:
        """The document with its source text, chunks, spans and provenance.

        Args:
            id: The document's id.
            vectors: Fill ``.vectors`` of its chunks.
            version: This one of the kept versions (see ``history``); None: the one in force.

        Raises:
            NotFound: There is none of that id, or the version is not kept.
        """
        return self._handle.document(id, bool(vectors), version)

    def history(self, id: str) -> list[_core.DocumentVersion]:
        """The kept versions of a document, newest first. Raises ``NotFound``."""
        return self._handle.history(id)

    def delete_document(
        self, id: str, erase: bool = False, label: str | None = None
    ) -> _core.WriteResult:
        """Deletes a document with all its chunks; a missing one is ignored (``deleted`` is 0).

        Args:
            id: The document's id.
            erase: Not in this version.
            label: Who deletes it; kept in the journal.
        """
        if erase:
            raise Unsupported(
                "erase=True: not in this version; without it the document is deleted, and its "
                "bytes go when the store is next compacted"
            )
        return self._handle.delete_document(id, label)


def _groups(documents: Iterable[Document]) -> Iterator[list[Document]]:
    group: list[Document] = []
    characters = 0
    for document in documents:
        if not isinstance(document, Document):
            raise InvalidArgument(f"documents: expected Document, got {type(document).__name__}")
        group.append(document)
        characters += len(document.text)
        if len(group) == _GROUP_DOCUMENTS or characters >= _GROUP_CHARACTERS:
            yield group
            group, characters = [], 0
    if group:
        yield group
