"""Bringing a collection up to date with a folder of files."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._embedders import Embed
from ._files import list_files, read_document
from ._progress import Progress, progress_bar
from ._types import Chunker, Document
from .errors import InvalidArgument

if TYPE_CHECKING:
    from ._documents import DocumentMethods

_GROUP = 64  # documents to a call: what a kill loses, and a dry run plans at a time


@dataclass
class SyncResult:
    """What a sync did, or with ``dry_run`` would do. ``str()`` gives lines for people.

    Attributes:
        added, changed, removed: Ids of documents.
        renamed: (old id, new id): the same text under another path; nothing was embedded for it.
        unchanged: Number of documents that were as the folder has them.
        failed: (path, error): files and folders that could not be read, and files whose id another
            document has; these documents stay as they were.
        kept_chunks, added_chunks, removed_chunks: Of added and changed documents.
        texts: Texts given to the embedder.
        calls: Calls of the embedder.
        characters: Of these texts.
        bytes_read: Of all files.
        seconds: What it took.
        estimated_seconds, estimated_cost: Of embedding ``texts``, from what embedding took and
            cost in this collection so far; None when that is not known.
        dry_run: Nothing was written.
    """

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    kept_chunks: int = 0
    added_chunks: int = 0
    removed_chunks: int = 0
    texts: int = 0
    calls: int = 0
    characters: int = 0
    bytes_read: int = 0
    seconds: float = 0.0
    estimated_seconds: float | None = None
    estimated_cost: float | None = None
    dry_run: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The attributes as a new dict."""
        return asdict(self)

    def __str__(self) -> str:
        verb = "would be" if self.dry_run else "were"
        lines = [
            f"{len(self.added):,} documents {verb} added, {len(self.changed):,} changed, "
            f"{len(self.renamed):,} renamed, {len(self.removed):,} removed; "
            f"{self.unchanged:,} unchanged, {len(self.failed):,} failed",
            f"chunks: {self.added_chunks:,} added, {self.kept_chunks:,} kept, "
            f"{self.removed_chunks:,} removed",
            f"embedding: {self.texts:,} texts of {self.characters:,} characters "
            f"in {self.calls:,} calls",
            f"{self.bytes_read:,} bytes read in {self.seconds:.1f} s",
        ]
        if self.dry_run:
            seconds, cost = self.estimated_seconds, self.estimated_cost
            shown = "not known" if seconds is None else f"{seconds:.1f} s"
            lines.append(
                f"estimated: {shown}, cost {'not known' if cost is None else f'{cost:.4g}'}"
            )
        lines += [f"failed: {path}: {error}" for path, error in self.failed]
        return "\n".join(lines)


def sync_folder(
    collection: DocumentMethods,
    path: str | Path,
    pattern: str | Iterable[str],
    embed: Embed,
    *,
    uri_base: str | None,
    id_prefix: str,
    metadata: Mapping[str, Any] | None,
    chunker: Chunker | None,
    dry_run: bool,
    progress: bool,
    label: str,
    embed_batch_size: int,
) -> SyncResult:
    folder = Path(path).resolve()
    if not folder.is_dir():
        raise InvalidArgument(f"sync_folder: {str(path)!r} is no folder")
    base = (folder.as_uri() if uri_base is None else uri_base).rstrip("/") + "/"
    sync = _Sync(collection, folder, base, id_prefix, metadata or {}, chunker, embed)
    sync.result.dry_run = dry_run
    sync.label = label
    sync.batch_size = embed_batch_size
    started = time.perf_counter()
    files, unseen = list_files(folder, pattern)
    with progress_bar(progress, len(files), "files") as bar:
        sync.run(files, unseen, bar)
    sync.result.seconds = time.perf_counter() - started
    return sync.result


class _Sync:
    def __init__(
        self,
        collection: DocumentMethods,
        folder: Path,
        base: str,
        id_prefix: str,
        metadata: Mapping[str, Any],
        chunker: Chunker | None,
        embed: Embed,
    ) -> None:
        self.collection = collection
        self.folder = folder
        self.base = base
        self.id_prefix = id_prefix
        self.metadata = metadata
        self.chunker = chunker
        self.embed = embed
        self.label = ""
        self.batch_size = 1
        self.result = SyncResult()
        # What is there of this folder: what it brought has the URI and the id of one path.
        self.stored: set[str] = set()
        self.others: dict[str, str] = {}  # id -> URI of a document that came some other way
        for version in collection.documents(id_prefix):
            uri = version.uri
            if uri.startswith(base) and version.id == id_prefix + uri[len(base) :]:
                self.stored.add(version.id)
            else:
                self.others[version.id] = uri
        self.missing: set[str] = set()  # documents whose files are gone
        self.by_text: dict[bytes, str] = {}  # hash of the text of one of them -> its id

    def run(self, files: list[Path], unseen: list[tuple[Path, OSError]], bar: Progress) -> None:
        self.result.failed += [(str(path), str(error)) for path, error in unseen]
        self._find_missing(files, [path for path, _ in unseen])
        # Renames last: a file that stands where another one was is put before that goes.
        renamed: list[tuple[str, Document]] = []
        group: list[Document] = []
        for document in self._read(files, bar):
            old = None
            if document.id not in self.stored:
                old = self.by_text.pop(_hash(document.text), None)
            if old is not None:
                renamed.append((old, document))
                continue
            group.append(document)
            if len(group) >= _GROUP:
                self._put(group)
                group = []
        self._put(group)
        for old, document in renamed:
            self._rename(old, document)
        for id in sorted(self.missing):
            self._delete(id)
            self.result.removed.append(id)
        self._estimate()

    def _id(self, path: Path) -> str:
        return self.id_prefix + path.relative_to(self.folder).as_posix()

    def _find_missing(self, files: list[Path], unseen: list[Path]) -> None:
        present = {self._id(path) for path in files}
        self.missing = {id for id in self.stored if id not in present}
        for path in unseen:
            below = self.id_prefix if path == self.folder else self._id(path) + "/"
            self.missing = {
                id for id in self.missing if id != self._id(path) and not id.startswith(below)
            }
        if self.missing and not files:
            raise InvalidArgument(
                f"sync_folder: no file of {str(self.folder)!r} matches, but {len(self.missing):,} "
                "documents of it are stored; is it there? To remove them all, use delete_document"
            )
        for id in sorted(self.missing):
            self.by_text.setdefault(_hash(self.collection.document(id).text), id)

    def _read(self, files: list[Path], bar: Progress) -> Iterator[Document]:
        for path in files:
            bar.update(1)
            id = self._id(path)
            other = self._describe_other(id)
            if other:
                way_out = "give another id_prefix, or the uri_base it was synced with"
                self.result.failed.append((str(path), f"{other} is not of this folder; {way_out}"))
                continue
            try:
                document = read_document(path, id, self.chunker)
                self.result.bytes_read += path.stat().st_size
            except (OSError, UnicodeDecodeError) as error:
                self.result.failed.append((str(path), str(error)))
                continue
            document.uri = self.base + path.relative_to(self.folder).as_posix()
            document.metadata = dict(self.metadata)
            yield document

    def _describe_other(self, id: str) -> str:
        """What has the id and did not come of this folder; empty: nothing."""
        if id in self.stored:
            return ""
        if id in self.others:
            return f"document {id!r} with the URI {self.others[id]!r}"
        found = self.collection._handle.get([id], False)
        loose = any(chunk.document == id for chunk in found)
        return f"vector {id!r}" if loose else ""

    def _put(self, documents: list[Document]) -> None:
        if not documents:
            return
        plans = [self.collection.plan_update(document) for document in documents]
        todo = [d for d, plan in zip(documents, plans, strict=True) if not plan.unchanged]
        self.result.unchanged += len(documents) - len(todo)
        texts = 0
        for document, plan in zip(documents, plans, strict=True):
            if plan.unchanged:
                continue
            known = self.result.changed if document.id in self.stored else self.result.added
            known.append(document.id)
            self._count(plan)
            texts += len(plan.to_embed)
        self.result.calls += math.ceil(texts / self.batch_size) if self.embed is not None else 0
        if todo and not self.result.dry_run:
            self.collection.put_documents(
                todo, embed=self.embed, label=self.label, embed_batch_size=self.batch_size
            )

    def _count(self, plan: Any) -> None:
        self.result.kept_chunks += len(plan.kept)
        self.result.added_chunks += len(plan.to_embed)
        self.result.removed_chunks += len(plan.removed)
        if self.embed is None:
            return
        self.result.texts += len(plan.to_embed)
        for chunk in plan.to_embed:
            self.result.characters += sum(map(len, chunk.texts.values()))

    def _rename(self, old: str, document: Document) -> None:
        self.result.renamed.append((old, document.id))
        self.missing.discard(old)
        if self.result.dry_run:
            return
        put = self.collection.put_document(
            document,
            embed=self.embed,
            label=self.label,
            embed_batch_size=self.batch_size,
            moved_from=old,
        )
        self.result.texts += put.embedded
        self.result.calls += len(put.calls)

    def _delete(self, id: str) -> None:
        if not self.result.dry_run:
            self.collection.delete_document(id, label=self.label)

    def _estimate(self) -> None:
        known = self.collection.describe()
        if known.embed_micros.count > 0:
            self.result.estimated_seconds = self.result.texts * known.embed_micros.mean / 1e6
        said = [model for model in known.models if model.model]
        embedded = sum(model.texts for model in said)
        if embedded > 0:
            cost = sum(model.cost for model in said)
            self.result.estimated_cost = self.result.texts * cost / embedded


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
