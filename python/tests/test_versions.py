"""Versions, the journal and snapshots."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

import tracevec as tv


def embed(texts: list[str]) -> np.ndarray:
    return np.stack([np.random.default_rng(len(text)).standard_normal(8) for text in texts])


def page(*paragraphs: str) -> tv.Document:
    return tv.Document("page", "\n\n".join(paragraphs), chunker=tv.Chunker("sentence", size=16))


def test_the_journal_says_who_did_what(db: tv.Database, notes: tv.Collection) -> None:
    notes.put_document(page("first words."), embed=embed, label="importer")
    notes.put_document(page("first words.", "second words."), embed=embed, label="editor")
    notes.delete_document("page", label="janitor")
    entries = db.journal()
    assert [entry.kind for entry in entries] == ["create", "put", "put", "delete"]
    assert [entry.label for entry in entries] == ["", "importer", "editor", "janitor"]
    assert (entries[2].kept, entries[2].added, entries[2].embedded) == (1, 1, 1)
    assert entries[2].calls[0].texts == 1 and entries[2].calls[0].info is None
    assert [e.commit for e in db.journal(after_commit=entries[1].commit)] == [
        entries[2].commit,
        entries[3].commit,
    ]
    assert len(db.journal(label="editor", document="page", collection="notes", limit=5)) == 1
    assert db.journal(since=datetime.now(timezone.utc) + timedelta(hours=1)) == []
    with pytest.raises(tv.NotFound, match="notes"):
        db.journal(collection="nots")


def test_every_write_takes_a_label(db: tv.Database, filled: tv.Collection, rows) -> None:
    filled.upsert(["more"], rows[:1], label="ann")
    filled.update_metadata({"seen": True}, where="year < 2005", label="ann")
    filled.delete(["n00"], label="ann")
    kinds = [entry.kind for entry in db.journal(label="ann")]
    assert kinds == ["upsert", "update_metadata", "delete"]
    with pytest.raises(tv.InvalidArgument, match="label"):
        filled.delete(["n01"], label="x" * 2000)


def test_the_journal_is_trimmed(db: tv.Database, notes: tv.Collection) -> None:
    for text in ("one.", "two.", "three."):
        notes.put_document(page(text), embed=embed)
    assert db.trim_journal(keep=2, label="janitor") == 2
    entries = db.journal()
    assert [entry.kind for entry in entries] == ["put", "put", "trim_journal"]
    assert (entries[-1].removed, entries[-1].label) == (2, "janitor")
    assert db.trim_journal(before=entries[1].time) == 1
    assert db.trim_journal(before=datetime.now(timezone.utc) - timedelta(days=1)) == 0
    with pytest.raises(tv.InvalidArgument, match="keep"):
        db.trim_journal()
    assert len(notes.history("page")) == 2


def test_a_document_takes_the_place_of_another(db: tv.Database, notes: tv.Collection) -> None:
    notes.put_document(page("first words.", "second words."), embed=embed)
    moved = tv.Document(
        "moved", "first words.\n\nother words.", chunker=tv.Chunker("sentence", size=16)
    )
    asked: list[str] = []
    result = notes.put_document(
        moved, embed=lambda texts: (asked.extend(texts), embed(texts))[1], moved_from="page"
    )
    assert (result.added, result.moved, result.embedded) == (2, 1, 1) and len(asked) == 1
    assert db.journal()[-1].kind == "rename"
    with pytest.raises(tv.NotFound):
        notes.document("page")
    with pytest.raises(tv.NotFound, match="'page'"):
        notes.put_document(moved, embed=embed, moved_from="page")


def test_what_a_call_says_of_itself_is_kept(db: tv.Database, notes: tv.Collection) -> None:
    info = tv.CallInfo("minilm", "8199be6f", tokens_in=7, cost=0.5)
    result = notes.put_document(page("words."), embed=lambda texts: (embed(texts), info))
    assert result.calls[0].info == info
    assert db.journal()[-1].calls[0].info == info
    with pytest.raises(tv.InvalidArgument, match="tokens_in"):
        bad = tv.CallInfo(tokens_in=-1)
        notes.put_document(page("other."), embed=lambda texts: (embed(texts), bad))
    assert notes.document("page").version == 1


def test_old_versions_are_kept_as_asked(db: tv.Database) -> None:
    pages = db.create_collection("pages", dim=8, keep_versions=2)
    for text in ("one.", "two.", "three.", "four."):
        pages.put_document(page(text), embed=embed)
    assert [version.version for version in pages.history("page")] == [4, 3, 2]
    assert pages.document("page", version=2).text == "two."
    with pytest.raises(tv.NotFound, match="2 to 4"):
        pages.document("page", version=1)
    with pytest.raises(tv.InvalidArgument, match="keep_versions"):
        db.create_collection("c", dim=8, keep_versions=-1)


def test_a_snapshot_reads_the_data_of_then(path: Path) -> None:
    with tv.open(path) as db:
        pages = db.collection("pages", dim=8)
        pages.put_document(page("as it was."), embed=embed)
        taken = db.snapshot("monday")
        pages.put_document(page("as it is."), embed=embed)
        assert [s.to_dict() for s in db.snapshots()] == [taken.to_dict()]
    with tv.open(path) as db:
        with db.at("monday") as then:
            pages = then.collection("pages")
            assert then.collections() == ["pages"]
            assert pages.document("page").text == "as it was."
            assert [hit.text for hit in pages.search(vector=embed(["x"])[0])] == ["as it was."]
            assert pages.count() == 1 and len(list(pages.scan())) == 1
            with pytest.raises(tv.ReadOnly, match="monday"):
                pages.put_document(page("no."), embed=embed)
        with pytest.raises(tv.Closed):
            pages.count()
        db.release_snapshot("monday")
        with pytest.raises(tv.NotFound):
            db.at("monday")
        assert db.collection("pages").document("page").text == "as it is."
