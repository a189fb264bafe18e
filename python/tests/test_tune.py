"""How wide searches are, and what codes they compare."""

import json

import numpy as np
import pytest

import tracevec as tv
from tracevec.cli import main


@pytest.fixture
def points(db, rng):
    """3,000 rows of 16 dimensions in a graph."""
    collection = db.collection("points", dim=16)
    vectors = rng.standard_normal((3000, 16)).astype(np.float32)
    collection.upsert([str(i) for i in range(3000)], vectors)
    collection.rebuild()
    return collection


def test_tune_keeps_a_width_and_its_evidence(db, points, rng, path):
    queries = rng.standard_normal((100, 16)).astype(np.float32)
    tuned = points.tune(0.9, queries=queries)
    assert (tuned.field, tuned.queries, tuned.used, tuned.k) == ("vector", "given", 100, 10)
    assert tuned.recall >= 0.9
    assert [point.ef for point in tuned.points] == sorted(point.ef for point in tuned.points)
    assert tuned.to_dict()["points"][0]["recall"] == tuned.points[0].recall
    receipt = points.search(vector=queries[0]).receipt
    assert (receipt.ef, receipt.ef_source) == (tuned.ef, "tuned")
    assert points.search(vector=queries[0], ef=33).receipt.ef_source == "asked"
    better = points.search(vector=queries[0], target_recall=0.99).receipt
    assert better.ef_source == "tuned" and better.ef > tuned.ef
    assert points.stats().tuned[0].ef == tuned.ef
    db.close()
    with tv.open(path) as again:
        receipt = again.collection("points").search(vector=queries[0]).receipt
        assert (receipt.ef, receipt.ef_source) == (tuned.ef, "tuned")


def test_tune_refuses_what_it_cannot_measure(points):
    with pytest.raises(tv.InvalidArgument, match="target_recall: 1"):
        points.tune(1.0)
    with pytest.raises(tv.InvalidArgument, match="queries"):
        points.tune(0.9, queries=np.ones((4, 3), np.float32))
    assert points.stats().tuned == []


def test_tune_from_the_command_line(db, points, path, capsys):
    db.close()
    assert main(["tune", str(path), "points", "--target-recall", "0.9"]) == 0
    assert "chosen: ef" in capsys.readouterr().out
    assert main(["tune", str(path), "points", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["queries"] == "stored"
    assert main(["stats", str(path), "points"]) == 0
    assert "vector: ef" in capsys.readouterr().out
    assert main(["tune", str(path), "points", "--queries", "missing.npy"]) == 2


@pytest.mark.parametrize("codes", ["int8", "int4"])
def test_codes_are_those_that_a_field_names(db, rng, codes):
    vectors = {"body": tv.VectorField(64, codes=codes)}
    collection = db.create_collection("rows", vectors=vectors)
    rows = rng.standard_normal((1000, 64)).astype(np.float32)
    collection.upsert([str(i) for i in range(1000)], rows)
    collection.rebuild()
    assert collection.schema.vectors["body"].codes == codes
    assert collection.search(vector=rows[7]).receipt.code == codes
    assert collection.search(vector=rows[7])[0].id == "7"


def test_unknown_codes_get_the_nearest_name(db):
    with pytest.raises(tv.InvalidArgument, match="'int4'"):
        db.create_collection("rows", vectors={"body": tv.VectorField(8, codes="int_4")})
