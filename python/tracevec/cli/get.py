"""``tracevec get``: chunks by id."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ._output import print_json, to_plain
from ._session import add_command, open_or_fail


def add_parser(commands: Any) -> None:
    parser = add_command(commands, "get", run, "print chunks by id; exit 1 if one is missing")
    parser.add_argument("ids", metavar="ID", nargs="+", help="chunk ids")
    parser.add_argument("--vectors", action="store_true", help="their vectors too")


def run(options: argparse.Namespace) -> int:
    with open_or_fail(options) as db:
        chunks = db.collection(options.collection).get(options.ids, vectors=options.vectors)
    found = {chunk.id for chunk in chunks}
    missing = [id for id in options.ids if id not in found]
    if options.json:
        print_json({"chunks": chunks, "missing": missing})
    else:
        for chunk in chunks:
            for name, value in chunk.to_dict().items():
                if value not in (None, "", {}):
                    print(f"{name}: {to_plain(value)}")
            print()
        for id in missing:
            print(f"tracevec: not found: {id}", file=sys.stderr)
    return 1 if missing else 0
