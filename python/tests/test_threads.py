"""Threads: the GIL is released while the library works, and calls may run side by side."""

import threading
import time

import numpy as np
import pytest

import tracevec as tv


class Ticker(threading.Thread):
    """Counts how often another thread got to run Python."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ticks = 0
        self.ended = threading.Event()

    def run(self):
        while not self.ended.is_set():
            self.ticks += 1
            time.sleep(0.001)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()


@pytest.fixture
def wide(db, rng):
    collection = db.collection("wide", dim=128)
    rows = rng.standard_normal((20_000, 128)).astype(np.float32)
    with Ticker() as ticker:
        start = time.perf_counter()
        collection.upsert([str(i) for i in range(len(rows))], rows)
        seconds = time.perf_counter() - start
    assert ticker.ticks >= 20 * seconds  # of up to 1,000 a second
    return collection


def test_other_threads_run_during_a_batch(wide, rng):
    queries = rng.standard_normal((50, 128)).astype(np.float32)
    with Ticker() as ticker:
        start, ticks = time.perf_counter(), ticker.ticks
        while time.perf_counter() - start < 0.5:
            wide.search_batch(queries, k=10, exact=True)
        seconds, ticks = time.perf_counter() - start, ticker.ticks - ticks
    assert ticks >= 20 * seconds


def test_readers_and_a_writer_side_by_side(notes, rng):
    """Each commit changes all rows: no reader sees two of them mixed."""
    ids = [str(i) for i in range(50)]
    rows = rng.standard_normal((50, 8)).astype(np.float32)
    notes.upsert(ids, rows, metadata={"round": [0] * 50})
    failures = []
    ended = threading.Event()

    def read():
        try:
            while not ended.is_set():
                hits = notes.search(vector=rows[0], k=50)
                rounds = {hit.metadata["round"] for hit in hits}
                if len(hits) != 50 or len(rounds) != 1:
                    failures.append((len(hits), rounds))
        except tv.Error as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(1, 40):
        notes.upsert(ids, rows, metadata={"round": [number] * 50})
    ended.set()
    for reader in readers:
        reader.join()
    assert failures == []


def test_closing_under_readers_ends_in_closed(db, wide, rng):
    query = rng.standard_normal(128).astype(np.float32)
    outcomes = []

    def read():
        try:
            while True:
                assert len(wide.search(vector=query, k=5)) == 5
        except tv.Error as error:
            outcomes.append(error.code)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    time.sleep(0.1)
    db.close()
    for reader in readers:
        reader.join(timeout=30)
    assert outcomes == ["Closed"] * 3
