"""Tables of a run: every system at the same recall, and as a ratio to one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import filtered
from .curves import Estimate, at_recall
from .datasets import OTHER_RECALLS, RECALLS
from .systems import DEFAULT_WIDTH

REFERENCE = "hnswlib-cpp"


def recalls_of(results: dict[str, Any]) -> Sequence[float]:
    return RECALLS.get(results["data"]["name"], OTHER_RECALLS)


def tables(results: dict[str, Any], reference: str, recalls: Sequence[float]) -> str:
    parts = [_heading(results), _systems_table(results["systems"])]
    if results.get("shares"):
        parts += [_aligned(rows) for rows in filtered.tables(results["shares"])]
    for recall in () if results.get("shares") else recalls:
        parts.append(_recall_table(results["systems"], reference, recall))
    parts += [f"left out: {name}: {why}" for name, why in results["left_out"].items()]
    return "\n\n".join(parts)


def _heading(results: dict[str, Any]) -> str:
    data, machine = results["data"], results["machine"]
    return (
        f"{data['name']} {data['rows']:,} x {data['dimension']}, {data['queries']:,} queries, "
        f"hash {data['hash'][:12]}\n"
        f"{machine['processor']}, {machine['processors']} processors, "
        f"{' '.join(machine['instruction_sets'])}; commit {results['commit']}; "
        f"rounds: {results['settings']['repeats']}; load average {machine['load_average']}"
    )


def _systems_table(systems: dict[str, Any]) -> str:
    header = ("system", "version", "kernels", "build s", "cpu s", "memory MB", "disk MB")
    rows = [(*header, "by default")]
    for name, system in systems.items():
        memory = system.get("resident_bytes_after_searches", system["resident_bytes"])
        rows.append(
            (
                name,
                system["version"],
                (system["kernels"] or "-")[:24],
                f"{system['build_seconds']:.1f}{' (saved)' if system['reused'] else ''}",
                f"{system['build_cpu_seconds']:.1f}",
                f"{memory / 1e6:.0f}",
                f"{system['disk_bytes'] / 1e6:.0f}" if system["disk_bytes"] else "-",
                _by_default(system["points"]),
            )
        )
    return _aligned(rows)


def _by_default(points: list[dict[str, Any]]) -> str:
    """Recall and speed of a batch, where the system chooses how wide to search."""
    for point in points:
        if point["width"] == DEFAULT_WIDTH:
            return f"{point['recall']:.4f}, {point['batch']['qps']:,.0f}/s"
    return "-"


def _recall_table(systems: dict[str, Any], reference: str, recall: float) -> str:
    """`by clock` and `by cpu` are ratios to the reference: where others use the machine too, the
    second is the steadier one."""
    kinds = (("batch", "qps"), ("batch", "cpu_qps"), ("singles", "qps"), ("singles", "cpu_qps"))
    base = [_estimate(systems.get(reference), *kind, recall) for kind in kinds]
    header = ["system", "batch QPS", "by clock", "by cpu", "one QPS", "by clock", "by cpu"]
    rows = [(*header, "p50 us", "p95 us", "p99 us", "idle p99")]
    for name, system in systems.items():
        found = [_estimate(system, *kind, recall) for kind in kinds]
        ratios = [_ratio(*pair) for pair in zip(found, base, strict=True)]
        rates = [str(found[0] or "-"), *ratios[:2], str(found[2] or "-"), *ratios[2:]]
        rows.append((name, *rates, *_latencies(system["points"], recall)))
    return f"recall {recall:g}, ratios to {reference}\n{_aligned(rows)}"


def _estimate(
    system: dict[str, Any] | None, kind: str, figure: str, recall: float
) -> Estimate | None:
    if system is None:
        return None
    points = system["points"]
    return at_recall(
        [point["recall"] for point in points], [point[kind][figure] for point in points], recall
    )


def _ratio(value: Estimate | None, base: Estimate | None) -> str:
    if value is None or base is None:
        return "-"
    # A bound below the line makes the ratio smaller, not larger: then nothing can be said.
    if base.is_bound:
        return "?"
    return f"{'>=' if value.is_bound else ''}{value.value / base.value:.2f}"


def _latencies(points: list[dict[str, Any]], recall: float) -> list[str]:
    """Of the narrowest search that reaches the recall; in brackets where they do not count."""
    reaching = [point["singles"] for point in points if point["recall"] >= recall]
    if not reaching:
        return ["-"] * 4
    singles = max(reaching, key=lambda figures: figures["qps"])
    texts = [f"{singles[name]:.0f}" for name in ("p50_micros", "p95_micros", "p99_micros")]
    idle = f"{singles['idle_p99_micros']:.0f}"
    return [*texts, idle] if singles["counts"] else [*(f"({text})" for text in texts), idle]


def _aligned(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]

    def line(row: tuple[str, ...]) -> str:
        first, *rest = (
            text.ljust(width) if i == 0 else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join([first, *rest]).rstrip()

    return "\n".join(line(row) for row in rows)
