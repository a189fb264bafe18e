"""Rows to import, each with the place it comes from, so that a bad one can be named."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .._files import list_files, read_document
from .._types import CollectionSchema, Document


@dataclass
class Row:
    """A document, with the vectors that were given for it as one chunk, if any."""

    place: str
    document: Document
    vectors: Mapping[str, Sequence[float]] | None = None


@dataclass
class BadRow:
    place: str
    error: str


def read_jsonl(path: Path, schema: CollectionSchema) -> Iterator[Row | BadRow]:
    """One row a line; empty lines are skipped."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            place = f"{path}:{number}"
            try:
                yield _row(place, json.loads(line), schema)
            except (ValueError, RecursionError) as error:  # of JSON, UTF-8 and our own
                yield BadRow(place, str(error))


def read_folder(folder: Path, patterns: Sequence[str]) -> Iterator[Row | BadRow]:
    """One document a file; its id is the path from the folder, its title the first heading."""
    files, failed = list_files(folder, patterns)
    for path, error in failed:
        yield BadRow(str(path), str(error))
    for path in files:
        try:
            document = read_document(path, path.relative_to(folder).as_posix())
        except (OSError, UnicodeDecodeError) as error:
            yield BadRow(str(path), str(error))
            continue
        yield Row(str(path), document)


def _row(place: str, fields: Any, schema: CollectionSchema) -> Row:
    if not isinstance(fields, dict):
        raise ValueError(f"expected a JSON object, got {type(fields).__name__}")
    if "id" not in fields:
        raise ValueError("no id")
    metadata = fields.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise ValueError(f"metadata: expected an object, got {type(metadata).__name__}")
    document = Document(
        fields["id"],
        fields.get("text") or "",
        title=fields.get("title") or "",
        uri=fields.get("uri") or "",
        metadata={
            name: _typed(value, schema.metadata.get(name, "")) for name, value in metadata.items()
        },
    )
    if not isinstance(document.id, str) or not isinstance(document.text, str):
        raise ValueError("id and text: expected strings")
    return Row(place, document, _vectors(fields))


def _vectors(fields: Mapping[str, Any]) -> Mapping[str, Sequence[float]] | None:
    vectors = fields.get("vectors")
    if vectors is None and fields.get("vector") is not None:
        vectors = {"": fields["vector"]}
    if vectors is None:
        return None
    if not isinstance(vectors, dict) or not all(isinstance(v, list) for v in vectors.values()):
        raise ValueError("vector: expected an array of numbers; vectors: an object of them")
    return vectors


def _typed(value: Any, declared: str) -> Any:
    """JSON has no times: where one is declared, its ISO 8601 text is read."""
    if declared == "timestamp" and isinstance(value, str):
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    if declared == "list[timestamp]" and isinstance(value, list):
        return [_typed(item, "timestamp") for item in value]
    return value
