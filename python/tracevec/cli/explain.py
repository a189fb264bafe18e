"""``tracevec explain``: how a search would run, without running it."""

from __future__ import annotations

import argparse
from typing import Any

from .._core import Explanation
from ._output import print_json, print_table
from ._session import add_command, open_or_fail
from .search import add_search_arguments, search_arguments


def add_parser(commands: Any) -> None:
    parser = add_command(commands, "explain", run, "tell how a search would run")
    add_search_arguments(parser)


def run(options: argparse.Namespace) -> int:
    with open_or_fail(options) as db:
        collection = db.collection(options.collection)
        explanation = collection.explain(**search_arguments(options, collection))
    if options.json:
        print_json(explanation)
    else:
        _print_explanation(explanation)
    return 0


def _print_explanation(explanation: Explanation) -> None:
    print_table(
        {
            "plan": explanation.plan,
            "field": explanation.field,
            "filter": explanation.filter or "none",
            "k": explanation.k,
            "chunks": explanation.live,
            "commit": explanation.commit,
        }
    )
    for number, part in enumerate(explanation.parts, 1):
        print(
            f"part {number}: {part.way}, {part.rows:,} rows, {part.matches_estimated:,} expected "
            f"to match ({part.matches_low:,} to {part.matches_high:,})"
            + (f"; or {', '.join(part.other_ways)}" if part.other_ways else "")
        )
