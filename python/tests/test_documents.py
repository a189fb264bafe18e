"""Documents: put, planned, read, listed and deleted; what did not change is not embedded again."""

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

import tracevec as tv

TEXT = """# Vector

A vector is a sequence container.

## Remarks

It grows at its end in amortised constant time.

## Example

    v.push_back(1)
"""


class Embedder:
    """Hashes words into 8 places; remembers what it was asked for."""

    def __init__(self, space=None):
        self.calls = []
        if space is not None:
            self.space = space

    def __call__(self, texts):
        self.calls.append(list(texts))
        rows = np.zeros((len(texts), 8))
        for row, text in zip(rows, texts, strict=True):
            row[0] = 0.1
            for word in text.split():
                row[sum(word.encode()) % 8] += 1
        return rows

    @property
    def texts(self):
        return [text for call in self.calls for text in call]


@pytest.fixture
def embed():
    return Embedder()


@pytest.fixture
def pages(db):
    return db.create_collection("pages", vectors={"body": tv.VectorField(8)}, text=tv.TextField())


def page(text=TEXT, id="docs/vector.md", **fields):
    return tv.Document(id, text, title="vector class", metadata={"area": "stl"}, **fields)


def test_put_reads_back_with_provenance(pages, embed):
    expires = datetime.now(timezone.utc) + timedelta(days=1)
    result = pages.put_document(
        page(uri="https://x.org/v", parser="markdown 3.7", expires_at=expires),
        embed=embed,
        label="nightly",
    )
    assert (result.version, result.unchanged, result.kept, result.removed) == (1, False, 0, 0)
    stored = pages.document("docs/vector.md", vectors=True)
    assert result.added == result.embedded == len(stored.chunks) == len(embed.texts) > 1
    assert (stored.id, stored.version, stored.text) == ("docs/vector.md", 1, TEXT)
    assert (stored.title, stored.uri, stored.parser) == (
        "vector class",
        "https://x.org/v",
        "markdown 3.7",
    )
    assert stored.metadata == {"area": "stl"}
    assert stored.chunker == tv.Chunker("heading", 480, 0)
    assert stored.expires_at == expires
    assert stored.info.label == "nightly"
    assert abs(stored.created - datetime.now(timezone.utc)) < timedelta(minutes=5)
    for ordinal, chunk in enumerate(stored.chunks):
        start, end = chunk.span
        assert chunk.text == TEXT[start:end]
        assert chunk.ordinal == ordinal
        assert chunk.document == "docs/vector.md"
        assert chunk.metadata == {"area": "stl"}
        np.testing.assert_allclose(chunk.vectors["body"], embed([chunk.text])[0], rtol=1e-6)


def test_the_same_document_twice_writes_nothing(pages, embed):
    first = pages.put_document(page(), embed=embed)
    calls = len(embed.calls)
    second = pages.put_document(page(), embed=embed)
    assert second.unchanged
    assert (second.version, second.embedded) == (first.version, 0)
    assert len(embed.calls) == calls


def test_only_changed_chunks_are_embedded(pages, embed):
    pages.put_document(page(), embed=embed)
    before = {chunk.text: chunk.id for chunk in pages.document("docs/vector.md").chunks}
    embed.calls.clear()
    result = pages.put_document(page(TEXT.replace("its end", "its back end")), embed=embed)
    after = {chunk.text: chunk.id for chunk in pages.document("docs/vector.md").chunks}
    assert (result.added, result.removed, result.embedded) == (1, 1, 1)
    assert result.kept == len(before) - 1
    (embedded,) = embed.texts
    assert "its back end" in embedded
    shared = before.keys() & after.keys()
    assert len(shared) == result.kept
    assert all(before[text] == after[text] for text in shared)
    assert [v.version for v in pages.history("docs/vector.md")] == [2, 1]
    newest = pages.history("docs/vector.md")[0]
    assert (newest.kept, newest.added, newest.removed) == (result.kept, 1, 1)


def test_a_plan_writes_nothing_and_then_guides_the_put(pages, embed):
    plan = pages.plan_update(page())
    assert (plan.document, plan.base_version, plan.unchanged) == ("docs/vector.md", 0, False)
    assert (plan.kept, plan.removed) == ([], [])
    assert [chunk.ordinal for chunk in plan.to_embed] == list(range(len(plan.to_embed)))
    assert plan.to_embed[0].texts == {"body": plan.to_embed[0].text}
    assert pages.count() == 0
    rows = embed([chunk.text for chunk in plan.to_embed])
    result = pages.put_document(page(), vectors={"body": rows}, plan=plan)
    assert (result.added, result.embedded) == (len(rows), 0)
    assert pages.plan_update(page()).unchanged
    with pytest.raises(tv.Conflict, match="1"):
        pages.put_document(page("another text"), vectors=rows[:1], plan=plan)


def test_vectors_without_a_plan_are_one_a_chunk(pages):
    document = tv.Document(
        "d",
        "alpha beta",
        chunks=[
            tv.Chunk((0, 5), section="Greek", page=3, token_count=1, metadata={"n": 1}),
            tv.Chunk(text="apart", id="d/own", parent=0),
        ],
        chunker=tv.Chunker("by hand"),
    )
    pages.put_document(document, vectors=np.eye(8)[:2])
    first, second = pages.document("d").chunks
    assert (first.text, first.span, first.section, first.page) == ("alpha", (0, 5), "Greek", 3)
    assert (first.token_count, first.metadata) == (1, {"n": 1})
    assert (second.id, second.text, second.span, second.parent) == (
        "d/own",
        "apart",
        None,
        first.id,
    )
    hit = pages.search(vector=np.eye(8)[0], k=1)[0]
    assert (hit.document, hit.span, hit.section, hit.page) == ("d", (0, 5), "Greek", 3)
    with pytest.raises(tv.InvalidArgument, match="dimension: expected 8, got 7"):
        pages.put_document(document, vectors=np.eye(7)[:2])
    with pytest.raises(tv.InvalidArgument):
        pages.put_document(tv.Document("e", "some text"), vectors=np.eye(8)[:5])


def test_spans_count_code_points(pages, embed):
    text = "# Überschrift 🦜\n\nDer Papagei 🦜 spricht.\n\n# 二\n\n漢字の段落。\n"
    pages.put_document(page(text, id="unicode"), embed=embed)
    for chunk in pages.document("unicode").chunks:
        assert chunk.text == text[slice(*chunk.span)]


class Failure(Exception):
    pass


@pytest.mark.parametrize("error", [Failure("model is down"), KeyboardInterrupt()])
def test_what_an_embedder_raises_reaches_the_caller(pages, error):
    def broken(texts):
        raise error

    for put in (
        lambda: pages.put_document(page(), embed=broken),
        lambda: pages.put_documents([page(), page(id="other")], embed=broken),
    ):
        with pytest.raises(type(error)) as caught:
            put()
        assert caught.value is error
    assert pages.count() == 0
    with pytest.raises(tv.NotFound):
        pages.document("docs/vector.md")


@pytest.mark.parametrize(
    ("embed", "message"),
    [
        (lambda texts: np.ones((len(texts) + 1, 8)), "rows, one a text"),
        (lambda texts: np.ones((len(texts), 9)), "dimension: expected 8, got 9"),
        (lambda texts: np.ones(8), "2-D"),
        (lambda texts: [["x"] * 8] * len(texts), "dtype <U1"),
        (lambda texts: None, "dtype object"),
        (lambda texts: np.full((len(texts), 8), np.nan), "."),
        ("model", "expected a callable, got str"),
        ({"body": None}, "expected a callable, got NoneType"),
        ({"title": lambda texts: np.ones((len(texts), 8))}, "title"),
    ],
)
def test_what_an_embedder_returns_is_checked(pages, embed, message):
    with pytest.raises(tv.InvalidArgument, match=message):
        pages.put_document(page(), embed=embed)
    assert pages.count() == 0


def test_an_embedder_may_use_the_collection(pages, embed):
    """It runs in the caller's thread, and no lock is held meanwhile."""
    pages.put_document(page(id="first"), embed=embed)

    def curious(texts):
        assert pages.count() > 0
        pages.put_document(page(id="second"), embed=embed)
        return embed(texts)

    pages.put_document(page(id="third"), embed=curious)
    assert {c.document for c in pages.scan()} == {"first", "second", "third"}


def test_a_document_that_moves_meanwhile_is_tried_again(pages, embed):
    rivals = iter(["one", "two"])

    def slow(texts):
        for rival in rivals:
            pages.put_document(page(f"by a rival, {rival}"), embed=embed)
            break
        return embed(texts)

    pages.put_document(page("mine"), embed=slow)
    assert pages.document("docs/vector.md").text == "mine"


def test_batches_are_no_larger_than_asked(pages, embed):
    text = "\n\n".join(f"# Section {i}\n\nparagraph {i}" for i in range(25))
    pages.put_document(page(text), embed=embed, embed_batch_size=7)
    assert max(map(len, embed.calls)) == 7
    assert len(embed.texts) == 25


def test_embedders_carry_their_space(db):
    ours, theirs = tv.EmbeddingSpace("m", revision="1"), tv.EmbeddingSpace("m", revision="2")
    typed = db.create_collection(
        "typed",
        vectors={"body": tv.VectorField(8, space=ours), "title": tv.VectorField(8, space=theirs)},
    )
    typed.put_document(page(), embed={"body": Embedder(ours), "title": Embedder(theirs)})
    for wrong in (
        {"body": Embedder(theirs), "title": Embedder(theirs)},
        {"body": Embedder(ours), "title": Embedder(ours)},
        {"body": Embedder(theirs), "title": Embedder()},
    ):
        with pytest.raises(tv.EmbeddingSpaceMismatch):
            typed.put_document(page(id="other"), embed=wrong)
    single = db.create_collection("single", vectors={"body": tv.VectorField(8, space=ours)})
    single.put_document(page(), embed=Embedder(ours))
    assert single.stats().asserted_vectors == 0
    with pytest.raises(tv.EmbeddingSpaceMismatch):
        single.put_document(page(id="other"), embed=Embedder(theirs))


def test_the_embed_template_decides_what_is_embedded(db, embed):
    field = tv.VectorField(8, embed_template="{title} | {text}")
    titled = db.create_collection("titled", vectors={"body": field})
    titled.put_document(tv.Document("d", "words", title="T"), embed=embed)
    assert embed.texts == ["T | words"]
    again = titled.put_document(tv.Document("d", "words", title="U"), embed=embed)
    assert again.embedded == 1


def test_put_documents_streams(pages, embed):
    seen = []

    def documents():
        for i in range(600):
            seen.append(pages.count())
            yield tv.Document(f"d{i}", f"text number {i}")

    results = pages.put_documents(documents(), embed=embed)
    assert len(results) == results.added == results.embedded == 600
    assert results.commit > 0
    assert pages.count() == 600
    assert seen[0] == 0
    assert 0 < seen[300] <= 300  # groups are written while the generator goes on
    again = pages.put_documents(
        (tv.Document(f"d{i}", f"text number {i}") for i in range(600)), embed
    )
    assert (again.unchanged, again.embedded, again.added) == (600, 0, 0)
    assert "documents=600" in repr(again)


def test_put_documents_with_vectors(pages):
    vectors = {"a": np.eye(8)[0], "b": np.eye(8)[1]}
    documents = [tv.Document(name, name) for name in vectors]
    results = pages.put_documents(documents, vectors=lambda document: [vectors[document.id]])
    assert [result.added for result in results] == [1, 1]
    assert pages.search(vector=vectors["b"], k=1)[0].document == "b"


def test_put_documents_refuses_other_things(pages, embed):
    with pytest.raises(tv.InvalidArgument, match="use put_document"):
        pages.put_documents(page(), embed=embed)
    with pytest.raises(tv.InvalidArgument, match="expected Document, got dict"):
        pages.put_documents([{"id": "a"}], embed=embed)


def test_delete_document(pages, embed):
    chunks = pages.put_document(page(), embed=embed).added
    assert pages.delete_document("nope").deleted == 0
    assert pages.delete_document("docs/vector.md").deleted == chunks
    assert pages.count() == 0
    with pytest.raises(tv.NotFound):
        pages.document("docs/vector.md")
    with pytest.raises(tv.NotFound):
        pages.history("never")


def test_one_chunk_of_many_cannot_be_deleted(pages, embed):
    pages.put_document(page(), embed=embed)
    stored = pages.document("docs/vector.md")
    with pytest.raises(tv.InvalidArgument):
        pages.delete([stored.chunks[0].id])
    assert pages.count() == len(stored.chunks)
    assert pages.delete(where="document = 'docs/vector.md'").deleted == len(stored.chunks)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (tv.Document("", "t"), "id"),
        (tv.Document("x" * 901, "t"), "900"),
        (tv.Document("\ud800", "t"), "document.id: .*surrogate"),
        (tv.Document("d", "\udfff"), "document.text: .*surrogate"),
        (tv.Document("d", 7), "document.text: expected str, got int"),
        (tv.Document("d", "t", title=None), "document.title: expected str"),
        (tv.Document("d", "t", metadata={"a": b""}), "document.metadata: 'a'"),
        (tv.Document("d", "t", metadata={"year": 2**63}), "int64"),
        (tv.Document("d", "t", expires_at="tomorrow"), "expires_at: expected datetime"),
        (tv.Document("d", "t", chunker="heading"), "chunker: expected Chunker, got str"),
        (tv.Document("d", "t", chunker=tv.Chunker("sentense")), "sentence"),
        (tv.Document("d", "t", chunker=tv.Chunker(size=15)), "16"),
        (tv.Document("d", "t", chunker=tv.Chunker(size=100, overlap=51)), "overlap"),
        (tv.Document("d", "t", chunks=["t"]), r"chunks\[0\]: expected Chunk, got str"),
        (tv.Document("d", "t", chunks=[tv.Chunk((0, 2))]), "span"),
        (tv.Document("d", "t", chunks=[tv.Chunk((-1, 1))]), r"span: expected \(start, end\)"),
        (tv.Document("d", "t", chunks=[tv.Chunk((1, 0))]), "span"),
        (tv.Document("d", "t", chunks=[tv.Chunk((0, 1), page=-1)]), "page"),
        (tv.Document("d", "t", chunks=[tv.Chunk((0, 1), parent=1)]), "parent"),
        ({"id": "d"}, "expected Document, got dict"),
        (None, "expected Document, got NoneType"),
    ],
)
def test_documents_that_cannot_be_stored(pages, embed, document, message):
    with pytest.raises(tv.InvalidArgument, match=message):
        pages.put_document(document, embed=embed)
    with pytest.raises(tv.InvalidArgument, match=message):
        pages.plan_update(document)
    assert pages.count() == 0


def test_a_document_without_vectors_is_found_by_filters_alone(pages):
    result = pages.put_document(page())
    assert (result.embedded, pages.count("area = 'stl'")) == (0, result.added)
    assert pages.search(vector=[1.0] * 8) == []
