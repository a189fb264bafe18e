"""One page about a database: its collections, how fast searches were, which were slow, and why."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from html import escape
from typing import Any

from ._core import CollectionDescription, KeptReceipt
from ._database import Database

# Okabe and Ito's colours, which people with impaired colour vision tell apart, in their order.
_COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442"]
_WATERFALLS = 20

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 0 auto; padding: 1rem; }
a.skip { position: absolute; left: -99rem; } a.skip:focus { position: static; }
table { border-collapse: collapse; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; }
th, td { padding: .25rem .75rem; border-bottom: 1px solid #8888; text-align: left; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
div.wide { overflow-x: auto; }
span.bar { display: flex; height: 1.25rem; background: #8883; }
span.bar span { display: block; min-width: 1px; }
span.key { display: inline-block; width: .9rem; height: .9rem; margin-right: .3rem; }
details { margin: .5rem 0; } summary { cursor: pointer; }
summary:focus-visible, a:focus-visible { outline: 3px solid #0072B2; }
code { overflow-wrap: anywhere; }
"""


def report_html(db: Database, limit: int = 1000) -> str:
    """The page, as one document that refers to nothing outside it and runs no script.

    Args:
        db: Open, for reading too.
        limit: Of kept receipts, the newest so many.
    """
    receipts = db.receipts(limit=limit)
    title = f"TraceVec: {db.path}"
    sections = [
        ("database", "Database", _database(db)),
        ("collections", "Collections", "".join(_collection(db, n) for n in db.collections())),
        ("latency", "Latency", _latency(receipts)),
        ("slowest", "Slowest searches", _slowest(receipts)),
        ("receipts", "Receipts", _receipts(receipts)),
    ]
    links = " · ".join(f'<a href="#{id}">{name}</a>' for id, name, _ in sections)
    body = "".join(
        f'<section id="{id}"><h2>{name}</h2>{text}</section>' for id, name, text in sections
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f'<body><a class="skip" href="#main">To the figures</a><h1>{escape(title)}</h1>'
        f'<nav aria-label="Sections">{links}</nav><main id="main">{body}</main></body></html>\n'
    )


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Numbers are set to the right; texts are escaped here."""

    def cell(value: Any, tag: str = "td") -> str:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            shown = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
            return f'<{tag} class="n">{shown}</{tag}>'
        return f"<{tag}>{escape(str(value))}</{tag}>"

    header = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(f"<tr>{''.join(cell(value) for value in row)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{header}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _database(db: Database) -> str:
    figures = db.stats().to_dict()
    figures["receipts"] = "kept under " + ", ".join(
        f"{name} {value}" for name, value in db.receipt_policy().to_dict().items()
    )
    figures["snapshots"] = ", ".join(snapshot.name for snapshot in db.snapshots()) or "none"
    figures["page made"] = f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
    return _table("Figures", ("what", "value"), figures.items())


def _collection(db: Database, name: str) -> str:
    told: CollectionDescription = db.collection(name).describe()
    lengths = told.chunk_code_points
    facts: list[tuple[str, Any]] = [
        ("documents", told.documents),
        ("loose vectors", told.loose),
        ("chunks", told.chunks),
        (
            "chunk length, code points: p50, p95, max",
            f"{lengths.p50:,.0f}, {lengths.p95:,.0f}, {lengths.max:,.0f}",
        ),
        ("last commit", told.commit),
    ]
    for field in told.fields:
        space = "no declared model" if field.space is None else field.space.model
        facts.append((f"field {field.name}", f"{field.dimension} x {field.metric}, {space}"))
    for group, of in (("parser", told.parsers), ("chunker", told.chunkers)):
        facts.extend((f"{group} {one.name or 'not said'}", one.documents) for one in of)
    return f"<h3>{escape(name)}</h3>" + _table("Corpus and chunks", ("what", "value"), facts)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that this share of them does not exceed. REQUIRES: not empty."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _latency(receipts: Sequence[KeptReceipt]) -> str:
    if not receipts:
        return "<p>No receipts are kept: search with <code>receipt=\"keep\"</code>, or sample.</p>"
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for receipt in receipts:
        times[receipt.collection, "total"].append(receipt.total_micros)
        for stage in receipt.stages:
            times[receipt.collection, stage.name].append(stage.micros)
    rows = [
        (collection, stage, len(micros), *(percentile(micros, p) for p in (0.5, 0.95, 0.99, 1)))
        for (collection, stage), micros in times.items()
    ]
    head = ("collection", "stage", "searches", "p50 us", "p95 us", "p99 us", "max us")
    return _table(f"Of {len(receipts):,} kept receipts, in microseconds", head, rows)


def _slowest(receipts: Sequence[KeptReceipt]) -> str:
    slowest = sorted(receipts, key=lambda receipt: -receipt.total_micros)[:_WATERFALLS]
    names = list(dict.fromkeys(stage.name for receipt in slowest for stage in receipt.stages))
    colours = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(names)}
    key = " ".join(
        f'<span class="key" style="background:{colours[name]}"></span>{escape(name)}'
        for name in names
    )
    longest = max((receipt.total_micros for receipt in slowest), default=1)
    return f"<p>{key}</p>" + "".join(_waterfall(r, longest, colours) for r in slowest)


def _waterfall(receipt: KeptReceipt, longest: float, colours: dict[str, str]) -> str:
    bars = "".join(
        f'<span style="width:{100 * stage.micros / longest:.3f}%;background:{colours[stage.name]}" '
        f'title="{escape(stage.name)} {stage.micros:,.0f} us"></span>'
        for stage in receipt.stages
    )
    stages = _table(
        "Stages",
        ("stage", "us", "in", "out"),
        [(stage.name, stage.micros, stage.n_in, stage.n_out) for stage in receipt.stages],
    )
    facts = f"{receipt.collection}, {receipt.plan}, {receipt.returned} of {receipt.k}"
    return (
        f"<details><summary>{receipt.total_micros:,.0f} us: {escape(facts)} "
        f'<span class="bar" aria-hidden="true">{bars}</span></summary>'
        f"<p><code>{receipt.id}</code></p>{stages}</details>"
    )


def _receipts(receipts: Sequence[KeptReceipt]) -> str:
    head = ("time", "collection", "label", "plan", "outcome", "hits", "us", "rating", "id")
    rows = [
        (
            f"{receipt.time:%Y-%m-%d %H:%M:%S}",
            receipt.collection,
            receipt.label,
            receipt.plan,
            receipt.outcome,
            receipt.returned,
            receipt.total_micros,
            "" if receipt.annotation is None else str(receipt.annotation.rating or ""),
            receipt.id,
        )
        for receipt in receipts
    ]
    return _table(f"The newest {len(receipts):,}", head, rows)
