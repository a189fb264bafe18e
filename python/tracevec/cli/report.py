"""``tracevec report``: one self-contained HTML page about a database."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .._report import report_html
from ._output import print_json
from ._session import UsageError, add_command, open_or_fail


def add_parser(commands: Any) -> None:
    parser = add_command(
        commands, "report", run, "write an HTML page of figures and receipts", collection=False
    )
    parser.add_argument("--output", metavar="FILE.html", default="report.html", help="report.html")
    parser.add_argument("--limit", type=int, default=1000, help="the newest receipts (1000)")


def run(options: argparse.Namespace) -> int:
    with open_or_fail(options) as db:
        page = report_html(db, options.limit)
    try:
        Path(options.output).write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--output: {error}") from None
    if options.json:
        print_json({"written": options.output, "bytes": len(page.encode())})
    else:
        print(f"written to {options.output}")
    return 0
