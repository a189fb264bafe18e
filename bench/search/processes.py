"""A system in a process of its own, seen from the program that measures.

The process is given a folder of data and an empty folder, and may be given a saved index. It builds
or loads, prints one line of JSON, and then answers lines:

    batch WIDTH QUERIES FILE     the first QUERIES in one call, for at least a quarter of a second;
                                 ids of the last call go to FILE (int32)
    singles WIDTH QUERIES FILE   the same one by one; microseconds of each go to FILE (float64)
    limit VALUE                  from here on queries ask for the rows whose field is below it, of a
                                 system that was given one (filtered.py)
    memory                       resident bytes of the index
    save FILE                    writes the index, of a system that can be saved

with {"queries", "wall_seconds", "cpu_seconds"}, for singles also "idle_p99_micros", or
{"resident_bytes"}. It ends with its standard input.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from .sources import ROOT
from .truth import K


class SystemFailed(Exception):
    """The process of a system ended; the message has what it said last."""


class SystemProcess:
    def __init__(
        self, command: Sequence[str], data: Path, folder: Path, saved: Path | None = None
    ) -> None:
        """Starts to build, or to load what was saved; `wait_until_built` waits for it."""
        self._folder = folder
        (folder / "index").mkdir(parents=True)
        self._numbers = folder / "numbers"
        with (folder / "log").open("w") as log:
            self._process = subprocess.Popen(
                [*command, str(data), str(folder / "index"), *([str(saved)] if saved else [])],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def wait_until_built(self, processor: int) -> dict[str, Any]:
        """What describes the system. From here on all its threads share one processor, and threads
        that it starts later with them."""
        description = self._read()
        description["disk_bytes"] = _disk_bytes(self._folder / "index")
        for thread in os.listdir(f"/proc/{self._process.pid}/task"):
            with suppress(ProcessLookupError):  # it has ended meanwhile
                os.sched_setaffinity(int(thread), {processor})
        return description

    def batch(self, width: int, queries: int) -> tuple[dict[str, Any], np.ndarray]:
        """Times, and the ids found."""
        answer = self._ask(f"batch {width} {queries} {self._numbers}")
        return answer, np.fromfile(self._numbers, np.int32).reshape(queries, K)

    def singles(self, width: int, queries: int) -> tuple[dict[str, Any], np.ndarray]:
        """Times, and the microseconds of each query."""
        answer = self._ask(f"singles {width} {queries} {self._numbers}")
        return answer, np.fromfile(self._numbers, np.float64)

    def limit(self, value: int) -> None:
        self._ask(f"limit {value}")

    def memory(self) -> int:
        return self._ask("memory")["resident_bytes"]

    def save(self, path: Path) -> None:
        self._ask(f"save {path}")

    def close(self) -> None:
        try:
            self._process.communicate(timeout=30)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self._process.kill()
            self._process.wait()

    def _ask(self, line: str) -> dict[str, Any]:
        assert self._process.stdin is not None  # it is a pipe
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # the read below says why
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # it is a pipe
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        code = self._process.wait()
        said = (self._folder / "log").read_text(errors="replace").strip().splitlines()
        raise SystemFailed(f"exit code {code}: {' | '.join(said[-3:])}")


def _disk_bytes(folder: Path) -> int:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sum(path.stat().st_blocks * 512 for path in files)
