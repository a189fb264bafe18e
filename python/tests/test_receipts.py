"""Receipts: their schema, keeping them, looking them up."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import tracevec as tv
from tracevec.cli import main

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs/receipt.schema.json").read_text())


def check(receipt: dict) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(receipt)
    assert set(receipt) <= set(SCHEMA["properties"]), "the schema describes every member"


@pytest.fixture
def pages(db: tv.Database, rows: np.ndarray) -> tv.Collection:
    """20 rows with vectors, texts and years."""
    pages = db.create_collection("pages", dim=8, text=tv.TextField())
    pages.upsert(
        [f"n{i:02}" for i in range(20)],
        rows,
        texts=[f"note {i}" for i in range(20)],
        metadata={"year": list(range(2000, 2020))},
    )
    return pages


def test_receipts_follow_the_published_schema(db, pages, rows):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    searches = [
        {"vector": rows[0]},
        {"vector": rows[0], "text": "note 3", "where": "year > 2005", "target_recall": 0.9},
        {"text": "note", "fusion": "rrf"},
        {"like": "n03", "k": 2, "exact": True},
        {"vector": rows[1], "where": "year > 3000"},
        {"vector": rows[1], "deadline_ms": 1e-6},
    ]
    for arguments in searches:
        receipt = pages.search(**arguments, receipt="keep").receipt
        check(receipt.to_dict())
        assert receipt.to_dict()["schema"] == "tracevec.receipt/1"
        check(db.receipt(receipt.id).to_dict())
    for receipt in pages.search_batch(rows[:3], k=2, receipt="keep").receipts:
        check(receipt.to_dict())
    db.annotate(receipt.id, prompt="p", usage={"tokens": 3}, rating=0.5)
    check(db.receipt(receipt.id).to_dict())
    answer = pages.query("note 3").lexical().dedup(method="hash").limit(2).run()
    check(answer.receipt.to_dict())
    db.set_receipt_policy(redact=True)
    redacted = pages.search(rows[0], receipt="keep").receipt
    check(db.receipt(redacted.id).to_dict())
    outcomes = {receipt.outcome for receipt in db.receipts()}
    assert outcomes == {"ok", "empty", "degraded"}


def test_receipts_of_several_sources_follow_the_schema_too(db):
    fields = {"body": tv.VectorField(3), "title": tv.VectorField(2), "splade": tv.SparseField()}
    pages = db.create_collection("pages", vectors=fields, text=tv.TextField("simple"))
    pages.upsert(
        ["a", "b", "c"],
        {
            "body": np.eye(3),
            "title": [[1, 0], [0, 1], [1, 1]],
            "splade": [{3: 0.5, 17: 2.0}, {17: 1.0}, {}],
        },
        texts=["grow a vector", "sort", "move"],
    )
    vectors = {"body": [[1, 0, 0], [0, 1, 0]], "title": [0, 1], "splade": {17: 1.0, 3: 2.0}}
    hits = pages.search(vectors, text=["grow", "sort"], k=2, receipt="keep")
    kept = db.receipt(hits.receipt.id)
    for receipt in (hits.receipt, kept):
        check(receipt.to_dict())
    assert kept.sources[0].to_dict() == hits.receipt.sources[0].to_dict()
    assert [e.to_dict() for e in kept.ledger] == [e.to_dict() for e in hits.receipt.ledger]
    assert kept.query.sparse_vectors == {"splade": {3: 2.0, 17: 1.0}}
    assert [phrasing.text for phrasing in kept.query.phrasings] == ["sort"]
    assert set(kept.query.vectors) | {kept.query.field} >= {"title"}
    assert db.replay(kept.id).equal
    lost = db.why(kept.id, "c")
    assert len(lost.sources) in (0, len(kept.sources))


def test_a_kept_receipt_has_query_and_hits(db, pages, rows):
    fusion = tv.Fusion("weighted", weights=[1, 2], candidates=50)
    hits = pages.search(rows[0], text="note 3", fusion=fusion, k=3, ef=70, receipt="keep")
    kept = db.receipt(hits.receipt.id)
    assert isinstance(kept, tv.Receipt)
    assert (kept.id, kept.kept, kept.redacted) == (hits.receipt.id, "asked", False)
    assert kept.stages[0].name == "plan"
    np.testing.assert_array_equal(kept.query.vector, rows[0])
    assert (kept.query.text, kept.query.ef, kept.query.space) == ("note 3", 70, None)
    assert kept.query.fusion == fusion
    assert [(h.id, h.score, h.document, h.version) for h in kept.hits] == [
        (h.id, h.score, h.document, h.version) for h in hits
    ]
    assert kept.annotation is None
    assert kept.query_hash == hits.receipt.query_hash
    assert len(kept.query_hash) == 16


def test_a_search_that_is_not_kept_is_not_found(db, pages, rows):
    receipt = pages.search(rows[0]).receipt
    assert receipt.kept == ""
    with pytest.raises(tv.NotFound, match=receipt.id):
        db.receipt(receipt.id)
    with pytest.raises(tv.InvalidArgument, match="32"):
        db.receipt("what")
    with pytest.raises(tv.InvalidArgument, match="keep"):
        pages.search(rows[0], receipt="all")


def test_receipts_are_looked_up_newest_first(db, pages, rows):
    first = pages.search(rows[0], label="a", receipt="keep").receipt
    second = pages.search(rows[1], text="note", label="b", receipt="keep").receipt
    assert [r.id for r in db.receipts()] == [second.id, first.id]
    assert [r.id for r in db.receipts(label="a")] == [first.id]
    assert [r.id for r in db.receipts(stage="lexical")] == [second.id]
    assert [r.id for r in db.receipts(limit=1)] == [second.id]
    assert [r.id for r in db.receipts(since=second.time)] == [second.id]
    assert [r.id for r in db.receipts(until=second.time)] == [first.id]
    assert len(db.receipts(document=db.receipt(first.id).hits[0].document)) >= 1
    assert db.receipts(slower_than_ms=1e6) == []
    assert db.receipts(since=datetime.now(timezone.utc) + timedelta(days=1)) == []
    with pytest.raises(tv.InvalidArgument, match="degraded"):
        db.receipts(outcome="good")


def test_they_are_exported_as_json_lines(db, pages, rows, tmp_path):
    for row in rows[:5]:
        pages.search(row, receipt="keep")
    assert db.export_receipts(tmp_path / "all.jsonl") == 5
    lines = (tmp_path / "all.jsonl").read_text().splitlines()
    assert len(lines) == 5
    for line in lines:
        check(json.loads(line))
    assert db.export_receipts(tmp_path / "some.jsonl", limit=2) == 2


def test_the_policy_samples_and_is_stored(path, rows):
    with tv.open(path) as db:
        notes = db.collection("notes", dim=8)
        notes.upsert(["a"], rows[:1])
        policy = db.set_receipt_policy(sample_one_in=4, max_count=1000)
        assert (policy.sample_one_in, policy.max_count, policy.redact) == (4, 1000, False)
        kept = [notes.search(rows[1]).receipt.kept for _ in range(20)]
        assert kept.count("sampled") == 5
        with pytest.raises(tv.InvalidArgument, match="slow_ms"):
            db.set_receipt_policy(slow_ms=-1)
    with tv.open(path, mode="r") as db:
        assert db.receipt_policy().to_dict() == policy.to_dict()
        assert len(db.receipts()) == 5
        assert db.collection("notes").search(rows[1], receipt="keep").receipt.kept == ""
        with pytest.raises(tv.ReadOnly):
            db.set_receipt_policy(sample_one_in=1)


def test_annotations_add_up(db, pages, rows):
    id = pages.search(rows[0], receipt="keep").receipt.id
    db.annotate(id, prompt="the prompt", usage={"tokens_in": 3})
    db.annotate(id, response="the response", rating=2)
    note = db.receipt(id).annotation
    assert (note.prompt, note.response, note.rating) == ("the prompt", "the response", 2.0)
    assert note.usage == {"tokens_in": 3}
    with pytest.raises(tv.InvalidArgument):
        db.annotate(id)


def test_the_command_looks_them_up(path, rows, tmp_path, capsys):
    with tv.open(path) as db:
        db.collection("notes", dim=2).upsert(["a", "b"], [[1, 0], [0, 1]])
    search = ["search", str(path), "notes", "--vector", "[1, 0]", "--label", "x", "--keep"]
    assert main(search) == 0
    id = capsys.readouterr().out.split()[-1]
    assert main(["receipts", str(path), "--label", "x"]) == 0
    out = capsys.readouterr().out
    assert id in out and "1 receipts" in out
    assert main(["receipts", str(path), "--id", id]) == 0
    check(json.loads(capsys.readouterr().out))
    assert main(["receipts", str(path), "--json", "--outcome", "empty"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    file = tmp_path / "out.jsonl"
    assert main(["receipts", str(path), "--export", str(file)]) == 0
    assert len(file.read_text().splitlines()) == 1
    assert main(["receipts", str(path), "--since", "yesterday"]) == 2
    assert main(["receipts", str(path), "--id", "0" * 32]) == 1
