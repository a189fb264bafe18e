"""Searches under a filter: the field that every system is given beside the vectors, the exact
answers among the rows that a filter leaves, and how the systems compare.

The field's values are spread evenly and have nothing to do with the vectors. A share of the rows is
asked for as `part < share * 10,000`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .datasets import TRUTH_DEPTH, Dataset
from .sources import SEED
from .truth import K, exact_answers

FIELD = "part"
PARTS = 10_000
SHARES = (0.5, 0.2, 0.1, 0.05, 0.01, 0.001)
# Systems are compared where they find as much as filtered searches are to find here.
LEAST_RECALL = 0.95
OURS = "tracevec"


def parts_of(rows: int) -> np.ndarray:
    """The value of each row's field."""
    return np.random.default_rng(SEED).integers(0, PARTS, rows)


def limit_of(share: float) -> int:
    """Rows whose value is below it are that share of all."""
    return round(share * PARTS)


def restricted(data: Dataset, share: float) -> Dataset:
    """The data with the exact answers of the filter."""
    rows = np.flatnonzero(parts_of(len(data.base)) < limit_of(share))
    if len(rows) < K:
        raise ValueError(f"share {share:g} leaves {len(rows)} rows of {len(data.base)}, under {K}")
    depth = min(TRUTH_DEPTH, len(rows))
    ids, scores = exact_answers(data.base[rows], data.queries, depth)
    return replace(data, truth_ids=rows[ids].astype(np.int32), truth_scores=scores)


def without_strangers(ids: np.ndarray, rows: int, share: float) -> np.ndarray:
    """Ids that the filter does not leave count as missing."""
    matching = parts_of(rows) < limit_of(share)
    return np.where((ids >= 0) & matching[np.maximum(ids, 0)], ids, -1)


def chosen_point(points: Sequence[dict[str, Any]], least: float) -> dict[str, Any] | None:
    """The fastest that finds at least so much, if there is one, else the one that finds most."""
    if not points:
        return None
    reaching = [point for point in points if point["recall"] >= least]
    if not reaching:
        return max(points, key=lambda point: point["recall"])
    return max(reaching, key=lambda point: point["singles"]["cpu_qps"])


def tables(shares: dict[str, dict[str, list[dict[str, Any]]]]) -> list[list[tuple[str, ...]]]:
    """One table a share, and one of geometric means. A ratio sets the fastest search of OURS that
    finds no less beside the other's; "-": none does."""
    header = ("recall", "one QPS", "by cpu", "p99 us", "ours", "ratio")
    ratios: dict[str, list[float | None]] = {}
    result = []
    for share, systems in shares.items():
        rows: list[tuple[str, ...]] = [(f"filter {float(share):.4g}", *header)]
        for name, points in systems.items():
            point = chosen_point(points, LEAST_RECALL)
            if point is None:
                continue
            singles = point["singles"]
            row = (f"{point['recall']:.4f}", f"{singles['qps']:,.0f}", f"{singles['cpu_qps']:,.0f}")
            ours = _no_worse(systems.get(OURS, []), point["recall"])
            ratio = ours["singles"]["cpu_qps"] / singles["cpu_qps"] if ours else None
            ratios.setdefault(name, []).append(ratio)
            rows.append(
                (
                    name,
                    *row,
                    f"{singles['p99_micros']:.0f}",
                    f"{ours['recall']:.4f}" if ours else "-",
                    f"{ratio:.2f}" if ratio else "-",
                )
            )
        result.append(rows)
    means = [("geometric mean", "ratio")]
    means += [(name, _geometric_mean(each)) for name, each in ratios.items()]
    return [*result, means]


def _no_worse(points: Sequence[dict[str, Any]], recall: float) -> dict[str, Any] | None:
    """The fastest that finds as much."""
    reaching = [point for point in points if point["recall"] >= recall]
    return max(reaching, key=lambda point: point["singles"]["cpu_qps"], default=None)


def _geometric_mean(ratios: Sequence[float | None]) -> str:
    known = [ratio for ratio in ratios if ratio is not None]
    if not known:
        return "-"
    mean = math.exp(sum(map(math.log, known)) / len(known))
    unknown = len(ratios) - len(known)
    return f"{mean:.2f}" + (f" (without {unknown})" if unknown else "")
