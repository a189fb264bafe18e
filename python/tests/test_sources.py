"""Searches of several sources: fields, phrasings, sparse vectors."""

import types

import numpy as np
import pytest

import tracevec as tv


@pytest.fixture
def pages(db):
    fields = {"title": tv.VectorField(2), "body": tv.VectorField(3), "splade": tv.SparseField()}
    pages = db.create_collection("pages", vectors=fields, text=tv.TextField("simple"))
    pages.upsert(
        ["a", "b", "c"],
        {
            "title": [[1, 0], [0, 1], [1, 1]],
            "body": np.eye(3),
            "splade": [{3: 0.5, 17: 2.0}, {17: 1.0, 2**32 - 1: 0.25}, {}],
        },
        texts=["grow a vector", "sort", "move"],
    )
    return pages


def ids(hits):
    return [hit.id for hit in hits]


def test_several_fields_are_fused(pages):
    hits = pages.search({"title": [0, 1], "body": [0, 1, 0]}, k=3)
    assert ids(hits)[0] == "b"
    assert [(s.kind, s.field, s.rank) for s in hits[0].sources] == [
        ("dense", "title", 1),
        ("dense", "body", 1),
    ]
    assert [source.field for source in hits.receipt.sources] == ["title", "body"]
    weighted = pages.search(
        {"title": [1, 0], "body": [0, 1, 0]}, k=1, fusion=tv.Fusion(weights=[0, 1])
    )
    assert ids(weighted) == ["b"]
    assert pages.explain({"title": [0, 1], "body": [0, 1, 0]}).plan == hits.receipt.plan


def test_phrasings_are_rows_and_texts(pages):
    hits = pages.search({"body": [[1, 0, 0], [0, 1, 0]]}, text=["grow", "sort", "move"], k=3)
    assert sorted(ids(hits)) == ["a", "b", "c"]
    found = {(s.kind, s.phrasing): s.rank for s in {h.id: h for h in hits}["b"].sources}
    assert found[("dense", 1)] == 1 and found[("lexical", 1)] == 1
    assert {(s.name, s.phrasing) for s in hits.receipt.sources} == {
        ("dense", 0),
        ("dense", 1),
        ("lexical", 0),
        ("lexical", 1),
        ("lexical", 2),
    }
    one = pages.search([[0, 1, 0]], field="body")
    assert ids(one) == ids(pages.search([0, 1, 0], field="body")) and one[0].sources == []


def test_sparse_vectors_are_searched_and_given_back(pages):
    hits = pages.search({"splade": {17: 1.5, 3: 2}})
    assert [(hit.id, hit.score) for hit in hits] == [("a", 4.0), ("b", 1.5)]
    assert hits.receipt.plan == "sparse"
    assert ids(pages.search({2**32 - 1: 1})) == ["b"]  # for the only sparse field
    assert pages.search({"splade": {}}) == [] and pages.search({"splade": {5: 1}}) == []
    a, c = pages.get(["a", "c"], vectors=True)
    assert a.vectors["splade"] == {3: 0.5, 17: 2.0} and "splade" not in c.vectors
    everything = pages.search({"body": [1, 0, 0], "splade": {17: 1}}, text="grow")
    assert everything[0].id == "a" and everything[0].sparse == (1, 2.0)
    assert everything.receipt.to_dict()["ledger"][0]["sparse_rank"] == 1


def test_sparse_matrices_are_rows(db):
    notes = db.create_collection("notes", vectors={"s": tv.SparseField()})
    assert notes.schema.vectors == {"s": tv.SparseField()}
    matrix = types.SimpleNamespace(  # what scipy.sparse.csr_matrix has
        indptr=np.array([0, 2, 2, 3], np.int32),
        indices=np.array([4, 1, 9], np.int32),
        data=np.array([1.0, 2.0, 3.0]),
    )
    notes.upsert(["x", "y", "z"], matrix)
    assert [c.vectors for c in notes.get(["x", "y", "z"], vectors=True)] == [
        {"s": {1: 2.0, 4: 1.0}},
        {},
        {"s": {9: 3.0}},
    ]
    assert ids(notes.search([{9: 1}, {4: 1}])) == ["x", "z"]
    count = 9000
    rows = [{i % 50: 1.0 + i} for i in range(count)]
    notes.upsert([str(i) for i in range(count)], rows, progress=True)
    assert ids(notes.search({7: 1}, k=1)) == [str(max(range(7, count, 50)))]


def test_documents_take_sparse_vectors(db):
    pages = db.create_collection("docs", vectors={"s": tv.SparseField()})
    chunks = [tv.Chunk(span=(0, 5)), tv.Chunk(span=(5, 10))]
    document = tv.Document("d", text="firstsecond"[:10], chunks=chunks)
    pages.put_document(document, vectors={"s": [{1: 1}, {2: 2}]})
    assert [c.vectors["s"] for c in pages.document("d", vectors=True).chunks] == [{1: 1}, {2: 2}]
    others = [tv.Document(f"e{i}", text=f"text {i}") for i in range(3)]
    pages.put_documents(others, vectors=lambda document: {"s": [{int(document.id[1:]): 5}]})
    assert ids(pages.search({"s": {2: 1}})) == ["e2#" + pages.search({"s": {2: 1}})[0].id[3:]] + [
        pages.document("d").chunks[1].id
    ]


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        ({"splade": {-1: 1}}, "index -1, expected an int of 0 to 2"),
        ({"splade": {2**32: 1}}, "index 4294967296"),
        ({"splade": {"x": 1}}, "index 'x'"),
        ({"splade": {1: "x"}}, "the value of index 1 is a str"),
        ({"splade": {1: float("nan")}}, "value of index 1 is nan"),
        ({"splade": {1: float("inf")}}, "value of index 1 is inf"),
        ({"splade": {1: 1e300}}, "value of index 1 is inf"),
        ({"splad": {1: 1}}, "no sparse field 'splad' .did you mean 'splade'"),
        ({"body": {1: 1}}, "no sparse field 'body'"),
        ({"splade": [1, 0]}, "no vector field 'splade'"),
        ({"title": [1, 0], "body": [1]}, "'body': dimension: expected 3, got 1"),
        ({"body": np.zeros((0, 3))}, "2-D"),
        (np.zeros((2, 2, 3)), "2-D"),
    ],
)
def test_bad_queries_say_what_is_wrong(pages, vector, message):
    with pytest.raises(tv.InvalidArgument, match=message):
        pages.search(vector)


def test_bad_rows_change_nothing(pages):
    matrix = types.SimpleNamespace(indptr=[0, 3], indices=np.array([1]), data=np.array([1.0]))
    negative = types.SimpleNamespace(indptr=[0, 1], indices=np.array([-1]), data=np.array([1.0]))
    for rows, message in [
        (matrix, "indptr does not ascend from 0 to at most 1"),
        (negative, "index -1"),
        ([{1: 1}, {2: 2}], "expected 1 rows, got 2"),
        ([{1: 1, 2: float("nan")}], "row 0.*index 2 is nan"),
    ]:
        with pytest.raises(tv.InvalidArgument, match=message):
            pages.upsert(["new"], {"splade": rows})
    assert pages.count() == 3
    with pytest.raises(tv.InvalidArgument, match="text: an empty list"):
        pages.search(text=[])
