"""Figures of searches, for people and for a scraper."""

import json
import threading

import pytest

import tracevec as tv
from tracevec.cli import main


def test_searches_are_counted_and_timed(db, filled, rows):
    for row in rows[:5]:
        filled.search(row, k=3)
    filled.search(rows[0], where="year > 3000")
    with pytest.raises(tv.InvalidArgument):
        filled.search(rows[0], k=0)
    figures = db.metrics()
    (queries,) = figures["queries"]
    assert (queries["collection"], queries["ok"], queries["empty"]) == ("notes", 5, 1)
    assert queries["failed"] == 1
    total = next(of for of in figures["latencies"] if of["stage"] == "total")
    assert total["count"] == 6
    assert 0 < total["p50"] <= total["p95"] <= total["p99"] <= total["max"]
    assert {of["stage"] for of in figures["latencies"]} >= {"total", "plan", "scan", "hydrate"}
    assert figures["collections"][0]["live_chunks"] == 20


def test_they_come_as_prometheus_text(db, filled, rows):
    filled.search(rows[0])
    text = db.metrics(format="prometheus")
    assert 'tracevec_queries_total{collection="notes",outcome="ok"} 1\n' in text
    assert 'tracevec_query_duration_seconds_count{collection="notes"} 1\n' in text
    with pytest.raises(tv.InvalidArgument, match="prometheus"):
        db.metrics(format="xml")


def test_threads_are_all_counted(db, filled, rows):
    def ask() -> None:
        for row in rows:
            filled.search(row, k=2)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.metrics()["queries"][0]["ok"] == 80


def test_the_command_prints_them(path, rows, capsys):
    with tv.open(path) as db:
        db.collection("notes", dim=8).upsert(["a"], rows[:1])
    assert main(["metrics", str(path)]) == 0
    assert "tracevec_commit 2\n" in capsys.readouterr().out
    assert main(["metrics", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["commit"] == 2
