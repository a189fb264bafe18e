"""``tracevec metrics``: figures of a database as Prometheus text.

Searches are counted by the process that runs them: this shows what the directory itself says.
"""

from __future__ import annotations

import argparse
from typing import Any

from ._output import print_json
from ._session import add_command, open_or_fail


def add_parser(commands: Any) -> None:
    add_command(commands, "metrics", run, "figures as Prometheus text", collection=False)


def run(options: argparse.Namespace) -> int:
    with open_or_fail(options) as db:
        for name in db.collections():
            db.collection(name)  # open ones have figures
        if options.json:
            print_json(db.metrics())
        else:
            print(db.metrics(format="prometheus"), end="")
    return 0
