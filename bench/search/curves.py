"""What is read off measured points: percentiles, and figures at equal recall."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


def percentile(values: Sequence[float] | np.ndarray, share: float) -> float:
    """The smallest value that is not exceeded by this share of the values."""
    if len(values) == 0:
        raise ValueError("a percentile of no values")
    ordered = np.sort(np.asarray(values, np.float64))
    return float(ordered[max(0, math.ceil(share * len(ordered)) - 1)])


@dataclass(frozen=True)
class Estimate:
    """A figure at a recall."""

    value: float
    is_bound: bool  # the least exact point measured is more exact than asked for

    def __str__(self) -> str:
        return f"{'>=' if self.is_bound else ''}{self.value:,.0f}"


def at_recall(recalls: Sequence[float], values: Sequence[float], wanted: float) -> Estimate | None:
    """A system's speed at a recall, linear in log(value) between the two points around it.

    Points that another one beats in both are left out first. None if the system does not reach the
    recall; a bound where all its points lie above it.
    """
    curve = _best_points(recalls, values)
    if not curve or curve[-1][0] < wanted:
        return None
    if curve[0][0] >= wanted:
        return Estimate(curve[0][1], is_bound=curve[0][0] > wanted)
    for (low, slow_value), (high, high_value) in zip(curve, curve[1:], strict=False):
        if low <= wanted <= high:
            part = (wanted - low) / (high - low)
            log_value = (1 - part) * math.log(slow_value) + part * math.log(high_value)
            return Estimate(math.exp(log_value), is_bound=False)
    raise AssertionError("the recalls of a curve ascend")


def _best_points(recalls: Sequence[float], values: Sequence[float]) -> list[tuple[float, float]]:
    """In ascending order of recall, and so in descending order of value."""
    best: list[tuple[float, float]] = []
    for recall, value in sorted(zip(recalls, values, strict=True), reverse=True):
        if not best or value > best[-1][1]:
            best.append((recall, value))
    return best[::-1]
