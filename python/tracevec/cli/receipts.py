"""``tracevec receipts``: kept receipts, looked up and exported."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from .._core import KeptReceipt
from ._output import print_json
from ._session import UsageError, add_command, open_or_fail


def add_parser(commands: Any) -> None:
    parser = add_command(commands, "receipts", run, "look up kept receipts", collection=False)
    parser.add_argument("--id", help="this one, whole")
    parser.add_argument("--since", metavar="TIME", help="at or after: 2026-01-31T12:00:00")
    parser.add_argument("--until", metavar="TIME", help="before")
    parser.add_argument("--collection", metavar="NAME", help="of this collection")
    parser.add_argument("--document", metavar="ID", help="with a hit of this document")
    parser.add_argument("--label", help="with this label")
    parser.add_argument("--stage", help="with a stage of this name")
    parser.add_argument("--outcome", help="ok, empty or degraded")
    parser.add_argument("--slower-than-ms", type=float, help="the whole, or --stage")
    parser.add_argument("--limit", type=int, default=20, help="the newest so many (20)")
    parser.add_argument("--export", metavar="FILE.jsonl", help="write them there, one a line")


def run(options: argparse.Namespace) -> int:
    names = ("collection", "document", "label", "stage", "outcome", "slower_than_ms", "limit")
    criteria = {name: getattr(options, name) for name in names}
    criteria["since"] = _time(options.since, "--since")
    criteria["until"] = _time(options.until, "--until")
    with open_or_fail(options) as db:
        if options.export is not None:
            count = db.export_receipts(options.export, **criteria)
            if options.json:
                print_json({"exported": count})
            else:
                print(f"{count:,} receipts written to {options.export}")
            return 0
        if options.id is not None:
            print(db.receipt(options.id).to_json())
            return 0
        found = db.receipts(**criteria)
    if options.json:
        print_json(found)
    else:
        for receipt in found:
            _print_line(receipt)
        print(f"{len(found)} receipts")
    return 0


def _time(text: str | None, what: str) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise UsageError(f"{what}: {error}") from None


def _print_line(receipt: KeptReceipt) -> None:
    time = receipt.time.strftime("%Y-%m-%d %H:%M:%S")
    label = f"  {receipt.label}" if receipt.label else ""
    print(
        f"{receipt.id}  {time}  {receipt.collection}  {receipt.plan}  {receipt.outcome}  "
        f"{receipt.returned}/{receipt.k}  {receipt.total_micros:.0f} us{label}"
    )
