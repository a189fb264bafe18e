"""``tracevec create``: a new collection, and the database when it is missing."""

from __future__ import annotations

import argparse
from typing import Any

from .._types import TextField
from ._output import print_json
from ._session import UsageError, add_command, open_or_fail


def add_parser(commands: Any) -> None:
    parser = add_command(commands, "create", run, "create a collection")
    parser.add_argument("--dim", type=int, help="dimension of its vectors; none: only texts")
    parser.add_argument("--metric", default="cosine", help="cosine (default), ip or l2")
    parser.add_argument("--text", metavar="ANALYZER", help="index texts: english, simple")
    parser.add_argument(
        "--metadata",
        nargs="+",
        default=[],
        metavar="FIELD:TYPE",
        help="declared fields: year:int area:str price:float draft:bool at:datetime tags:list[str]",
    )


def run(options: argparse.Namespace) -> int:
    if options.dim is None and options.text is None:
        raise UsageError("one of --dim and --text is needed")
    types = dict(_declared(text) for text in options.metadata)
    with open_or_fail(options, mode="w", create=True) as db:
        collection = db.create_collection(
            options.collection,
            dim=options.dim,
            metric=options.metric,
            text=None if options.text is None else TextField(options.text),
            metadata=types,
        )
        if options.json:
            print_json({"collection": collection.name, "schema": collection.schema})
        else:
            print(f"created {collection.name} in {db.path}")
    return 0


def _declared(text: str) -> tuple[str, str]:
    field, separator, type_name = text.rpartition(":")
    if not separator or not field:
        raise UsageError(f"--metadata: expected FIELD:TYPE, got {text!r}")
    return field, type_name
