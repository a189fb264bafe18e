"""``tracevec tune``: chooses how wide searches are, by measuring."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from ._output import print_json
from ._session import UsageError, add_command, open_or_fail


def add_parser(commands: Any) -> None:
    parser = add_command(commands, "tune", run, "choose the search width for a recall")
    parser.add_argument("--target-recall", type=float, default=0.95, help="recall wanted (0.95)")
    parser.add_argument("--queries", metavar="FILE.npy", help="queries like those to be asked")
    parser.add_argument("--field", help="vector field, where there are several")
    parser.add_argument("-k", type=int, default=10, help="hits a query (10)")


def run(options: argparse.Namespace) -> int:
    queries = None
    if options.queries is not None:
        try:
            queries = np.load(options.queries, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise UsageError(f"--queries: {error}") from None
    with open_or_fail(options, mode="w") as db:
        collection = db.collection(options.collection)
        if collection.stats().segments == 0:
            collection.rebuild()  # a small index is not kept in a file: here it is built anew
        tuned = collection.tune(
            options.target_recall, queries=queries, field=options.field, k=options.k
        )
    if options.json:
        print_json(tuned)
        return 0
    for point in tuned.points:
        print(f"ef {point.ef:5}  recall {point.recall:.4f}  {point.micros:9.1f} us a query")
    if tuned.ef == 0:
        print(f"no width measured reaches {tuned.target_recall}")
        return 1
    print(
        f"chosen: ef {tuned.ef}, recall {tuned.recall:.4f} +- {tuned.half_width:.4f} "
        f"({tuned.used} {tuned.queries} queries)"
    )
    return 0
