"""``tracevec search``: the best chunks for a vector, a stored chunk or a text."""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np

from .._collection import Collection
from .._results import Hits
from ._output import print_json
from ._session import UsageError, add_command, load_embedder, open_or_fail


def add_parser(commands: Any) -> None:
    parser = add_command(commands, "search", run, "find the nearest chunks")
    add_search_arguments(parser)
    parser.add_argument(
        "--keep", action="store_true", help="keep the receipt with query and hits (opens to write)"
    )


def add_search_arguments(parser: argparse.ArgumentParser) -> None:
    """What is searched for, and how; `explain` takes the same."""
    query = parser.add_mutually_exclusive_group()
    query.add_argument("--vector", help="JSON array, @file.json or @file.npy")
    query.add_argument("--like", metavar="ID", help="the vector of this stored chunk")
    parser.add_argument(
        "--text",
        help="words to search the texts for (a collection with a text field); beside a vector "
        "the search is hybrid",
    )
    parser.add_argument(
        "--embed",
        help="wordllama or module:callable: makes the vector of --text; hybrid where the "
        "collection has a text field",
    )
    parser.add_argument("--fusion", help="of a hybrid search: rrf (default), weighted or dbsf")
    parser.add_argument("-k", type=int, default=10, help="hits wanted (10)")
    parser.add_argument("--where", metavar="FILTER", help="only chunks that match")
    parser.add_argument("--field", help="vector field, where there are several")
    parser.add_argument("--exact", action="store_true", help="no approximation")
    parser.add_argument("--ef", type=int, help="width of graph searches")
    parser.add_argument("--target-recall", type=float, help="the width that reaches this recall")
    parser.add_argument("--deadline-ms", type=float, help="the best found by then")
    parser.add_argument("--label", help="a name for the receipt")


def search_arguments(options: argparse.Namespace, collection: Collection) -> dict[str, Any]:
    """The same as arguments of `Collection.search`."""
    if options.embed is not None and options.text is None:
        raise UsageError("--embed needs --text")
    # Without a text field the text is there for its vector alone.
    by_text = options.embed is None or collection.schema.text is not None
    names = ("like", "k", "where", "field", "exact", "ef", "target_recall", "deadline_ms", "label")
    return {
        "vector": _query_vector(options),
        "text": options.text if by_text else None,
        "fusion": options.fusion,
        **{name: getattr(options, name) for name in names},
    }


def run(options: argparse.Namespace) -> int:
    if options.text is None and options.vector is None and options.like is None:
        raise UsageError("one of --vector, --like and --text is needed")
    with open_or_fail(options, mode="w" if options.keep else "r") as db:
        collection = db.collection(options.collection)
        level = "keep" if options.keep else "summary"
        hits = collection.search(**search_arguments(options, collection), receipt=level)
    if options.json:
        print_json({"hits": list(hits), "receipt": hits.receipt})
    else:
        _print_hits(hits)
    return 0


def _query_vector(options: argparse.Namespace) -> Any:
    if options.embed is not None:
        if options.vector is not None or options.like is not None:
            raise UsageError("--embed makes a vector; leave --vector and --like out")
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
        if hits.receipt.kept:
            print(f"receipt {hits.receipt.id}")
