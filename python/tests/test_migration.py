"""Moving a vector field to another embedding space."""

import numpy as np
import pytest
from models import Model, kill_after_lines

import tracevec as tv


def fill(db: tv.Database, old: Model, count: int = 30) -> tv.Collection:
    pages = db.create_collection("pages", {"body": tv.VectorField(old.dim, space=old.space)})
    documents = [tv.Document(f"d{i}", f"Text of page {i}.") for i in range(count)]
    pages.put_documents(documents, embed=old)
    return pages


def test_search_serves_the_old_then_the_new_and_back(db: tv.Database) -> None:
    old, new = Model("old", 8), Model("new", 12)
    pages = fill(db, old)
    migration = pages.begin_migration("body", new.space, embed=new, dim=12, label="ann")
    assert migration.wait(30) and migration.progress == 1.0
    assert len(new.texts) == 30
    query = "Text of page 7."
    assert pages.search(vector=old([query])[0], space=old.space)[0].text == query
    with pytest.raises(tv.AlreadyExists):
        pages.begin_migration("body", new.space, embed=new)
    with pytest.raises(tv.InvalidArgument, match="cut over"):
        migration.finish()

    migration.cut_over()
    assert pages.schema.vectors["body"].space == new.space
    assert pages.search(vector=new([query])[0], space=new.space)[0].text == query
    with pytest.raises(tv.EmbeddingSpaceMismatch):
        pages.search(vector=new([query])[0], space=old.space)
    new.texts.clear()
    assert pages.put_document(tv.Document("d7", query), embed=new).unchanged
    assert new.texts == []

    pages.put_document(tv.Document("later", "Later text."), embed=new)
    with pytest.raises(tv.InvalidArgument, match="1 of 31"):
        migration.roll_back()
    migration.roll_back(embed=old)
    assert pages.search(vector=old(["Later text."])[0])[0].text == "Later text."
    migration.cut_over()
    migration.finish()
    with pytest.raises(tv.NotFound):
        pages.migration(embed=new)
    assert [entry.kind for entry in db.journal()][2:] == [
        "begin_migration",
        "fill_migration",
        "cut_over",
        "put",
        "fill_migration",
        "roll_back",
        "cut_over",
        "finish_migration",
    ]


def test_the_journal_and_the_description_tell_of_the_fill(db: tv.Database) -> None:
    old, new = Model("old", 8), Model("new", 12, says=True)
    pages = fill(db, old)
    migration = pages.begin_migration(embed=new, dim=12, label="ann", embed_batch_size=20)
    migration.wait()
    fills = [entry for entry in db.journal(label="ann") if entry.kind == "fill_migration"]
    assert [entry.embedded for entry in fills] == [20, 10]
    assert fills[0].calls[0].info == tv.CallInfo("new", "1", tokens_in=20, cost=0.5)
    switched = migration.cut_over()
    assert switched.commit == db.stats().commit and switched.step_micros > 0
    description = pages.describe()
    assert description.embed_micros.count == 30
    assert description.fields[0].asserted == 0
    assert [(model.model, model.texts) for model in description.models] == [("", 30), ("new", 30)]


def test_an_embedder_of_another_space_is_refused_at_once(db: tv.Database) -> None:
    old, new, other = Model("old", 8), Model("new", 12), Model("other", 12)
    pages = fill(db, old)
    with pytest.raises(tv.EmbeddingSpaceMismatch, match="'new'.*'other'"):
        pages.begin_migration("body", new.space, embed=other)
    with pytest.raises(tv.NotFound):
        pages.migration(embed=new)
    migration = pages.begin_migration("body", new.space, embed=new)
    migration.wait()
    with pytest.raises(tv.EmbeddingSpaceMismatch, match="'new'.*'other'"):
        pages.migration(embed=other)
    migration.cut_over()
    pages.put_document(tv.Document("later", "Later text."), embed=new)
    with pytest.raises(tv.EmbeddingSpaceMismatch):
        migration.roll_back(embed=other)
    assert other.texts == []
    migration.roll_back(embed=old)


def test_what_the_embedder_raises_reaches_who_waits(db: tv.Database) -> None:
    pages = fill(db, Model("old", 8))

    def failing(texts: list[str]) -> np.ndarray:
        raise RuntimeError("out of credit")

    migration = pages.begin_migration(embed=failing, dim=4)
    with pytest.raises(RuntimeError, match="credit"):
        migration.wait()
    with pytest.raises(RuntimeError, match="credit"):
        migration.cut_over()
    migration.roll_back()
    with pytest.raises(tv.InvalidArgument, match="embed"):
        pages.begin_migration()


def test_the_old_space_is_not_filled_after_the_cut_over(path) -> None:
    old, new = Model("old", 8), Model("new", 8)
    with tv.open(path) as db:
        pages = fill(db, old)
        pages.begin_migration("body", new.space, embed=new, dim=8).cut_over()
        pages.put_document(tv.Document("later", "Later text."), embed=new)
    new.texts.clear()
    with tv.open(path) as db:
        migration = db.collection("pages").migration(embed=new)
        assert migration.wait(30) and new.texts == []
        assert (migration.status.filled, migration.status.chunks) == (30, 31)
        migration.stop()
        migration.finish()


SLOW = """
import sys, time
import numpy as np
import tracevec as tv

def embed(texts):
    time.sleep(0.02)
    print("batch", flush=True)
    return np.ones((len(texts), 12))

with tv.open(sys.argv[1]) as db:
    pages = db.collection("pages")
    migration = pages.begin_migration("body", embed=embed, dim=12, embed_batch_size=4)
    migration.wait()
"""


def test_a_killed_migration_goes_on_where_it_was(path) -> None:
    old, new = Model("old", 8), Model("new", 12)
    with tv.open(path) as db:
        fill(db, old, 200)
    kill_after_lines(15, SLOW, path)
    with tv.open(path) as db:
        pages = db.collection("pages")
        assert pages.search(vector=old(["Text of page 7."])[0])[0].document == "d7"
        migration = pages.migration(embed=new)
        migration.wait()
        assert 0 < len(new.texts) <= 200 - 14 * 4
        migration.cut_over()
        assert pages.count() == 200 and pages.schema.vectors["body"].dim == 12
