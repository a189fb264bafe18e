"""Semantic routing."""

import numpy as np
import pytest

import tracevec as tv

OURS = tv.EmbeddingSpace("ours", "1")


def embed(texts):
    """Two dimensions: money, weather."""
    return np.array([["bill" in t or "pay" in t, "rain" in t or "sun" in t] for t in texts], float)


ROUTES = [
    tv.Route("billing", ["pay a bill", "the bill"], threshold=0.8, collections=["invoices"],
             where="year >= 2020"),
    tv.Route("weather", ["will it rain"], threshold=0.8),
]  # fmt: skip


def test_routes_are_stored_and_asked(path):
    with tv.open(path) as db:
        db.put_routes("intents", ROUTES, embed=embed)
    with tv.open(path) as db:
        assert db.list_routes() == ["intents"]
        (match,) = db.route("intents", vector=[1, 0.1])
        assert (match.name, match.utterance) == ("billing", "pay a bill")
        assert match.score == pytest.approx(1 / np.sqrt(1.01), rel=1e-6)
        assert match.collections == ["invoices"] and match.where == "year >= 2020"
        assert [m.name for m in db.route("intents", text="pay when it rains", embed=embed)] == []
        assert db.route("intents", text="sun", embed=embed)[0].where is None
        stored = db.routes("intents")
        assert (stored.name, stored.dim, stored.metric) == ("intents", 2, "cosine")
        assert stored.space is None
        assert [r.name for r in stored.routes] == ["billing", "weather"]
        np.testing.assert_array_equal(stored.routes[0].vectors, [[1, 0], [1, 0]])
        db.put_routes("again", stored.routes)
        assert db.routes("again").routes[1].utterances == ("will it rain",)
        db.delete_routes("again")
        with pytest.raises(tv.NotFound, match="did you mean 'intents'"):
            db.route("intent", vector=[1, 0])


def test_best_comes_first_and_top_cuts(db):
    both = [tv.Route(n, ["x"], [v], threshold=-1) for n, v in [("a", [1, 0]), ("b", [1, 1])]]
    db.put_routes("set", both)
    assert [m.name for m in db.route("set", vector=[0.5, 1])] == ["b", "a"]
    assert [m.name for m in db.route("set", vector=[0.5, 1], top=1)] == ["b"]
    db.put_routes("l2", both, metric="l2")
    assert db.route("l2", vector=[1, 1]) == [] or db.route("l2", vector=[1, 1])[0].score == 0


def test_spaces_are_checked(db):
    def ours(texts):
        return embed(texts)

    ours.space = OURS
    db.put_routes("set", ROUTES, embed=ours)
    assert db.routes("set").space == OURS
    assert db.route("set", vector=[1, 0]) and db.route("set", text="pay", embed=ours)
    with pytest.raises(tv.EmbeddingSpaceMismatch, match="ours.*theirs"):
        db.route("set", vector=[1, 0], space=tv.EmbeddingSpace("theirs"))
    with pytest.raises(tv.EmbeddingSpaceMismatch):
        db.put_routes("set", ROUTES, embed=ours, space=tv.EmbeddingSpace("theirs"))


@pytest.mark.parametrize(
    ("routes", "message"),
    [
        ([tv.Route("a", [], np.zeros((0, 2)))], "route 'a': it has no utterances"),
        ([tv.Route("a", ["x"], [[0, 0]])], "route 'a': vector of utterance 0"),
        ([tv.Route("a", ["x"], [[1, 0], [0, 1]])], "expected 1 x 2 = 2 floats, got 4"),
        ([tv.Route("a", ["x"], [[1]]), tv.Route("a", ["x"], [[1]])], "given twice"),
        ([tv.Route("a", ["x"], [[1]], where="year >")], "route 'a'|year >"),
        ([tv.Route("a", ["x"], [[1]], threshold=float("nan"))], "threshold"),
        ([tv.Route("a", ["x"])], "give vectors, or embed"),
        (["a"], "expected Route, got str"),
    ],
)
def test_bad_routes_are_refused_whole(db, routes, message):
    with pytest.raises(tv.InvalidArgument, match=message):
        db.put_routes("set", routes)
    assert db.list_routes() == []


def test_bad_questions_say_what_is_wrong(db):
    db.put_routes("set", ROUTES, embed=embed)
    with pytest.raises(tv.InvalidArgument, match="expected 2, got 3"):
        db.route("set", vector=[1, 0, 0])
    with pytest.raises(tv.InvalidArgument, match="give vector, or text"):
        db.route("set")
    with pytest.raises(tv.InvalidArgument, match="text needs embed"):
        db.route("set", text="x")
