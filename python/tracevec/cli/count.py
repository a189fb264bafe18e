"""``tracevec count``: how many chunks match."""

from __future__ import annotations

import argparse
from typing import Any

from ._output import print_json
from ._session import add_command, open_or_fail


def add_parser(commands: Any) -> None:
    parser = add_command(commands, "count", run, "count chunks")
    parser.add_argument("--where", metavar="FILTER", help="only those that match")


def run(options: argparse.Namespace) -> int:
    with open_or_fail(options) as db:
        count = db.collection(options.collection).count(options.where)
    if options.json:
        print_json({"count": count})
    else:
        print(count)
    return 0
