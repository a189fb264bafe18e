"""The process of one system: `python -m bench.search.worker SYSTEM [--filtered] DATA_FOLDER
WORK_FOLDER`. With --filtered each row has a field besides its vector, see filtered.py.

Builds, says so in a line of JSON on standard output, then answers each line of standard input with
one. processes.py has the lines; search_worker.cc is the same for systems written in C++.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from . import adapters, filtered
from .curves import percentile

# A batch of a thousand fast queries lasts some 30 ms, in which one interruption shows: it is
# repeated until this much time has passed.
_LEAST_SECONDS = 0.25
_IDLE_ROUNDS = 2000
_IDLE_SECONDS = 50e-6


class Timer:
    """Time since it was made: by the clock, and as spent on a processor by this process. Of the
    whole process, since some systems answer on threads of their own."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = time.process_time()

    def wall(self) -> float:
        return time.perf_counter() - self._wall

    def cpu(self) -> float:
        return time.process_time() - self._cpu


class Worker:
    def __init__(self, system: adapters.System, data: Path, is_filtered: bool) -> None:
        self._system = system
        self._data = data
        self._is_filtered = is_filtered
        self._resident_before = _resident_bytes()
        self._queries = np.load(data / "queries.npy")

    def build(self, folder: Path) -> dict[str, Any]:
        base = np.load(self._data / "base.npy")
        if self._is_filtered:
            self._system.give_parts(filtered.parts_of(len(base)))
        timer = Timer()
        self._system.build(base, folder)
        wall, cpu = timer.wall(), timer.cpu()
        del base
        return {
            "version": version(self._system.package),
            "kernels": self._system.kernels(),
            "settings": self._system.settings,
            "has_batch": self._system.has_batch,
            "build_seconds": wall,
            "build_cpu_seconds": cpu,
            **self.memory(),
        }

    def memory(self) -> dict[str, Any]:
        """Of the index: without the vectors it was built from."""
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        return {"resident_bytes": _resident_bytes() - self._resident_before - self._queries.nbytes}

    def batch(self, width: int, count: int, path: str) -> dict[str, Any]:
        self._system.set_width(width)
        queries = self._queries[:count]
        answered = 0
        timer = Timer()
        while answered == 0 or timer.wall() < _LEAST_SECONDS:
            answer = self._system.search_batch(queries)
            answered += count
        wall, cpu = timer.wall(), timer.cpu()
        self._system.ids(answer).astype(np.int32).tofile(path)
        return {"queries": answered, "wall_seconds": wall, "cpu_seconds": cpu}

    def singles(self, width: int, count: int, path: str) -> dict[str, Any]:
        self._system.set_width(width)
        idle = _idle_p99_micros()
        search = self._system.search_one
        seconds = np.empty(count)
        gc.collect()
        timer = Timer()
        for number, query in enumerate(self._queries[:count]):
            start = time.perf_counter()
            search(query)
            seconds[number] = time.perf_counter() - start
        wall, cpu = timer.wall(), timer.cpu()
        (seconds * 1e6).tofile(path)
        return {
            "queries": count,
            "wall_seconds": wall,
            "cpu_seconds": cpu,
            "idle_p99_micros": idle,
        }

    def answer(self, line: str) -> dict[str, Any]:
        command, *rest = line.rstrip("\n").split(" ", maxsplit=3)
        if command == "memory":
            return self.memory()
        if command == "limit":
            self._system.set_limit(int(rest[0]))
            return {}
        width, count, path = rest
        measure = {"batch": self.batch, "singles": self.singles}[command]
        return measure(int(width), int(count), path)


def _resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")


def _idle_p99_micros() -> float:
    """The 99th percentile of a loop that does nothing."""
    micros = []
    for _ in range(_IDLE_ROUNDS):
        start = time.perf_counter()
        while time.perf_counter() - start < _IDLE_SECONDS:
            pass
        micros.append(1e6 * (time.perf_counter() - start))
    return percentile(micros, 0.99)


def main() -> None:
    name, *options, data, folder = sys.argv[1:]
    # What a library prints must not come between the lines of the protocol.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Worker(adapters.make(name), Path(data), options == ["--filtered"])

    def say(answer: dict[str, Any]) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    say(worker.build(Path(folder)))
    for line in sys.stdin:
        say(worker.answer(line))
    answers.flush()
    # Some libraries crash or hang when the interpreter takes them down; the work is done.
    os._exit(0)


if __name__ == "__main__":
    main()
