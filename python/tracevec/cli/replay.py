"""``tracevec replay``: a kept receipt's search, run again; or why it lost a chunk."""

from __future__ import annotations

import argparse
from typing import Any

from .._core import LostChunk, Replay
from ._output import print_json
from ._session import add_command, open_or_fail


def add_parser(commands: Any) -> None:
    parser = add_command(
        commands, "replay", run, "run a kept search again, and say why it differs", collection=False
    )
    parser.add_argument("receipt", metavar="RECEIPT", help="id of a kept receipt")
    parser.add_argument(
        "--at", default="now", help="now (default), receipt (the data of then), or a snapshot"
    )
    parser.add_argument("--why", metavar="CHUNK", help="instead: why this chunk was not found")


def run(options: argparse.Namespace) -> int:
    """1 where the answer is another."""
    with open_or_fail(options) as db:
        if options.why is not None:
            lost = db.why(options.receipt, options.why)
            _print(lost, options.json, _print_lost)
            return 0
        replay = db.replay(options.receipt, at=options.at)
    _print(replay, options.json, _print_replay)
    return 0 if replay.equal else 1


def _print(record: Any, as_json: bool, for_people: Any) -> None:
    if as_json:
        print_json(record)
    else:
        for_people(record)


def _print_lost(lost: LostChunk) -> None:
    data = "the data of then" if lost.data_of_then else "the data of now"
    print(f"{lost.stage}: {lost.rule}: {lost.detail} (commit {lost.commit}, {data})")


def _print_replay(replay: Replay) -> None:
    print(
        f"commit {replay.commit_then} then, {replay.commit} now: {len(replay.same)} same, "
        f"{len(replay.moved)} moved, {len(replay.added)} added, {len(replay.removed)} removed"
    )
    for change in replay.settings:
        print(f"  {change.name}: {change.then or '-'} then, {change.now or '-'} now")
    for cause in replay.causes:
        print(f"  {cause.change:<8} {cause.id}  {cause.kind}: {cause.detail}")
