"""Loose vectors: written, read, changed and deleted by id or by filter."""

import numpy as np
import pytest

import tracevec as tv


def test_upsert_counts_inserted_and_updated(notes, rows):
    first = notes.upsert(["a", "b"], rows[:2])
    second = notes.upsert(["b", "c"], rows[1:3])
    assert (first.inserted, first.updated) == (2, 0)
    assert (second.inserted, second.updated) == (1, 1)
    assert second.commit > first.commit > 0


def test_upsert_replaces_the_whole_row(notes, rows):
    notes.upsert(["a"], rows[:1], texts=["old"], metadata=[{"year": 1, "tag": "x"}])
    notes.upsert(["a"], rows[1:2], metadata=[{"year": 2}])
    (chunk,) = notes.get("a", vectors=True)
    assert (chunk.text, chunk.metadata) == ("", {"year": 2})
    np.testing.assert_array_equal(chunk.vectors["vector"], rows[1])


def test_metadata_columns_mean_the_same_as_rows(notes, rows):
    notes.upsert(["a", "b"], rows[:2], metadata={"year": np.array([1, 2]), "tag": ["x", None]})
    a, b = notes.get(["a", "b"])
    assert a.metadata == {"year": 1, "tag": "x"}
    assert b.metadata == {"year": 2}


def test_get_keeps_the_order_asked_and_leaves_out_what_is_missing(filled):
    assert [c.id for c in filled.get(["n03", "nope", "n01"])] == ["n03", "n01"]
    assert filled.get("nope") == []
    assert [c.id for c in filled.get("n02")] == ["n02"]


def test_get_gives_vectors_only_when_asked(filled, rows):
    (plain,) = filled.get("n04")
    (full,) = filled.get("n04", vectors=True)
    assert plain.vectors == {}
    assert full.vectors["vector"].dtype == np.float32
    np.testing.assert_array_equal(full.vectors["vector"], rows[4])


def test_a_loose_vector_is_a_document_of_one_chunk(filled):
    (chunk,) = filled.get("n04")
    assert (chunk.id, chunk.document, chunk.ordinal, chunk.text) == ("n04", "n04", 0, "note 4")


def test_delete_by_ids_ignores_what_is_missing(filled):
    assert filled.delete(["n00", "nope"]).deleted == 1
    assert filled.delete("n01").deleted == 1
    assert filled.count() == 18


def test_delete_by_filter(filled):
    assert filled.delete(where="year < 2005").deleted == 5
    assert filled.count() == 15


def test_update_metadata_merges_and_none_removes(filled, rows):
    result = filled.update_metadata({"reviewed": True, "even": None}, where="year >= 2018")
    assert result.updated == 2
    (chunk,) = filled.get("n19", vectors=True)
    assert chunk.metadata == {"year": 2019, "tags": ["b", "c"], "reviewed": True}
    assert chunk.text == "note 19"
    np.testing.assert_array_equal(chunk.vectors["vector"], rows[19])
    assert filled.update_metadata({"reviewed": False}, ids="n19").updated == 1
    assert filled.count("reviewed = false") == 1


@pytest.mark.parametrize("arguments", [{}, {"ids": ["a"], "where": "x = 1"}, {"where": ""}])
def test_delete_and_update_need_ids_or_where(filled, arguments):
    with pytest.raises(tv.InvalidArgument, match="ids or where"):
        filled.delete(**arguments)
    with pytest.raises(tv.InvalidArgument, match="ids or where"):
        filled.update_metadata({"a": 1}, **arguments)
    assert filled.count() == 20


def test_count_with_text_and_dict(filled):
    assert filled.count() == 20
    assert filled.count("year >= 2010 AND even = true") == 5
    assert filled.count({"year": {"$gte": 2010}, "even": True}) == 5
    assert filled.count("tags CONTAINS 'a'") == 5


def test_scan_streams_in_the_order_asked(filled):
    assert [c.id for c in filled.scan(batch_size=3)] == [f"n{i:02}" for i in range(20)]
    assert [c.id for c in filled.scan(where="year < 2003", order_by="-year")] == [
        "n02",
        "n01",
        "n00",
    ]


def test_scan_keeps_reading_what_it_began_with(filled):
    scan = filled.scan(batch_size=2)
    first = next(scan)
    filled.delete(where="year >= 2000")
    assert filled.count() == 0
    assert [first.id, *[c.id for c in scan]] == [f"n{i:02}" for i in range(20)]


def test_scan_refuses_at_the_call_and_not_at_the_first_step(filled):
    with pytest.raises(tv.InvalidArgument):
        filled.scan(where="year >=")


def test_upsert_of_nothing_writes_nothing(notes):
    assert notes.upsert([], []).commit == 0
    assert notes.upsert([], np.empty((0, 8), np.float32)).inserted == 0


def test_upsert_in_steps_is_the_same_as_in_one(notes, rng):
    vectors = rng.standard_normal((9000, 8)).astype(np.float32)
    ids = [f"r{i}" for i in range(9000)]
    result = notes.upsert(ids, vectors, metadata={"row": list(range(9000))}, progress=True)
    assert result.inserted == 9000
    assert notes.count() == 9000
    (chunk,) = notes.get("r8999", vectors=True)
    assert chunk.metadata == {"row": 8999}
    np.testing.assert_array_equal(chunk.vectors["vector"], vectors[8999])


def test_several_vector_fields(db, rng):
    pages = db.create_collection(
        "pages", vectors={"body": tv.VectorField(4), "title": tv.VectorField(2, metric="l2")}
    )
    body = rng.standard_normal((3, 4)).astype(np.float32)
    title = rng.standard_normal((3, 2)).astype(np.float32)
    pages.upsert(["a", "b", "c"], {"body": body, "title": title})
    pages.upsert(["d"], {"title": [[0.5, 0.5]]})
    assert pages.search(vector=body[1], field="body", k=1)[0].id == "b"
    hit = pages.search(vector=[0.5, 0.5], field="title", k=1)[0]
    assert (hit.id, hit.score) == ("d", 0)
    assert len(pages.search(vector=body[1], field="body", k=10)) == 3
    with pytest.raises(tv.InvalidArgument, match="field"):
        pages.search(vector=body[1])
    with pytest.raises(tv.InvalidArgument, match="titel"):
        pages.search(vector=body[1], field="titel")


def test_stats_describe_what_is_there(filled):
    filled.delete("n00")
    stats = filled.stats()
    assert (stats.name, stats.chunks, stats.documents) == ("notes", 19, 19)
    assert stats.to_dict()["chunks"] == 19
    assert "chunks=19" in repr(stats)
