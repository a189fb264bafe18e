"""``tracevec import``: rows of JSONL, or a folder of text files, into a collection.

Running it again writes only what changed, so that an import that was cut off is resumed by
repeating it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .._collection import Collection
from .._files import PATTERNS, TEXT_PATTERNS
from .._progress import progress_bar
from ..errors import InvalidArgument
from ._output import print_json
from ._rows import BadRow, Row, read_folder, read_jsonl
from ._session import UsageError, add_command, load_embedder, open_or_fail

_ROWS_AT_A_TIME = 1000


def add_parser(commands: Any) -> None:
    parser = add_command(commands, "import", run, "import JSONL rows or a folder of text files")
    parser.add_argument(
        "path",
        metavar="PATH",
        type=Path,
        help="JSONL of {id, vector, text, metadata} or {id, text, title, metadata}, or a folder",
    )
    parser.add_argument(
        "--glob",
        nargs="+",
        help="files of a folder (Markdown and text; with --sync HTML too)",
    )
    parser.add_argument(
        "--sync",
        action="store_true",
        help="bring the documents of a folder up to date: what is gone or renamed there, too",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="with --sync: say what would be done, write nothing"
    )
    parser.add_argument("--uri-base", help="with --sync: URI of the folder, where it may move")
    parser.add_argument("--label", default="sync", help="with --sync: kept in the journal (sync)")
    parser.add_argument("--embed", help="wordllama or module:callable, for rows without a vector")


def run(options: argparse.Namespace) -> int:
    if not options.path.exists():
        raise UsageError(f"{options.path}: no such file or folder")
    embed = None if options.embed is None else load_embedder(options.embed)
    if options.sync:
        return _sync(options, embed)
    if options.dry_run:
        raise UsageError("--dry-run goes with --sync")
    with open_or_fail(options, mode="w") as db:
        collection = db.collection(options.collection)
        rows = (
            read_folder(options.path, options.glob or TEXT_PATTERNS)
            if options.path.is_dir()
            else read_jsonl(options.path, collection.schema)
        )
        importer = Importer(collection, embed, quiet=options.json)
        with progress_bar(not options.json, None, "rows") as bar:
            for row in rows:
                importer.add(row)
                bar.update(1)
            importer.flush()
    importer.report(options.json)
    return 1 if importer.errors else 0


def _sync(options: argparse.Namespace, embed: Any) -> int:
    if not options.path.is_dir():
        raise UsageError(f"--sync: {options.path} is no folder")
    with open_or_fail(options, mode="w") as db:
        collection = db.collection(options.collection)
        if embed is None and collection.schema.vectors:
            raise UsageError("--sync needs --embed to make the vectors of this collection")
        result = collection.sync_folder(
            options.path,
            options.glob or PATTERNS,
            embed,
            dry_run=options.dry_run,
            progress=not options.json,
            uri_base=options.uri_base,
            label=options.label,
        )
    if options.json:
        print_json(result)
    else:
        print(result)
    return 1 if result.failed else 0


class Importer:
    """Gathers rows, writes them in groups, and keeps account of what was refused."""

    def __init__(self, collection: Collection, embed: Any, quiet: bool) -> None:
        self._collection = collection
        self._embed = embed
        self._quiet = quiet
        self._vectors: list[Row] = []
        self._documents: list[Row] = []
        self.errors: list[dict[str, str]] = []
        self.counts = {"rows": 0, "inserted": 0, "updated": 0, "documents": 0, "unchanged": 0}
        self.counts |= {"added": 0, "kept": 0, "removed": 0, "embedded": 0}

    def add(self, row: Row | BadRow) -> None:
        self.counts["rows"] += 1
        if isinstance(row, BadRow):
            self._refuse(row.place, row.error)
        elif row.vectors is not None:
            self._vectors.append(row)
        elif self._embed is None and self._collection.schema.vectors:
            self._refuse(row.place, "no vector, and no --embed to make one")
        else:
            self._documents.append(row)
        if len(self._vectors) + len(self._documents) >= _ROWS_AT_A_TIME:
            self.flush()

    def flush(self) -> None:
        self._write(self._upsert, self._vectors)
        self._write(self._put, self._documents)
        self._vectors, self._documents = [], []

    def report(self, as_json: bool) -> None:
        if as_json:
            print_json(self.counts | {"failed": len(self.errors), "errors": self.errors})
            return
        figures = [f"{value:,} {name}" for name, value in self.counts.items() if value]
        print(", ".join([*figures, f"{len(self.errors):,} failed"]))

    def _write(self, write: Callable[[Sequence[Row]], None], rows: Sequence[Row]) -> None:
        """All rows in one call or, when it is refused, in halves, to find which are bad."""
        if not rows:
            return
        try:
            write(rows)
        except InvalidArgument as error:
            if len(rows) == 1:
                self._refuse(rows[0].place, str(error))
                return
            middle = len(rows) // 2
            self._write(write, rows[:middle])
            self._write(write, rows[middle:])

    def _upsert(self, rows: Sequence[Row]) -> None:
        fields = {field for row in rows for field in row.vectors or {}}
        result = self._collection.upsert(
            [row.document.id for row in rows],
            {field: [(row.vectors or {}).get(field, ()) for row in rows] for field in fields},
            texts=[row.document.text for row in rows],
            metadata=[dict(row.document.metadata) for row in rows],
        )
        self.counts["inserted"] += result.inserted
        self.counts["updated"] += result.updated

    def _put(self, rows: Sequence[Row]) -> None:
        results = self._collection.put_documents([row.document for row in rows], embed=self._embed)
        self.counts["documents"] += len(results)
        for name in ("unchanged", "added", "kept", "removed", "embedded"):
            self.counts[name] += getattr(results, name)

    def _refuse(self, place: str, error: str) -> None:
        self.errors.append({"place": place, "error": error})
        if not self._quiet:
            print(f"{place}: {error}", file=sys.stderr)
