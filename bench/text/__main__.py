"""Search by text against tantivy, on the same chunks and queries, each called from Python.

    .venv/bin/python -m pip install tantivy
    taskset -c 0 .venv/bin/python -m bench.text DATA

DATA is the folder of the shared data that has `cppdocs`. Both sides stem English, keep stop words,
answer one query a call on one thread, and are measured in turns in one process. Prints one JSON
line a figure: queries a second (median of the rounds) and percentiles of a call.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import tracevec as tv

GOAL = 1.5  # of tantivy's queries a second, top 100


def lines(path: Path) -> list[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read(data: Path, most: int | None) -> tuple[list[str], list[str]]:
    """Texts of the chunks, and of the queries without signs that either side gives a meaning."""
    pages = {page["id"]: page["text"] for page in lines(data / "cppdocs/documents.jsonl.gz")}
    chunks = lines(data / "cppdocs/chunks.jsonl.gz")[:most]
    texts = [pages[chunk["doc"]][chunk["start"] : chunk["end"]] for chunk in chunks]
    queries = [query["text"] for query in lines(data / "cppdocs/queries.jsonl.gz")[:most]]
    return texts, [re.sub(r"[^\w ]", " ", query) for query in queries]


def ours(texts: list[str], folder: str) -> Callable[[str, int], int]:
    db = tv.open(folder)
    pages = db.create_collection("pages", text=tv.TextField("english"))
    start = time.perf_counter()
    pages.upsert([str(i) for i in range(len(texts))], texts=texts)
    written = time.perf_counter() - start
    pages.rebuild(threads=1)
    figure("tracevec", "seconds to write", written)
    figure("tracevec", "seconds to write and build", time.perf_counter() - start)
    return lambda query, k: len(pages.search_batch(texts=[query], k=k, receipt="off")[0])


def theirs(texts: list[str]) -> Callable[[str, int], int]:
    import tantivy

    schema = tantivy.SchemaBuilder().add_text_field("body", tokenizer_name="en_stem").build()
    index = tantivy.Index(schema)
    writer = index.writer(num_threads=1)
    start = time.perf_counter()
    for text in texts:
        writer.add_document(tantivy.Document(body=text))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    figure("tantivy", "seconds to write and build", time.perf_counter() - start)
    searcher = index.searcher()
    return lambda query, k: len(searcher.search(index.parse_query(query, ["body"]), k).hits)


def figure(system: str, name: str, value: float) -> None:
    print(json.dumps({"system": system, "figure": name, "value": round(value, 3)}), flush=True)


def measure(systems: dict[str, Callable], queries: list[str], k: int, rounds: int) -> None:
    rates: dict[str, list[float]] = {name: [] for name in systems}
    calls: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(rounds):
        for name, search in systems.items():
            took = []
            for query in queries:
                start = time.perf_counter()
                search(query, k)
                took.append(time.perf_counter() - start)
            rates[name].append(len(queries) / sum(took))
            calls[name] += took
    for name in systems:
        figure(name, f"top {k}, queries a second", statistics.median(rates[name]))
        for percent in (50, 99):
            micros = float(np.percentile(calls[name], percent)) * 1e6
            figure(name, f"top {k}, p{percent} us", micros)
    if "tantivy" in systems:
        ratio = statistics.median(rates["tracevec"]) / statistics.median(rates["tantivy"])
        figure("tracevec / tantivy", f"top {k}, queries a second (goal {GOAL} for 100)", ratio)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.text", description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--most", type=int, help="so many chunks and queries only")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--alone", action="store_true", help="without tantivy")
    options = parser.parse_args()
    texts, queries = read(options.data, options.most)
    with tempfile.TemporaryDirectory() as folder:
        systems = {"tracevec": ours(texts, folder + "/db")}
        if not options.alone:
            systems["tantivy"] = theirs(texts)
        for k in (10, 100):
            measure(systems, queries, k, options.rounds)


if __name__ == "__main__":
    main()
