"""Builds all systems, then visits every system and width once a round, in turn, so that whatever
else the machine does falls on all of them alike."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import builds, filtered, machine, systems
from .datasets import DATA_FOLDER, Dataset
from .points import Point, Visit, queries_within
from .processes import SystemFailed, SystemProcess
from .truth import K, recall

# Past this recall a system is not searched wider.
_ENOUGH_RECALL = 0.9995
# Slow systems get fewer queries after the first round: a visit is to last no longer.
_VISIT_SECONDS = 2.0


@dataclass(frozen=True)
class Settings:
    systems: Sequence[str]
    widths: Sequence[int] = systems.WIDTHS
    repeats: int = 3
    processor: int = 0
    reuse: bool = False  # indexes that an earlier run saved, see systems.SAVED
    shares: Sequence[float] = ()  # of the rows, which filters leave; none: without a filter


@dataclass
class Measured:
    """A system that was built, and its points by width."""

    process: SystemProcess
    description: dict[str, Any]
    points: dict[int, Point] = field(default_factory=dict)

    @property
    def is_exact_enough(self) -> bool:
        return any(
            point.recall >= _ENOUGH_RECALL
            for width, point in self.points.items()
            if width != systems.DEFAULT_WIDTH
        )


def run(data: Dataset, settings: Settings, programs: systems.Programs) -> dict[str, Any]:
    """The results, as they are written to a file."""
    left_out: dict[str, str] = {}
    # Beside the data, on a real disk: what databases write there is measured.
    with tempfile.TemporaryDirectory(
        prefix="run-", dir=DATA_FOLDER, ignore_cleanup_errors=True
    ) as folder:
        measured = _build_all(data, settings, programs, Path(folder), left_out)
        try:
            shares = {
                f"{share:g}": _measure_filtered(share, data, settings, measured, left_out)
                for share in settings.shares
            }
            if not shares:
                for number in range(settings.repeats):
                    _round(number, data, settings, measured, left_out)
            _read_memory(measured, left_out)
        finally:
            for system in measured.values():
                system.process.close()
    return {
        "format": 1,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": machine.commit(),
        "machine": machine.describe(),
        "data": asdict(data.description),
        "k": K,
        "settings": asdict(settings),
        "systems": {
            name: {
                **system.description,
                "points": [point.to_dict() for point in system.points.values()],
            }
            for name, system in measured.items()
            if system.points
        },
        "shares": shares,
        "left_out": left_out,
    }


def _measure_filtered(
    share: float,
    data: Dataset,
    settings: Settings,
    measured: dict[str, Measured],
    left_out: dict[str, str],
) -> dict[str, list[dict[str, Any]]]:
    """The points of each system under the filter, which are its latest ones too."""
    _say(f"filter that leaves {share:g} of the rows")
    restricted = filtered.restricted(data, share)
    for name, system in measured.items():
        system.points.clear()
        if name not in left_out:
            system.process.limit(filtered.limit_of(share))
    for number in range(settings.repeats):
        _round(number, restricted, settings, measured, left_out, share)
    return {
        name: [point.to_dict() for point in system.points.values()]
        for name, system in measured.items()
    }


def _build_all(
    data: Dataset,
    settings: Settings,
    programs: systems.Programs,
    folder: Path,
    left_out: dict[str, str],
) -> dict[str, Measured]:
    """One after the other, each alone on the processors."""
    measured = {}
    for name in settings.systems:
        _say(f"building {name}")
        try:
            process, description = builds.start(
                name, data, folder / name, programs, settings.processor, settings.reuse,
                bool(settings.shares),
            )
        except (systems.Unavailable, SystemFailed) as error:
            left_out[name] = str(error)
            _say(f"left out: {name}: {error}")
            continue
        _say(f"built {name} in {description['build_seconds']:.1f} s")
        measured[name] = Measured(process, description)
    return measured


def _round(
    number: int,
    data: Dataset,
    settings: Settings,
    measured: dict[str, Measured],
    left_out: dict[str, str],
    share: float | None = None,
) -> None:
    load = machine.describe()["load_average"]
    _say(f"round {number + 1} of {settings.repeats}, load average {load}")
    for width in settings.widths:
        for name, system in measured.items():
            if width == systems.DEFAULT_WIDTH and name not in systems.CHOOSES_WIDTH:
                continue
            known = width in system.points
            if name in left_out or (not known and (number > 0 or system.is_exact_enough)):
                continue
            try:
                _visit(data, system, width, share)
            except SystemFailed as error:
                left_out[name] = f"width {width}, round {number + 1}: {error}"
                _say(f"stopped: {name}: {left_out[name]}")


def _visit(data: Dataset, system: Measured, width: int, share: float | None) -> None:
    """The first one answers all queries, for the recall."""
    point = system.points.get(width)
    queries = len(data.queries)
    if point is not None:
        queries = min(queries, queries_within(_VISIT_SECONDS, point.visits[0].times))
    times, ids = system.process.batch(width, queries)
    if share is not None:
        ids = filtered.without_strangers(ids, len(data.base), share)
    if point is None:
        point = Point(width, recall(data.base, data.queries, ids, data.truth_scores))
    singles = min(len(data.queries), queries_within(_VISIT_SECONDS, times))
    single_times, micros = system.process.singles(width, singles)
    point.visits.append(Visit(times, single_times, micros))
    system.points[width] = point


def _read_memory(measured: dict[str, Measured], left_out: dict[str, str]) -> None:
    """Again, since what is mapped from files is resident once it has been used."""
    for name, system in measured.items():
        if name not in left_out:
            system.description["resident_bytes_after_searches"] = system.process.memory()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
