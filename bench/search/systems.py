"""Which systems there are, how their processes are started, and how widely they are searched."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import adapters
from .sources import ROOT

BUILD_FOLDER = ROOT / "build" / "release"
PEERS_PYTHON = ROOT / "build" / "peers" / "venv" / "bin" / "python"
_PEERS_SCRIPT = "bench/search/peers.sh"
_PACKAGE_SCRIPT = "scripts/build-python.sh"

# System -> program, of those in C++.
_PROGRAMS = {"tracevec-cpp": "tracevec_search", "hnswlib-cpp": "hnswlib_search"}

# Those whose index can be saved and loaded: what others are compared with, and what changes never.
SAVED = ("hnswlib-cpp",)

NAMES = (*_PROGRAMS, *adapters.NAMES)
DEFAULT_NAMES = ("tracevec-cpp", "hnswlib-cpp", "tracevec", "scalable-vs", "faiss")

# Steps of about a quarter: between two of them log(QPS) is as good as straight. ef below k is k in
# all systems, so that 10 is the least.
# DEFAULT_WIDTH stands for what a system chooses itself: of those in CHOOSES_WIDTH only.
DEFAULT_WIDTH = 0
CHOOSES_WIDTH = ("tracevec-cpp", "tracevec")
WIDTHS = (DEFAULT_WIDTH, 10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 896)


class Unavailable(Exception):
    """A system cannot be started here; the message says what is missing."""


@dataclass(frozen=True)
class Programs:
    """Where the C++ programs are, and whether they are built first."""

    build_folder: Path = BUILD_FOLDER
    build: bool = True

    def path(self, program: str) -> Path:
        return self.build_folder / "bench" / "search" / program


def command(name: str, programs: Programs, is_filtered: bool = False) -> list[str]:
    """How the process of a system is started; data and folder are yet to be added."""
    if name in _PROGRAMS:
        if is_filtered:
            raise Unavailable("not measured with filters")
        return [str(_built(_PROGRAMS[name], programs))]
    python = Path(sys.executable) if name == "tracevec" else PEERS_PYTHON
    if not python.exists():
        raise Unavailable(f"no {python}: run {_PEERS_SCRIPT}")
    options = ["--filtered"] if is_filtered else []
    return [str(python), "-m", "bench.search.worker", name, *options]


def install(names: list[str]) -> None:
    """Brings the package of this checkout up to date in .venv, and the others into theirs."""
    if "tracevec" in names:
        _run([str(ROOT / _PACKAGE_SCRIPT)])
    if any(not name.startswith("tracevec") for name in names):
        _run([str(ROOT / _PEERS_SCRIPT)])


def _built(program: str, programs: Programs) -> Path:
    if programs.build:
        if not (programs.build_folder / "CMakeCache.txt").exists():
            _run(["cmake", "--preset", "release", "-B", str(programs.build_folder)])
        _run(["cmake", "--build", str(programs.build_folder), "--target", program])
    path = programs.path(program)
    if not path.exists():
        raise Unavailable(f"no {path}: build target {program}")
    return path


def _run(arguments: list[str]) -> None:
    """Its output goes to standard error: standard output is for figures."""
    done = subprocess.run(
        arguments, cwd=ROOT, stdout=sys.stderr, check=False, env=dict(os.environ)
    )
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(arguments)}: exit code {done.returncode}")
