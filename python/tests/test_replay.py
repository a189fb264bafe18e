"""Replays of kept receipts, and why a chunk was lost."""

import json

import numpy as np
import pytest

import tracevec as tv
from tracevec.cli import main


@pytest.fixture
def kept(filled: tv.Collection, rows: np.ndarray) -> tv.Receipt:
    """The receipt of a search whose first hit is n04."""
    return filled.search(rows[4], k=3, where="year < 2015", receipt="keep").receipt


def test_an_answer_that_did_not_change_is_equal(db, kept):
    for at in ("now", "receipt"):
        replay = db.replay(kept.id, at=at)
        assert replay.equal and len(replay.same) == 3
        assert replay.causes == [] and replay.settings == []
        assert replay.receipt.plan == kept.plan
        assert replay.to_dict()["equal"] is True


def test_each_difference_has_its_cause(db, filled, rows, kept):
    first, second, third = (hit.id for hit in db.receipt(kept.id).hits)
    filled.delete([first])
    filled.update_metadata({"year": 2019}, ids=[second])
    filled.upsert(["new"], rows[4:5], metadata=[{"year": 2001}])
    replay = db.replay(kept.id)
    causes = {cause.id: cause for cause in replay.causes}
    assert [hit.id for hit in replay.removed] == [first, second]
    assert (causes[first].change, causes[first].kind) == ("removed", "document_deleted")
    assert causes[second].kind == "metadata_changed"
    assert causes["new"].kind == "document_added"
    assert len(replay.added) == 2 and {hit.id for hit in replay.added} <= set(causes)
    assert all(cause.detail and cause.kind != "unexplained" for cause in replay.causes)
    with pytest.raises(tv.NotFound, match="was released"):
        db.replay(kept.id, at="receipt")


def test_a_snapshot_holds_the_data_of_then(db, filled, kept):
    db.snapshot("then")
    filled.delete([db.receipt(kept.id).hits[0].id])
    assert db.replay(kept.id, at="receipt").equal
    assert db.replay(kept.id, at="then").equal
    assert not db.replay(kept.id).equal


def test_a_redacted_receipt_is_refused(db, filled, rows):
    db.set_receipt_policy(redact=True)
    receipt = filled.search(rows[0], receipt="keep").receipt
    with pytest.raises(tv.Unsupported, match="redacted"):
        db.replay(receipt.id)


def test_why_names_the_stage_and_the_rule(db, filled, kept):
    hit = db.receipt(kept.id).hits[0].id
    assert db.why(kept.id, hit).rule == "returned"
    filtered = db.why(kept.id, "n19")
    assert (filtered.stage, filtered.rule, filtered.data_of_then) == ("plan", "filtered", True)
    assert db.why(kept.id, "who").rule == "not_stored"
    ids = {f"n{i:02}" for i in range(15)} - {h.id for h in db.receipt(kept.id).hits}
    ranks = [db.why(kept.id, id) for id in ids]
    assert {lost.rule for lost in ranks} == {"ranked_below"}
    assert sorted(lost.exact_rank for lost in ranks) == list(range(4, 16))
    assert ranks[0].to_dict()["chunk_id"] == ranks[0].chunk_id


def test_the_command_replays(path, rows, capsys):
    with tv.open(path) as db:
        notes = db.collection("notes", dim=8)
        notes.upsert(["a", "b", "c"], rows[:3])
        id = notes.search(rows[0], k=2, receipt="keep").receipt.id
    assert main(["replay", str(path), id]) == 0
    assert "2 same" in capsys.readouterr().out
    with tv.open(path) as db:
        db.collection("notes").delete(["a"])
    assert main(["replay", str(path), id]) == 1
    assert "document_deleted" in capsys.readouterr().out
    assert main(["replay", str(path), id, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["equal"] is False
    assert main(["replay", str(path), id, "--why", "d"]) == 0
    assert "not_stored" in capsys.readouterr().out
