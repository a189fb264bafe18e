"""Search by text, and hybrid search."""

import math

import numpy as np
import pytest

import tracevec as tv

TEXTS = {
    "grow": "Reserving capacity: how a vector grows.",
    "move": "Elements of a vector move.",
    "sort": "Sort the elements.",
}


@pytest.fixture
def pages(db):
    pages = db.create_collection("texts", dim=3, text=tv.TextField())
    pages.upsert(list(TEXTS), np.eye(3), texts=list(TEXTS.values()), metadata={"n": [1, 2, 3]})
    return pages


def ids(hits):
    return [hit.id for hit in hits]


def test_words_phrases_signs_and_prefixes(pages):
    assert ids(pages.search(text="reserve capacities")) == ["grow"]
    assert ids(pages.search(text='"vector moves"')) == ["move"]
    assert set(ids(pages.search(text="vector"))) == {"grow", "move"}
    assert ids(pages.search(text="vector -capacity")) == ["move"]
    assert ids(pages.search(text="+sort vector")) == ["sort"]
    assert ids(pages.search(text="cap*")) == ["grow"]
    assert ids(pages.search(text="elements", where="n > 2")) == ["sort"]


def test_scores_are_bm25(pages):
    (hit,) = pages.search(text="capacity")
    lengths = [6, 5, 3]
    idf = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    norm = 1.2 * (0.25 + 0.75 * 6 / (sum(lengths) / 3))
    assert hit.score == pytest.approx(idf * 2.2 / (1 + norm), rel=1e-6)
    assert hit.text == TEXTS["grow"] and hit.dense is None and hit.lexical is None


def test_hybrid_hits_say_where_they_come_from(pages):
    hits = pages.search(text="capacity", vector=[0, 0, 1], k=3)
    assert ids(hits) == ["grow", "sort", "move"] or ids(hits)[0] in ("grow", "sort")
    by_id = {hit.id: hit for hit in hits}
    assert by_id["sort"].dense == (1, pytest.approx(1)) and by_id["sort"].lexical is None
    assert by_id["grow"].lexical[0] == 1
    receipt = hits.receipt
    assert receipt.plan.endswith("+lexical") and receipt.fusion == "rrf"
    assert [source.name for source in receipt.sources] == ["dense", "lexical"]
    assert [entry.id for entry in receipt.ledger] == ids(hits)
    assert {"lexical", "fuse"} <= {stage.name for stage in receipt.stages}
    assert receipt.to_dict()["ledger"][0]["id"] == hits[0].id


TEXT_ALONE = tv.Fusion("weighted", weights=[0, 1])


@pytest.mark.parametrize("fusion", ["rrf", "weighted", "dbsf", TEXT_ALONE])
def test_every_fusion_ranks(pages, fusion):
    hits = pages.search(text="capacity", vector=[1, 0, 0], k=2, fusion=fusion)
    assert hits[0].id == "grow"


def test_batches_of_texts(pages):
    found, scores = pages.search_batch(texts=["capacity", "sort", "nothing"], k=2)
    assert found.tolist() == [["grow", ""], ["sort", ""], ["", ""]]
    assert np.isnan(scores[2]).all()
    hybrid = pages.search_batch(np.eye(3), texts=["capacity"] * 3, k=1)
    assert [receipt.fusion for receipt in hybrid.receipts] == ["rrf"] * 3
    with pytest.raises(tv.InvalidArgument, match="2 texts for 3 query vectors"):
        pages.search_batch(np.eye(3), texts=["a", "b"])


def test_stop_words_and_parameters_are_kept(db):
    field = tv.TextField("german", stop_words=["der", "die"], k1=0.9, b=0.4)
    pages = db.create_collection("german", text=field)
    pages.upsert(["haus"], texts=["Die Häuser"])
    assert pages.schema.text == tv.TextField("german", ("der", "die"), 0.9, 0.4)
    assert ids(pages.search(text="Haus")) == ["haus"]
    nothing = pages.search(text="die der")
    assert nothing == [] and nothing.receipt.short_reason == "stop_words"
    english = db.create_collection("english", text=tv.TextField(stop_words="english"))
    assert len(english.schema.text.stop_words) == 33


def test_bad_arguments_say_what_is_wrong(db, pages):
    plain = db.create_collection("plain", dim=3)
    for call, message in [
        (lambda: plain.search(text="a"), "no text field"),
        (lambda: pages.search(text=""), "text is empty"),
        (lambda: pages.search(text="a" * 2**20), "1048576 bytes"),
        (lambda: pages.search(text="-a"), "only excludes"),
        (lambda: pages.search(), "neither vector, like nor text"),
        (lambda: pages.search(text="a", vector=[1, 0, 0], fusion="rff"), "did you mean 'rrf'"),
        (lambda: pages.search(text="a", vector=[1, 0, 0], fusion=3), "expected Fusion"),
        (lambda: db.create_collection("x", text=tv.TextField("englisch")), "english"),
        (lambda: db.create_collection("x", text=tv.TextField(b=2)), "b: expected 0 to 1"),
        (lambda: db.create_collection("x", text=tv.TextField(stop_words="dutch")), "stop_words"),
    ]:
        with pytest.raises(tv.InvalidArgument, match=message):
            call()
