"""Erasing documents, and what a collection says of itself."""

from pathlib import Path

import numpy as np
import pytest

import tracevec as tv

MARKER = "a marker that nothing else has"


def embed(texts: list[str]) -> np.ndarray:
    return np.stack([np.random.default_rng(len(text)).standard_normal(8) for text in texts])


def files_with_marker(path: Path) -> list[str]:
    files = [file for file in path.rglob("*") if file.is_file()]
    return [file.name for file in files if MARKER.encode() in file.read_bytes()]


def test_erasing_leaves_no_byte_and_gives_a_certificate(db, notes, path) -> None:
    secret = tv.Document("secret", f"Text with {MARKER}.", metadata={"who": MARKER})
    notes.put_document(secret, embed=embed)
    notes.put_document(tv.Document("other", "Other text."), embed=embed)
    assert files_with_marker(path)
    certificate = notes.delete_document("secret", erase=True, label="the law")
    assert certificate.complete and certificate.verified and certificate.findings == []
    assert (certificate.versions, certificate.chunks, certificate.label) == (1, 1, "the law")
    assert certificate.to_dict()["document"] == "secret"
    assert files_with_marker(path) == []
    assert [entry.kind for entry in db.journal()][-1] == "erase"
    with pytest.raises(tv.NotFound):
        notes.document("secret")


def test_a_snapshot_that_holds_it_is_named(db, notes, path) -> None:
    notes.put_document(tv.Document("secret", MARKER), embed=embed)
    db.snapshot("held")
    certificate = notes.delete_document("secret", erase=True)
    assert not certificate.complete and certificate.snapshots == ["held"]
    db.release_snapshot("held")
    assert notes.delete_document("secret", erase=True, verify=False).complete
    assert files_with_marker(path) == []


def test_describe_says_how_it_came_to_be(db, notes) -> None:
    document = tv.Document("a", "# One\n\nSome words.", parser="markdown 3.7", uri="https://a")
    info = tv.CallInfo("minilm", "1", tokens_in=3, cost=0.25)
    notes.put_document(document, embed=lambda texts: (embed(texts), info), label="importer")
    described = notes.describe()
    assert (described.documents, described.chunks) == (1, 1)
    assert described.fields[0].name == "vector" and described.fields[0].space is None
    assert described.fields[0].asserted == 1
    assert described.models[0].model == "minilm" and described.models[0].cost == 0.25
    assert described.parsers[0].name == "markdown 3.7"
    assert described.chunk_code_points.count == 1 and described.embed_micros.mean > 0
    assert [(w.kind, w.label) for w in described.writers] == [("create", ""), ("put", "importer")]
    assert described.to_dict()["fields"][0]["dimension"] == 8
    assert "parsed by markdown 3.7: 1 documents" in str(described)
