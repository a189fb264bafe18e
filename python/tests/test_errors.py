"""Wrong calls: each is a typed error that says what is wrong, and changes nothing."""

import numpy as np
import pytest

import tracevec as tv

V = np.ones((1, 8), np.float32)
Q = np.ones(8, np.float32)


def test_every_status_code_has_a_class():
    codes = {
        "InvalidArgument", "NotFound", "AlreadyExists", "Conflict", "Corruption", "IOError",
        "ResourceExhausted", "Unavailable", "DeadlineExceeded", "Cancelled", "ReadOnly",
        "Unsupported", "EmbeddingSpaceMismatch", "Closed", "Internal",
    }  # fmt: skip
    assert {error.code for error in tv.Error.__subclasses__()} == codes
    assert tv.StorageError.code == "IOError"
    assert issubclass(tv.InvalidArgument, ValueError)
    assert issubclass(tv.NotFound, LookupError)
    error = tv.errors.from_code("NotFound", "no 'x'")
    assert isinstance(error, tv.NotFound)
    assert str(error) == "no 'x'"
    assert isinstance(tv.errors.from_code("FromTheFuture", "m"), tv.Error)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([""], "id"),
        (["x" * 901], "900"),
        (["\ud800"], r"ids\[0\]: not valid Unicode"),
        (["ok", 7], r"ids\[1\]: expected str, got int"),
        ([None], r"ids\[0\]: expected str, got NoneType"),
        ([b"x"], "expected str, got bytes"),
        (["a", "a"], "a"),
        ("a", "expected a list, got str"),
        (7, "expected a list, got int"),
    ],
)
def test_ids_that_are_none(notes, ids, message):
    rows = np.ones((len(ids) if isinstance(ids, list) else 1, 8), np.float32)
    with pytest.raises(tv.InvalidArgument, match=message):
        notes.upsert(ids, rows)
    assert notes.count() == 0


def test_longest_and_strangest_ids_are_fine(notes):
    ids = ["x" * 900, "/", "a\0b", "🦜" * 225, " ", "#", "'\"%_\\"]
    notes.upsert(ids, np.repeat(V, len(ids), axis=0))
    assert [chunk.id for chunk in notes.get(ids)] == ids


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"texts": ["a", "b"]}, "1"),
        ({"texts": [7]}, r"texts\[0\]: expected str, got int"),
        ({"texts": "a"}, "texts: expected a list, got str"),
        ({"texts": ["\udc80"]}, "lone surrogate"),
        ({"metadata": [{}, {}]}, "1"),
        ({"metadata": ["a"]}, r"metadata\[0\]: expected dict, got str"),
        ({"metadata": {"year": [1, 2]}}, r"metadata\['year'\]: expected 1 rows, got 2"),
        ({"metadata": {"year": 1}}, r"metadata\['year'\]: expected a list, got int"),
        ({"metadata": {"year": [2**63]}}, r"metadata\['year'\]\[0\]: .*int64"),
        ({"space": "minilm"}, "space: expected EmbeddingSpace, got str"),
        ({"label": 7}, "label: expected str"),
    ],
)
def test_upsert_arguments(notes, arguments, message):
    with pytest.raises(tv.InvalidArgument, match=message):
        notes.upsert(["a"], V, **arguments)
    assert notes.count() == 0


def test_one_bad_row_refuses_all(notes, rows):
    bad = rows.copy()
    bad[13, 2] = np.nan
    with pytest.raises(tv.InvalidArgument, match="13"):
        notes.upsert([f"id{i}" for i in range(20)], bad)
    assert notes.count() == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "k"),
        ({"k": -1}, "k: expected 0 or more, got -1"),
        ({"k": 16_385}, "16,?384"),
        ({"k": 2**40}, "k"),
        ({"k": 10**30}, "k"),
        ({"k": 2.5}, "k: expected int, got float"),
        ({"k": "3"}, "k: expected int, got str"),
        ({"k": True}, "k: expected int, got bool"),
        ({"ef": 0}, "ef"),
        ({"ef": "wide"}, "ef: expected int"),
        ({"deadline_ms": "soon"}, "deadline_ms: expected float"),
        ({"field": "vektor"}, "vector"),
        ({"field": 3}, "field: expected str"),
        ({"where": 7}, "where: expected str, dict or None"),
        ({"space": {"model": "m"}}, "space"),
        ({"receipt": "all"}, "receipt: expected 'off', 'summary' or 'keep', got 'all'"),
        ({"label": b"x"}, "label: expected str"),
        ({"like": "a"}, "like"),
    ],
)
def test_search_arguments(filled, arguments, message):
    with pytest.raises(tv.InvalidArgument, match=message):
        filled.search(vector=Q, **arguments)


def test_search_needs_something_to_search_by(filled):
    with pytest.raises(tv.InvalidArgument, match="vector"):
        filled.search()


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("year >= 2020 AND", "(?s)16.*\\^|\\^"),
        ("(year = 1", r"\^"),
        ("year = = 1", r"\^"),
        ("'open", r"\^"),
        ("yaer = 2000", "year"),
        ("\ud800 = 1", "lone surrogate"),
        ({"yaer": 2000}, "year"),
        ({"year": {"$gt": float("nan")}}, "where"),
        ({"year": {"$greater": 1}}, r"\$greater"),
        ({"year": object()}, "cannot be compared"),
        ({"year": b"x"}, "type bytes"),
    ],
)
def test_filters_say_where_they_are_wrong(filled, where, message):
    for call in (
        lambda: filled.search(vector=Q, where=where),
        lambda: filled.count(where),
        lambda: filled.delete(where=where),
    ):
        with pytest.raises(tv.InvalidArgument, match=message):
            call()
    assert filled.count() == 20


def test_a_filter_that_holds_itself_is_refused(filled):
    loop: dict = {}
    loop["$not"] = loop
    with pytest.raises(tv.InvalidArgument):
        filled.count(loop)


@pytest.mark.parametrize("batch_size", [0, -1, 100_001, "many", 2.0])
def test_scan_batch_sizes(filled, batch_size):
    with pytest.raises(tv.InvalidArgument, match="batch_size"):
        filled.scan(batch_size=batch_size)


@pytest.mark.parametrize("patch", [{"year": 2**64}, {"a": b"x"}, {3: 4}, ["a"], "a"])
def test_patches(filled, patch):
    with pytest.raises(tv.InvalidArgument, match="patch"):
        filled.update_metadata(patch, ids="n00")
    assert filled.get("n00")[0].metadata["year"] == 2000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dim": 0}, "dim"),
        ({"dim": 65_537}, "65,?536"),
        ({"dim": -4}, "dim"),
        ({"dim": "4"}, "dim: expected int, got str"),
        ({"dim": 4, "metric": "cosinus"}, "cosine"),
        ({"dim": 4, "vectors": {"v": 4}}, "not both"),
        ({"vectors": {"v": "4"}}, "expected VectorField or SparseField, got str"),
        ({"vectors": {f"v{i}": 4 for i in range(17)}}, "16"),
        ({"vectors": {"\ud800": 4}}, "lone surrogate"),
        ({"dim": 4, "text": "english"}, "expected TextField, got str"),
        ({"dim": 4, "durability": "always"}, "durability: expected 'async' or 'sync'"),
    ],
)
def test_schemas(db, arguments, message):
    with pytest.raises(tv.InvalidArgument, match=message):
        db.create_collection("c", **arguments)
    assert db.collections() == []


@pytest.mark.parametrize("name", ["", "x" * 256, "\ud800", 7, None])
def test_collection_names(db, name):
    with pytest.raises(tv.InvalidArgument):
        db.create_collection(name, dim=4)
    with pytest.raises(tv.Error):
        db.collection(name)


def test_a_missing_collection_names_the_nearest(db, notes):
    with pytest.raises(tv.NotFound, match="notes"):
        db.collection("note")
    with pytest.raises(tv.AlreadyExists, match="notes"):
        db.create_collection("notes", dim=8)
    with pytest.raises(tv.InvalidArgument, match="dimension"):
        db.collection("notes", dim=9)
    with pytest.raises(tv.NotFound):
        db.drop_collection("note")
