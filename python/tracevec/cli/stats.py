"""``tracevec stats``: figures of a database or of one collection."""

from __future__ import annotations

import argparse
from typing import Any

from ._output import print_json, print_table
from ._session import add_command, open_or_fail


def add_parser(commands: Any) -> None:
    parser = add_command(commands, "stats", run, "print figures", collection=False)
    parser.add_argument("collection", metavar="NAME", nargs="?", help="of this collection")


def run(options: argparse.Namespace) -> int:
    with open_or_fail(options) as db:
        if options.collection is not None:
            figures = db.collection(options.collection).stats().to_dict()
        else:
            figures = db.stats().to_dict() | {"names": db.collections()}
    if options.json:
        print_json(figures)
    else:
        figures["tuned"] = [f"{one['field']}: ef {one['ef']}" for one in figures.get("tuned", [])]
        print_table(figures | {k: ", ".join(v) for k, v in figures.items() if isinstance(v, list)})
    return 0
