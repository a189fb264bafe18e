"""``tracevec search``: the nearest chunks to a vector, a stored chunk or a text."""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np

from .._results import Hits
from ._output import print_json
from ._session import UsageError, add_command, load_embedder, open_or_fail


def add_parser(commands: Any) -> None:
    parser = add_command(commands, "search", run, "find the nearest chunks")
    add_search_arguments(parser, query_required=True)


def add_search_arguments(parser: argparse.ArgumentParser, query_required: bool) -> None:
    """What is searched for, and how; `explain` takes the same."""
    query = parser.add_mutually_exclusive_group(required=query_required)
    query.add_argument("--vector", help="JSON array, @file.json or @file.npy")
    query.add_argument("--like", metavar="ID", help="the vector of this stored chunk")
    query.add_argument("--text", help="a text, embedded with --embed")
    parser.add_argument("--embed", help="wordllama or module:callable, for --text")
    parser.add_argument("-k", type=int, default=10, help="hits wanted (10)")
    parser.add_argument("--where", metavar="FILTER", help="only chunks that match")
    parser.add_argument("--field", help="vector field, where there are several")
    parser.add_argument("--exact", action="store_true", help="no approximation")
    parser.add_argument("--ef", type=int, help="width of graph searches")
    parser.add_argument("--target-recall", type=float, help="the width that reaches this recall")
    parser.add_argument("--deadline-ms", type=float, help="the best found by then")
    parser.add_argument("--label", help="a name for the receipt")


def search_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """The same as arguments of `Collection.search`."""
    names = ("like", "k", "where", "field", "exact", "ef", "target_recall", "deadline_ms", "label")
    return {"vector": _query_vector(options), **{name: getattr(options, name) for name in names}}


def run(options: argparse.Namespace) -> int:
    arguments = search_arguments(options)
    with open_or_fail(options) as db:
        hits = db.collection(options.collection).search(**arguments)
    if options.json:
        print_json({"hits": list(hits), "receipt": hits.receipt})
    else:
        _print_hits(hits)
    return 0


def _query_vector(options: argparse.Namespace) -> Any:
    if options.text is not None:
        if options.embed is None:
            raise UsageError("--text needs --embed")
        return np.asarray(load_embedder(options.embed)([options.text]))[0]
    if options.vector is None:
        return None
    try:
        return _read_vector(options.vector)
    except (OSError, ValueError) as error:
        raise UsageError(f"--vector: {error}") from None


def _read_vector(text: str) -> Any:
    if not text.startswith("@"):
        return json.loads(text)
    if text.endswith(".npy"):
        array = np.load(text[1:], allow_pickle=False)
        return array[0] if array.ndim == 2 and len(array) == 1 else array
    with open(text[1:], encoding="utf-8") as file:
        return json.load(file)


def _print_hits(hits: Hits) -> None:
    for rank, hit in enumerate(hits, 1):
        place = "" if hit.span is None else f" [{hit.span[0]}:{hit.span[1]}]"
        print(f"{rank:>3}  {hit.score:.4f}  {hit.id}{place}")
        text = " ".join(hit.text.split())
        if text:
            print(f"     {text[:110]}{'...' if len(text) > 110 else ''}")
    if hits.receipt is not None:
        stages = ", ".join(f"{stage.name} {stage.micros:.0f} us" for stage in hits.receipt.stages)
        print(f"{len(hits)} hits in {hits.receipt.total_micros:.0f} us ({stages})")
