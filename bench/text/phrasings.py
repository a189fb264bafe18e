"""What several phrasings of a question cost beside one, through Python.

    taskset -c 0 .venv/bin/python -m bench.text.phrasings DATA

DATA is the folder of the shared data that has `cppdocs`. A question's phrasings are itself and the
seven queries nearest to it, as a rewriter would give. Searched for by vector, by text and by both,
with 100 candidates a source, in turns with the question alone. Prints one JSON line a figure.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import tracevec as tv

from .__main__ import figure, read

GOAL = 6.0  # times one, for eight phrasings
PHRASINGS = 8


def collection(texts: list[str], vectors: Any, folder: str) -> tv.Collection:
    fields = {"body": tv.VectorField(vectors.shape[1])}
    pages = tv.open(folder).create_collection("pages", vectors=fields, text=tv.TextField("english"))
    pages.upsert([str(i) for i in range(len(texts))], vectors, texts=texts)
    pages.rebuild()
    return pages


def millis(search: Any, queries: int, rounds: int) -> float:
    """The median over all queries."""
    took = []
    for _ in range(rounds):
        for query in range(queries):
            start = time.perf_counter()
            search(query)
            took.append((time.perf_counter() - start) * 1e3)
    return float(np.median(took))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--most", type=int, help="so many chunks only")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    texts, queries = read(options.data, options.most)
    vectors = np.load(options.data / "cppdocs/chunks.f16.npy")[: len(texts)].astype(np.float32)
    asked = np.load(options.data / "cppdocs/queries.f16.npy")[: len(queries)].astype(np.float32)
    count = min(options.queries, len(queries))
    near = np.argsort(-(asked[:count] @ asked.T), axis=1)[:, :PHRASINGS]
    rows = [np.ascontiguousarray(asked[places]) for places in near]
    words = [[queries[place] or "vector" for place in places] for places in near]
    with tempfile.TemporaryDirectory() as folder:
        pages = collection(texts, vectors, folder + "/db")
        ways: dict[str, Any] = {
            # One alone is not fused, and finds 100 as a source of several does.
            "vectors": lambda q, n: pages.search(rows[q][:n], k=100 if n == 1 else 10),
            "texts": lambda q, n: pages.search(text=words[q][:n], k=100 if n == 1 else 10),
            "both": lambda q, n: pages.search(rows[q][:n], text=words[q][:n], k=10),
        }
        for name, search in ways.items():
            one = millis(lambda q, search=search: search(q, 1), count, options.rounds)
            eight = millis(lambda q, search=search: search(q, PHRASINGS), count, options.rounds)
            figure(name, "one phrasing, p50 ms", one)
            figure(name, f"{PHRASINGS} phrasings, p50 ms", eight)
            figure(name, f"{PHRASINGS} phrasings / one (goal {GOAL:g})", eight / one)


if __name__ == "__main__":
    main()
