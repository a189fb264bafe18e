"""Queries through pipelines: chains, callbacks, dicts, stored pipelines."""

import json
import threading
import time

import numpy as np
import pytest

import tracevec as tv

DIM = 16
COLOURS = ["red", "green", "blue", "yellow"]
FRUITS = ["apple", "pear", "plum"]


def encode(texts):
    """Counts of words, by a hash that is the same in every run."""
    rows = np.full((len(texts), DIM), 0.01, dtype=np.float32)
    for row, text in zip(rows, texts):
        for word in text.lower().replace(".", "").split():
            row[sum(word.encode()) % DIM] += 1
    return rows


@pytest.fixture
def pages(db):
    pages = db.create_collection(
        "pages", vectors={"body": DIM}, text=tv.TextField(), metadata={"n": int}
    )
    for n in range(8):
        parts = [
            f"Chunk {c} of page {n} is about a {COLOURS[(n + c) % 4]} {FRUITS[(n * 2 + c) % 3]}."
            for c in range(4)
        ]
        text = " ".join(parts)
        chunks, start = [], 0
        for part in parts:
            chunks.append(tv.Chunk((start, start + len(part))))
            start += len(part) + 1
        page = tv.Document(f"d{n}", text, metadata={"n": n}, chunks=chunks)
        pages.put_document(page, embed=encode)
    return pages


def chunks_of(answer):
    return [passage.citations[0].chunk for passage in answer]


def stage(answer, name):
    return next(stage for stage in answer.receipt.stages if stage.name == name)


def test_the_whole_chain_runs(pages):
    def cross_encoder(query, texts):
        return [float("red" in text) + 0.01 * len(text) for text in texts]

    answer = (
        pages.query("red apple")
        .expand(lambda query: [query + " fruit"])
        .dense(embed=encode, k=50)
        .lexical(k=50)
        .where("n >= 2")
        .fuse("rrf", k=60, weights=[1.0, 0.7])
        .rerank(cross_encoder, top=20, batch_size=8)
        .threshold(0.2, on="rerank")
        .dedup(0.999)
        .mmr(0.9)
        .group_by_document(3)
        .combine("neighbors", window=1)
        .summarize(lambda query, passage: passage.text.upper())
        .limit(3)
        .budget(tokens=2000, count=str.split)
        .order("edges")
        .run(deadline_ms=5000, label="helpdesk")
    )
    assert 0 < len(answer) <= 3
    for passage in answer:
        assert passage.text.isupper() and passage.metadata["n"] >= 2 and passage.tokens > 0
        assert passage.citations[0].document == passage.document
        stages = [score.stage for score in passage.citations[0].scores]
        assert "fused" in stages and "rerank" in stages
    receipt = answer.receipt
    assert receipt.label == "helpdesk" and receipt.phrasings == 2
    assert len(receipt.stages[0].calls) == 1
    assert receipt.to_dict()["stages"][0]["name"] == "expand"
    assert json.dumps(receipt.to_dict()["passages"])
    assert not any(stage.skipped for stage in receipt.stages)


def test_each_method_leaves_the_query_it_was_called_on(pages):
    base = pages.query("red apple").lexical()
    assert len(base.limit(1).run()) == 1
    assert len(base.limit(2).run()) == 2
    assert len(base.run()) > 2


def test_a_pipeline_is_a_dict_and_back(pages):
    chained = tv.Pipeline().dense(k=50).lexical().where({"n": {"$gte": 2}}).mmr(0.5)
    chained = chained.limit(np.int64(4))
    declaration = chained.to_dict()
    again = tv.Pipeline.from_dict(declaration)
    assert again.to_dict() == declaration and again.hash == chained.hash
    assert declaration["stages"][0] == {"stage": "mmr", "lambda": 0.5, "top": 100}
    answer = pages.query("red apple", pipeline=again).run(callbacks={"embed": encode})
    assert len(answer) == 4 and answer.receipt.pipeline == chained.hash
    direct = pages.query("red apple").dense(embed=encode, k=50).lexical().where("n >= 2").mmr(0.5)
    assert chunks_of(direct.limit(4).run()) == chunks_of(answer)


def test_pipelines_are_stored_by_name(db, path, pages):
    pipeline = tv.Pipeline().lexical().limit(2)
    assert db.put_pipeline("short", pipeline) == pipeline.hash
    db.close()
    with tv.open(path) as reopened:
        assert reopened.pipeline("short").to_dict() == pipeline.to_dict()
        (info,) = reopened.pipelines()
        assert (info.name, info.hash) == ("short", pipeline.hash)
        with pytest.raises(tv.NotFound, match="did you mean 'short'"):
            reopened.pipeline("shorts")
        found = reopened.collection("pages").query("red", pipeline=reopened.pipeline("short"))
        assert len(found.run()) == 2
        reopened.delete_pipeline("short")
        assert reopened.pipelines() == []


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ({"stages": [{"stage": "reranck"}]}, r"stages\[0\].stage: .*did you mean 'rerank'"),
        ({"stages": [{"stage": "mmr"}, {"stage": "limit", "top": 1}]}, r"stages\[1\].top"),
        ({"stages": [{"stage": "limit", "count": 0}]}, r"stages\[0\].count"),
        ({"stages": [{"stage": "limit"}, {"stage": "mmr"}]}, r"stages\[1\]"),
        ({"source": []}, "did you mean 'sources'"),
        ({"sources": [{"kind": "dense", "k": float("nan")}]}, "pipeline"),
        ([], "expected a dict"),
    ],
)
def test_declarations_that_are_wrong_name_the_place(declaration, message):
    with pytest.raises(tv.InvalidArgument, match=message):
        tv.Pipeline.from_dict(declaration)


def test_malformed_json_names_the_byte():
    with pytest.raises(tv.InvalidArgument, match="byte 12"):
        tv.Pipeline.from_json('{"stages": !}')


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda q: q.limit(1).lexical(), "lexical: declared after a stage"),
        (lambda q: q.lexical().limit(1).mmr(), r"stages\[1\]"),
        (lambda q: q.lexical().rerank(lambda q, t: [], top=0), r"stages\[0\].top"),
        (lambda q: q.dense(), "no callback 'embed'"),
        (lambda q: q.dense(vector=[1.0]), r"sources\[0\]"),
        (lambda q: q.dense("boddy", embed=encode), "did you mean 'body'"),
        (lambda q: q.lexical().rerank(3), "expected a callable"),
        (lambda q: q.dense(embed=3), "expected a callable"),
        (lambda q: q.lexical().combine("neighbours"), "did you mean 'neighbors'"),
        (lambda q: q.where(7), "where"),
    ],
)
def test_chains_that_are_wrong_say_so(pages, build, message):
    with pytest.raises(tv.InvalidArgument, match=message):
        build(pages.query("red")).run()


@pytest.mark.parametrize("text", ["", "a" * (1 << 20), None, 7])
def test_texts_that_are_no_query_are_refused(pages, text):
    with pytest.raises(tv.InvalidArgument):
        pages.query(text).lexical().run()


def test_arguments_of_run_are_checked(pages):
    query = pages.query("red").lexical()
    for wrong in ({"deadline_ms": 0}, {"on_error": "ignore"}, {"callbacks": {"x": encode}}):
        with pytest.raises(tv.InvalidArgument):
            query.run(**wrong)
    assert query.run(receipt="off").receipt is None


def _raises(texts):
    raise RuntimeError("model is gone")


@pytest.mark.parametrize(
    ("embed", "reason"),
    [
        (_raises, "RuntimeError: model is gone"),
        (lambda texts: None, "InvalidArgument"),
        (lambda texts: np.zeros((0, DIM)), "gave what it must not"),
        (lambda texts: np.ones((len(texts), 3)), "gave what it must not"),
        (lambda texts: np.full((len(texts), DIM), np.nan), "gave what it must not"),
    ],
)
@pytest.mark.parametrize("deadline_ms", [None, 5000])
def test_a_bad_embedder_leaves_the_search_by_text(pages, embed, reason, deadline_ms):
    query = pages.query("red apple").dense(embed=embed).limit(4)
    answer = query.run(deadline_ms)
    assert chunks_of(answer) == chunks_of(pages.query("red apple").lexical().limit(4).run())
    assert reason in stage(answer, "embed").skipped
    assert stage(answer, "embed").degraded == "a search by text stands in"
    with pytest.raises(Exception, match="model is gone" if embed is _raises else "embed"):
        query.run(deadline_ms, on_error="raise")


def test_an_exception_is_raised_as_it_is(pages):
    with pytest.raises(RuntimeError, match="model is gone"):
        pages.query("red").dense(embed=_raises).run(on_error="raise")


def test_an_interrupt_is_not_passed_over(pages):
    def interrupted(query, texts):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pages.query("red").lexical().rerank(interrupted).run()


def test_a_callback_that_hangs_is_left_at_the_deadline(pages):
    gate = threading.Event()

    def hangs(texts):
        gate.wait(30)
        return encode(texts)

    try:
        began = time.monotonic()
        answer = pages.query("red apple").dense(embed=hangs).limit(4).run(deadline_ms=50)
        assert time.monotonic() - began < 20
        assert len(answer) == 4 and answer.receipt.deadline_cut
        assert "deadline" in stage(answer, "embed").skipped
        with pytest.raises(tv.DeadlineExceeded):
            pages.query("red").dense(embed=hangs).run(deadline_ms=50, on_error="raise")
    finally:
        gate.set()


def test_more_hanging_callbacks_than_threads_hold_up_no_query(pages):
    gate = threading.Event()
    try:
        for _ in range(12):
            query = pages.query("red").lexical().rerank(lambda query, texts: gate.wait(30))
            assert len(query.limit(2).run(deadline_ms=10)) == 2
    finally:
        gate.set()


@pytest.mark.parametrize(
    "rerank",
    [
        lambda query, texts: [],
        lambda query, texts: [float("nan")] * len(texts),
        lambda query, texts: None,
        lambda query, texts: ["a"] * len(texts),
        lambda query, texts: 1 / 0,
    ],
)
def test_a_bad_reranker_leaves_the_order(pages, rerank):
    query = pages.query("red apple").lexical().rerank(rerank).threshold(0.5, on="rerank").limit(4)
    answer = query.run()
    assert chunks_of(answer) == chunks_of(pages.query("red apple").lexical().limit(4).run())
    assert stage(answer, "rerank").skipped and stage(answer, "threshold").skipped
    with pytest.raises(Exception):
        query.run(on_error="raise")


def test_what_calls_say_of_themselves_is_in_the_receipt(pages):
    info = tv.CallInfo("minilm", "1", tokens_in=2)
    answer = pages.query("red").dense(embed=lambda texts: (encode(texts), info)).run()
    (call,) = stage(answer, "embed").calls
    assert call.info == info and call.texts == 1 and call.micros > 0


def test_a_cross_encoder_predicts_pairs(pages):
    class CrossEncoder:
        def predict(self, pairs):
            return np.array([len(text) for query, text in pairs], dtype=np.float64)

    answer = pages.query("red").lexical().rerank(CrossEncoder(), top=5).run()
    assert len(answer) == 5 and not stage(answer, "rerank").skipped
    assert answer[0].score == max(passage.score for passage in answer)


def test_the_space_that_an_embedder_carries_is_declared(db):
    spaced = db.create_collection(
        "spaced", vectors={"body": tv.VectorField(DIM, space=tv.EmbeddingSpace("a"))}
    )

    def other(texts):
        return encode(texts)

    other.space = tv.EmbeddingSpace("b")
    with pytest.raises(tv.EmbeddingSpaceMismatch):
        spaced.query("x").dense(embed=other).run()
    with pytest.raises(tv.EmbeddingSpaceMismatch):
        spaced.query("x", pipeline=tv.Pipeline().dense()).run(callbacks={"embed": other})


def test_passages_stay_valid_after_the_database_is_closed(db, pages):
    answer = pages.query("red").lexical().limit(2).run()
    db.close()
    assert answer[0].text and answer.receipt.stages
    with pytest.raises(tv.Closed):
        pages.query("red").lexical().run()


def test_a_prompt_has_the_passages_and_the_receipt_its_template(pages):
    answer = pages.query("red apple").lexical().limit(2).run()
    prompt = answer.to_prompt("{query}{#passages} <{number} {document} {text}>{/passages}")
    assert prompt.startswith("red apple <1 ") and answer[1].text in prompt
    assert len(answer.receipt.prompt_template) == 32
    assert answer[0].text in answer.to_prompt()
    with pytest.raises(tv.InvalidArgument, match="did you mean 'text'"):
        answer.to_prompt("{#passages}{txet}{/passages}")


def test_sparse_fields_are_sources_too(db):
    rows = db.create_collection("sparse", vectors={"terms": tv.SparseField()})
    rows.upsert(["a", "b"], {"terms": [{1: 1.0, 7: 2.0}, {7: 3.0}]})
    assert chunks_of(rows.query("").sparse(vector={7: 1.0}).run()) == ["b", "a"]
    encoded = rows.query("x").sparse("terms", encode=lambda texts: [{1: 1.0}] * len(texts))
    assert chunks_of(encoded.run()) == ["a"]
    assert encoded.to_dict()["sources"][0]["encode"] == "encode"
    bad = rows.query("x").sparse(encode=lambda texts: [{-1: 1.0}]).run()
    assert bad == [] and "index -1" in stage(bad, "encode").skipped
