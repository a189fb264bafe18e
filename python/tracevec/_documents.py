"""The document half of a collection: versions, chunks, updates that keep what did not change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from pathlib import Path
from typing import Any, Literal, overload

from . import _core
from ._arrays import as_rows
from ._embedders import Embed, check_space, prepare
from ._files import PATTERNS
from ._migration import Migration
from ._progress import progress_bar
from ._results import PutResults
from ._sync import SyncResult, sync_folder
from ._types import Chunker, Document, EmbeddingSpace, VectorField
from .errors import InvalidArgument

# A group of documents is what put_documents holds at a time: enough to fill the embedder's batches
# and the library's commits, little enough that a corpus of any size streams through.
_GROUP_DOCUMENTS = 256
_GROUP_CHARACTERS = 4_000_000
_PAGE_DOCUMENTS = 1000  # read at a time where documents are listed


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
        moved_from: str | None = None,
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
            moved_from: Id of a document that this one takes the place of, as when a file is
                renamed: it is deleted in the same commit, and its vectors and merged metadata go
                to the chunks that have the same text, which are not embedded.

        Returns:
            ``PutResult`` with commit, version, unchanged, kept, added, removed, moved, embedded,
            calls.

        Raises:
            Conflict: The plan is stale; the message has both versions.
            NotFound: ``moved_from`` does not exist.
            InvalidArgument, EmbeddingSpaceMismatch, ReadOnly, StorageError.
        """
        callables, space = prepare(embed, space, self._handle)
        return self._handle.put_document(
            document,
            callables,
            as_rows(vectors),
            plan,
            space,
            sync,
            label,
            embed_batch_size,
            moved_from,
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
                rows = [] if vectors is None else [as_rows(vectors(each)) for each in group]
                results.extend(
                    self._handle.put_documents(
                        group, callables, rows, space, sync, label, embed_batch_size
                    )
                )
                bar.update(len(group))
        return results

    def sync_folder(
        self,
        path: str | Path,
        pattern: str | Iterable[str] = PATTERNS,
        embed: Embed = None,
        *,
        dry_run: bool = False,
        progress: bool = False,
        uri_base: str | None = None,
        id_prefix: str = "",
        metadata: Mapping[str, Any] | None = None,
        chunker: Chunker | None = None,
        label: str = "sync",
        embed_batch_size: int = 256,
    ) -> SyncResult:
        """Brings the documents of a folder up to date: added, changed, renamed and removed files.

        A document's id is ``id_prefix`` and its path from the folder, its URI ``uri_base`` and that
        path. Files whose text is that of a document whose file is gone are renamed: nothing is
        embedded for them. Documents with the id and the URI of a path whose file is gone, or does
        not match the pattern any more, are removed; no other document is touched: a file whose id
        another one has is listed as failed. So is a file or folder that cannot be read, and its
        documents stay. Symbolic links to folders, or out of the folder, are left out.

        Documents are written in groups of at most 64; a sync that was cut off is resumed by
        repeating it.

        Args:
            path: The folder.
            pattern: A glob from the folder, or several: Markdown, text and HTML by default. HTML
                needs the package beautifulsoup4 (``tracevec[html]``).
            embed: As in ``put_documents``.
            dry_run: Writes nothing; says what would be done, and estimates time and cost.
            progress: A bar on stderr.
            uri_base: None: the folder's own file URI. Give one for a folder that may move.
            id_prefix: Begins all ids.
            metadata: Fields of all documents.
            chunker: How texts are cut; None: Markdown and HTML by headings, text by sentences.
            label: Who writes; kept in the journal.
            embed_batch_size: Most texts of one call of ``embed``.

        Raises:
            InvalidArgument: The path is no folder; or no file matches, but documents of it are
                stored: the folder may not be mounted. And what ``put_documents`` raises, after
                the groups before.
        """
        return sync_folder(
            self,
            path,
            pattern,
            embed,
            uri_base=uri_base,
            id_prefix=id_prefix,
            metadata=metadata,
            chunker=chunker,
            dry_run=dry_run,
            progress=progress,
            label=label,
            embed_batch_size=embed_batch_size,
        )

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

    def documents(self, prefix: str = "") -> Iterator[_core.DocumentVersion]:
        """The versions in force of documents whose ids start with ``prefix``, by id.

        Loose vectors are left out. Read in pages, each as of its own moment.
        """
        after = ""
        while page := self._handle.list_documents(prefix, after, _PAGE_DOCUMENTS):
            yield from page
            after = page[-1].id

    def history(self, id: str) -> list[_core.DocumentVersion]:
        """The kept versions of a document, newest first. Raises ``NotFound``."""
        return self._handle.history(id)

    @overload
    def delete_document(
        self, id: str, erase: Literal[False] = False, label: str | None = None, verify: bool = True
    ) -> _core.WriteResult: ...
    @overload
    def delete_document(
        self, id: str, erase: Literal[True], label: str | None = None, verify: bool = True
    ) -> _core.ErasureCertificate: ...
    def delete_document(
        self, id: str, erase: bool = False, label: str | None = None, verify: bool = True
    ) -> _core.WriteResult | _core.ErasureCertificate:
        """Deletes a document with all its chunks; a missing one is ignored (``deleted`` is 0).

        Args:
            id: The document's id.
            erase: Take every byte of its texts, metadata and vectors out of the database's files
                too, old versions included, and give an ``ErasureCertificate``. Records, tables and
                logs they lay in are written anew, and so is the index where it has its rows, while
                reads and writes go on. A snapshot that has the document is named in the
                certificate, and then only the deletion is done: release it and call again.
            label: Who deletes it; kept in the journal.
            verify: With ``erase``: read all files afterwards, as stored and decompressed, and look
                for what was erased.

        Raises:
            Conflict: Put again while it was being erased.
            InvalidArgument, ReadOnly, StorageError.
        """
        if erase:
            return self._handle.erase_document(id, label, bool(verify))
        return self._handle.delete_document(id, label)

    def begin_migration(
        self,
        field: str | None = None,
        new_space: EmbeddingSpace | None = None,
        embed: Embed = None,
        *,
        dim: int | None = None,
        metric: str | None = None,
        embed_template: str | None = None,
        label: str | None = None,
        embed_batch_size: int = 256,
    ) -> Migration:
        """Begins to move a vector field to another embedding space, and fills it in the background.

        Searches and puts go on in the old space until ``Migration.cut_over``, which is one atomic
        step, as is ``roll_back``. It survives restarts and kills: ``migration(embed=...)`` goes on.

        Args:
            field: The vector field; may be left out when there is one.
            new_space: Model of the new vectors; None: what ``embed`` carries, else undeclared.
            embed: ``callable(list of str) -> array`` or ``(array, CallInfo)``, of the new space.
                It is called in a thread; each call is in the journal, with its time.
            dim: Dimension of the new vectors; None: as many as ``embed`` gives for one text.
            metric, embed_template: None: those of the field.
            label: Kept in the journal.
            embed_batch_size: Most texts of one call of ``embed``.

        Raises:
            AlreadyExists: One is under way.
            EmbeddingSpaceMismatch: ``embed`` carries a space other than ``new_space``; nothing is
                begun.
            InvalidArgument, ReadOnly, StorageError.
        """
        if not callable(embed):
            raise InvalidArgument("begin_migration: give embed, a callable of the new space")
        vectors = self._handle.schema.vectors
        fields = {name: spec for name, spec in vectors.items() if isinstance(spec, VectorField)}
        name = field if field is not None or len(fields) != 1 else next(iter(fields))
        old = fields.get(name or "")
        check_space("begin_migration", embed, new_space)
        if dim is None:
            dim = int(prepare(embed, None, self._handle)[0][""](["dimension"])[0].shape[1])
        carried = getattr(embed, "space", None)
        if new_space is None and isinstance(carried, EmbeddingSpace):
            new_space = carried
        self._handle.begin_migration(
            name,
            dim,
            metric or (old.metric if old else "cosine"),
            new_space,
            embed_template or (old.embed_template if old else "{text}"),
            label,
        )
        return Migration(self, embed, embed_batch_size, is_cut_over=False, label=label)

    def migration(
        self, embed: Embed, embed_batch_size: int = 256, label: str | None = None
    ) -> Migration:
        """Goes on with the migration that is under way, after a restart.

        Args:
            embed: Of the new space, as in ``begin_migration``.
            embed_batch_size: Most texts of one call of ``embed``.
            label: Who fills; kept in the journal.

        Raises:
            NotFound: None is under way.
            EmbeddingSpaceMismatch: ``embed`` carries another space than the new one.
        """
        if not callable(embed):
            raise InvalidArgument("migration: give embed, a callable of the new space")
        status = self._handle.migration()
        new = self._handle.schema.vectors[status.field] if status.cut_over else status.other
        check_space("migration", embed, new.space)
        return Migration(self, embed, embed_batch_size, status.cut_over, label)

    def describe(self) -> _core.CollectionDescription:
        """What the collection holds and how it came to be, from what is stored.

        Which models made the embeddings and how long they took; which parsers and chunkers made
        the chunks, and how long these are; who wrote what and when; which metadata there is.
        ``print`` it, or take ``to_dict()``. Cost: one pass over versions, chunks and journal.
        """
        return self._handle.describe()


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
