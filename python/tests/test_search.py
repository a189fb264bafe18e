"""Search, against NumPy as the judge."""

import json

import numpy as np
import pytest

import tracevec as tv

SIZES = (300, 2000)  # below and above 512 rows, where a collection gets an index


def judge(metric: str, rows: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Scores in float64."""
    rows, query = rows.astype(np.float64), query.astype(np.float64)
    if metric == "cosine":
        return rows @ query / (np.linalg.norm(rows, axis=1) * np.linalg.norm(query))
    if metric == "ip":
        return rows @ query
    return -np.sum((rows - query) ** 2, axis=1)


@pytest.mark.parametrize("metric", ["cosine", "ip", "l2"])
@pytest.mark.parametrize("size", SIZES)
def test_exact_search_agrees_with_numpy(db, rng, metric, size):
    points = db.create_collection("points", dim=24, metric=metric)
    rows = rng.standard_normal((size, 24)).astype(np.float32)
    points.upsert([f"{i:05}" for i in range(size)], rows, metadata={"i": list(range(size))})
    for query in rng.standard_normal((5, 24)).astype(np.float32):
        scores = judge(metric, rows, query)
        wanted = np.argsort(-scores, kind="stable")[:10]
        hits = points.search(vector=query, k=10, exact=True)
        assert [hit.id for hit in hits] == [f"{i:05}" for i in wanted]
        np.testing.assert_allclose(
            [hit.score for hit in hits], scores[wanted], rtol=2e-5, atol=1e-5
        )

        even = [i for i in np.argsort(-scores, kind="stable") if i < size // 2][:10]
        filtered = points.search(vector=query, k=10, exact=True, where=f"i < {size // 2}")
        assert [hit.id for hit in filtered] == [f"{i:05}" for i in even]


@pytest.mark.parametrize("size", SIZES)
def test_default_search_finds_nearly_all(db, rng, size):
    points = db.collection("points", dim=32)
    rows = rng.standard_normal((size, 32)).astype(np.float32)
    ids = np.array([f"{i:05}" for i in range(size)])
    points.upsert(ids, rows)
    queries = rng.standard_normal((50, 32)).astype(np.float32)
    found, scores = points.search_batch(queries, k=10)
    right = 0
    for row, query in enumerate(queries):
        tenth = np.sort(judge("cosine", rows, query))[-10]
        assert np.all(np.diff(scores[row]) <= 0)
        right += np.sum(scores[row] >= tenth - 1e-6)
    assert right >= 0.99 * 500
    assert found.shape == scores.shape == (50, 10)


def test_batch_and_single_search_agree(filled, rng):
    queries = rng.standard_normal((7, 8)).astype(np.float32)
    result = filled.search_batch(queries, k=5, threads=2, where="even = true", label="batch")
    ids, scores = result
    assert ids.dtype == object
    assert scores.dtype == np.float32
    for row, query in enumerate(queries):
        hits = filled.search(vector=query, k=5, where="even = true")
        assert list(ids[row]) == [hit.id for hit in hits]
        np.testing.assert_array_equal(scores[row], [hit.score for hit in hits])
    assert result.ids is ids
    assert len(result.receipts) == 7
    assert {receipt.label for receipt in result.receipts} == {"batch"}


def test_batch_marks_missing_places(filled, rng):
    ids, scores = filled.search_batch(rng.standard_normal((2, 8)), k=4, where="year < 2002")
    assert (ids[:, 2:] == "").all()
    assert np.isnan(scores[:, 2:]).all()
    assert (ids[:, :2] != "").all()


def test_batch_of_no_queries(filled):
    for queries in ([], np.empty((0, 8), np.float32)):
        ids, scores = filled.search_batch(queries, k=3)
        assert ids.shape == scores.shape == (0, 3)


def test_hits_carry_content(filled, rows):
    (hit,) = filled.search(vector=rows[3], k=1, with_vectors=True)
    assert (hit.id, hit.document, hit.text, hit.version, hit.ordinal) == (
        "n03", "n03", "note 3", 1, 0,
    )  # fmt: skip
    assert hit.score == pytest.approx(1, abs=1e-6)
    assert hit.metadata == {"year": 2003, "even": False, "tags": ["a"]}
    np.testing.assert_array_equal(hit.vector, rows[3])
    assert filled.search(vector=rows[3], k=1)[0].vector is None
    assert hit.to_dict()["text"] == "note 3"
    assert "id='n03'" in repr(hit)


def test_hits_are_a_list(filled, rows):
    hits = filled.search(vector=rows[0], k=3)
    assert isinstance(hits, list)
    assert len(hits) == 3
    assert hits[0].id == "n00"
    assert [hit.id for hit in hits[1:]] == [hits[1].id, hits[2].id]
    assert filled.search(vector=rows[0], where="year = 1") == []


def test_hits_outlive_the_database(filled, rows, db):
    hits = filled.search(vector=rows[0], k=2)
    db.close()
    assert hits[0].metadata["year"] == 2000
    assert hits.receipt.stages[0].micros >= 0


def test_like_leaves_itself_out(filled, rows):
    hits = filled.search(like="n05", k=19)
    assert "n05" not in [hit.id for hit in hits]
    others = np.delete(np.arange(20), 5)
    best = others[np.argmax(rows[others] @ rows[5])]
    assert hits[0].id == f"n{best:02}"
    with pytest.raises(tv.NotFound):
        filled.search(like="nope")


def test_equal_scores_come_by_id(notes):
    vector = np.ones((1, 8), np.float32)
    notes.upsert(["c", "a", "b"], np.repeat(vector, 3, axis=0))
    assert [hit.id for hit in notes.search(vector=vector[0])] == ["a", "b", "c"]


def test_an_acknowledged_write_is_visible_to_the_next_search(filled, rows):
    filled.upsert(["new"], rows[:1])
    assert {hit.id for hit in filled.search(vector=rows[0], k=2)} == {"n00", "new"}
    filled.delete("new")
    assert filled.search(vector=rows[0], k=1)[0].id == "n00"


def test_filters_as_text_and_as_dict_agree(filled, rows):
    either = {"$or": [{"tags": {"$contains": "a"}}, {"year": 2019}]}
    pairs = [
        ("year BETWEEN 2003 AND 2005", {"year": {"$gte": 2003, "$lte": 2005}}),
        ("tags CONTAINS 'a' OR year = 2019", either),
        ("year IN (2001, 2002)", {"year": {"$in": [np.int64(2001), 2002]}}),
        ("NOT even = true", {"$not": {"even": True}}),
    ]
    for text, document in pairs:
        by_text = [hit.id for hit in filled.search(vector=rows[0], k=20, where=text)]
        by_dict = [hit.id for hit in filled.search(vector=rows[0], k=20, where=document)]
        assert by_text == by_dict
        assert 0 < len(by_text) < 20


def test_receipt_says_what_ran(filled, rows):
    receipt = filled.search(vector=rows[0], k=5, where="year < 2003", label="test").receipt
    assert len(receipt.id) == 32
    assert (receipt.label, receipt.collection, receipt.field) == ("test", "notes", "vector")
    assert (receipt.k, receipt.returned, receipt.short_reason) == (5, 3, "matches")
    assert receipt.live == 20
    assert receipt.metric == "cosine"
    assert receipt.total_micros > 0
    for stage in receipt.stages:
        assert stage.name and stage.micros >= 0 and stage.n_in >= 0 and stage.n_out >= 0
    assert receipt.stages[-1].n_out == 3
    document = json.loads(json.dumps(receipt.to_dict()))
    assert document["id"] == receipt.id
    assert document["stages"][0]["name"] == receipt.stages[0].name
    assert filled.search(vector=rows[0]).receipt.id != receipt.id


def test_receipt_can_be_off(filled, rows):
    assert filled.search(vector=rows[0], receipt="off").receipt is None
    assert filled.search_batch(rows[:2], receipt="off").receipts == []


def test_target_recall_stands_in_for_ef(filled, rows):
    wanted = [hit.id for hit in filled.search(vector=rows[0], exact=True)]
    assert [hit.id for hit in filled.search(vector=rows[0], target_recall=1)] == wanted
    ids, _ = filled.search_batch(rows[:1], target_recall=0.95)
    assert list(ids[0]) == wanted
    for wrong in ({"target_recall": 0}, {"target_recall": 1.5}, {"target_recall": 0.9, "ef": 50}):
        with pytest.raises(tv.InvalidArgument, match="target_recall"):
            filled.search(vector=rows[0], **wrong)


def test_embedding_spaces_do_not_mix(db, rows):
    ours, theirs = tv.EmbeddingSpace("m", revision="1"), tv.EmbeddingSpace("m", revision="2")
    typed = db.create_collection("typed", vectors={"v": tv.VectorField(8, space=ours)})
    typed.upsert(["a"], rows[:1], space=ours)
    typed.upsert(["b"], rows[1:2])  # asserted
    with pytest.raises(tv.EmbeddingSpaceMismatch):
        typed.upsert(["c"], rows[2:3], space=theirs)
    with pytest.raises(tv.EmbeddingSpaceMismatch):
        typed.search(vector=rows[0], space=theirs)
    hits = typed.search(vector=rows[0], space=ours)
    assert hits.receipt.space == ours
    assert typed.stats().asserted_vectors == 1
    assert typed.count() == 2
