"""How fast a stored page of 40 chunks is brought to a new state from Python, beside others.

    .venv/bin/python bench/update_pages.py [--systems tracevec,lancedb,chromadb] [--quick]

Each system holds pages of 40 chunks of 384 dimensions; each call changes two chunks of one page.
The vectors are made beforehand. TraceVec is given the page and finds what changed; the others,
which know nothing of pages, are told which two rows to write. Prints one JSON line a figure.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

DIMENSION = 384
CHUNKS = 40
SIZE = 480


def make_vectors(rows: int) -> np.ndarray:
    vectors = np.random.default_rng(7).standard_normal((rows, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def chunk_text(page: int, chunk: int, revision: int) -> str:
    head = f"page {page} chunk {chunk} revision {revision} "
    return (head + "words of a page of documentation " * 20)[:SIZE]


class Pages:
    """The texts of all pages, and a change of two chunks of one of them."""

    def __init__(self, pages: int) -> None:
        self.texts = [[chunk_text(p, c, 0) for c in range(CHUNKS)] for p in range(pages)]
        self.random = np.random.default_rng(11)

    def edit(self, call: int) -> tuple[int, list[int]]:
        page = call % len(self.texts)
        half = CHUNKS // 2
        changed = [int(self.random.integers(half)), half + int(self.random.integers(half))]
        for chunk in changed:
            self.texts[page][chunk] = chunk_text(page, chunk, call + 1)
        return page, changed


def time_calls(calls: int, pages: Pages, prepare: Callable, run: Callable) -> list[float]:
    micros = []
    for call in range(calls):
        page, changed = pages.edit(call)
        prepared = prepare(page, changed)
        start = time.perf_counter()
        run(prepared)
        micros.append((time.perf_counter() - start) * 1e6)
    return micros


def report(name: str, micros: list[float], **setup: object) -> None:
    p50, p99 = np.percentile(micros, [50, 99])
    print(
        json.dumps(
            {
                "name": name,
                "value": round(len(micros) / sum(micros) * 1e6, 1),
                "unit": "pages/s",
                "p50_us": round(float(p50), 1),
                "p99_us": round(float(p99), 1),
                **setup,
            }
        ),
        flush=True,
    )


def tracevec(folder: Path, pages: Pages, calls: int) -> None:
    import tracevec as tv

    vectors = make_vectors(4096)
    taken = 0

    def embed(texts: list[str]) -> np.ndarray:
        nonlocal taken
        first = taken % (len(vectors) - len(texts) + 1)
        taken += len(texts)
        return vectors[first : first + len(texts)]

    spans = [tv.Chunk(span=(i * SIZE, (i + 1) * SIZE)) for i in range(CHUNKS)]

    def document(page: int, _changed: object = None) -> tv.Document:
        return tv.Document(f"page {page}", "".join(pages.texts[page]), chunks=spans)

    with tv.open(folder / "tracevec") as db:
        collection = db.create_collection("pages", dim=DIMENSION)
        collection.put_documents([document(i) for i in range(len(pages.texts))], embed=embed)

        def put(page: tv.Document) -> None:
            result = collection.put_document(page, embed=embed)
            assert result.added == 2 and result.kept == CHUNKS - 2

        micros = time_calls(calls, pages, document, put)
        report("tracevec_2_of_40_changed", micros, durability="async")
        micros = []
        for call in range(3 * calls):
            page = document(call % len(pages.texts))
            start = time.perf_counter()
            result = collection.put_document(page, embed=embed)
            micros.append((time.perf_counter() - start) * 1e6)
            assert result.unchanged
        report("tracevec_unchanged", micros, durability="async")


def rows_of(pages: Pages, page: int, chunks: list[int], vectors: np.ndarray) -> list[dict]:
    return [
        {"id": f"{page}/{chunk}", "text": pages.texts[page][chunk], "vector": vectors[i]}
        for i, chunk in enumerate(chunks)
    ]


def lancedb(folder: Path, pages: Pages, calls: int) -> None:
    import lancedb as package

    vectors = make_vectors(CHUNKS)
    database = package.connect(str(folder / "lancedb"))
    all_rows = [
        row
        for page in range(len(pages.texts))
        for row in rows_of(pages, page, list(range(CHUNKS)), vectors)
    ]
    table = database.create_table("chunks", all_rows)

    def put(rows: list[dict]) -> None:
        merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        merge.execute(rows)

    prepare = lambda page, changed: rows_of(pages, page, changed, vectors)  # noqa: E731
    report("lancedb_2_of_40_changed", time_calls(calls, pages, prepare, put), call="merge_insert")


def chromadb(folder: Path, pages: Pages, calls: int) -> None:
    import chromadb as package

    vectors = make_vectors(CHUNKS)
    collection = package.PersistentClient(str(folder / "chromadb")).create_collection("chunks")

    def columns(page: int, changed: list[int]) -> dict:
        rows = rows_of(pages, page, changed, vectors)
        return {
            "ids": [row["id"] for row in rows],
            "documents": [row["text"] for row in rows],
            "embeddings": [row["vector"] for row in rows],
        }

    for page in range(len(pages.texts)):
        collection.upsert(**columns(page, list(range(CHUNKS))))
    put = lambda rows: collection.upsert(**rows)  # noqa: E731
    report("chromadb_2_of_40_changed", time_calls(calls, pages, columns, put), call="upsert")


SYSTEMS = {"tracevec": tracevec, "lancedb": lancedb, "chromadb": chromadb}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--systems", default="tracevec")
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--quick", action="store_true", help="a test that it runs")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.pages, arguments.calls = 10, 20
    for name in arguments.systems.split(","):
        with tempfile.TemporaryDirectory() as folder:
            SYSTEMS[name](Path(folder), Pages(arguments.pages), arguments.calls)


if __name__ == "__main__":
    main()
