"""What a search under a filter says of its plan, before and after it runs."""

import numpy as np
import pytest

import tracevec as tv

ROWS = 2000
DIMENSION = 16


@pytest.fixture
def notes(tmp_path):
    with tv.open(str(tmp_path / "db")) as db:
        notes = db.collection("notes", dim=DIMENSION)
        vectors = np.random.default_rng(1).normal(size=(ROWS, DIMENSION)).astype(np.float32)
        ids = [f"n{i}" for i in range(ROWS)]
        metadata = {
            "year": [2000 + i % 20 for i in range(ROWS)],
            "even": [i % 2 == 0 for i in range(ROWS)],
        }
        notes.upsert(ids, vectors, metadata=metadata)
        notes.rebuild()
        yield notes


def test_explain_tells_plan_and_estimates_without_running(notes):
    explanation = notes.explain(where="year = 2004 AND even = true", k=5)
    assert explanation.plan == "filtered_scan"
    assert explanation.filter == "year = 2004 AND even = true"
    assert (explanation.k, explanation.live) == (5, ROWS)
    (part,) = explanation.parts
    assert part.way == "scan_matches"
    assert (part.rows, part.matches) == (ROWS, None)
    assert (part.matches_low, part.matches_estimated, part.matches_high) == (0, 50, 100)
    assert explanation.to_dict()["parts"][0]["matches_high"] == 100
    assert part.other_ways == []
    (part,) = notes.explain(k=5).parts
    assert (part.way, part.other_ways) == ("graph", ["scan"])  # where much is deleted


def test_the_receipt_has_the_truth_beside_the_estimate(notes):
    hits = notes.search(vector=np.ones(DIMENSION, np.float32), where={"year": 2004, "even": True})
    (part,) = hits.receipt.parts
    assert (part.matches_estimated, part.matches) == (50, 100)
    assert hits.receipt.to_dict()["parts"] == [part.to_dict()]
    assert notes.count("year = 2004 AND even = true") == 100


def test_explain_refuses_what_search_refuses(notes):
    with pytest.raises(tv.InvalidArgument, match="unknown field 'yeer'.*'year'"):
        notes.explain(where="yeer = 2004")
    with pytest.raises(tv.InvalidArgument, match="expected 16, got 3"):
        notes.explain(vector=np.ones(3, np.float32))
    with pytest.raises(tv.InvalidArgument, match="no text field"):
        notes.explain(text="words")
