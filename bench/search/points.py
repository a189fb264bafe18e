"""One system at one width: what the rounds gave, and what is reported of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from .curves import percentile

# Above this a loop that does nothing is interrupted too often for a percentile to say anything.
QUIET_MICROS = 100.0
_SHARES = {"p50_micros": 0.5, "p95_micros": 0.95, "p99_micros": 0.99}


class Visit:
    """One round's figures: of many queries in a call, and of one query a call."""

    def __init__(self, batch: dict[str, Any], singles: dict[str, Any], micros: np.ndarray) -> None:
        self.times = batch
        self.batch = _rates(batch)
        self.singles = _rates(singles)
        for name, share in _SHARES.items():
            self.singles[name] = percentile(micros, share)
        self.singles["idle_p99_micros"] = singles["idle_p99_micros"]


@dataclass
class Point:
    width: int
    recall: float
    visits: list[Visit] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        singles = _medians([visit.singles for visit in self.visits])
        # The quietest round: a percentile counts if there was one in which it could.
        quietest = min(self.visits, key=lambda visit: visit.singles["idle_p99_micros"]).singles
        singles["quietest"] = {
            "p50_micros": round(quietest["p50_micros"], 1),
            "p99_micros": round(quietest["p99_micros"], 1),
            "idle_p99_micros": round(quietest["idle_p99_micros"], 1),
            "counts": quietest["idle_p99_micros"] < QUIET_MICROS,
        }
        return {
            "width": self.width,
            "recall": round(self.recall, 6),
            "batch": _medians([visit.batch for visit in self.visits]),
            "singles": singles,
        }


def queries_within(seconds: float, times: dict[str, Any]) -> int:
    """How many queries take that long, if they go on as they went."""
    return max(1, int(seconds * times["queries"] / max(times["wall_seconds"], 1e-9)))


def _rates(times: dict[str, Any]) -> dict[str, float]:
    """Queries a second by the clock, and by time spent on the processor."""
    return {
        "qps": times["queries"] / max(times["wall_seconds"], 1e-9),
        "cpu_qps": times["queries"] / max(times["cpu_seconds"], 1e-9),
    }


def _medians(rounds: list[dict[str, float]]) -> dict[str, Any]:
    """Of each figure, and least and most of the rates."""
    result: dict[str, Any] = {}
    for name in rounds[0]:
        values = [figures[name] for figures in rounds]
        result[name] = round(median(values), 1)
        if name.endswith("qps"):
            result[f"{name}_min"] = round(min(values), 1)
            result[f"{name}_max"] = round(max(values), 1)
    if "idle_p99_micros" in result:
        result["counts"] = result["idle_p99_micros"] < QUIET_MICROS
    return result
