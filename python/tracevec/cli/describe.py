"""``tracevec describe``: what a collection holds and how it came to be."""

from __future__ import annotations

import argparse
from typing import Any

from ._output import print_json
from ._session import add_command, open_or_fail


def add_parser(commands: Any) -> None:
    add_command(commands, "describe", run, "say which models, parsers and writers made it")


def run(options: argparse.Namespace) -> int:
    with open_or_fail(options) as db:
        described = db.collection(options.collection).describe()
    if options.json:
        print_json(described)
    else:
        print(described, end="")
    return 0
