"""Opening, closing, reopening, and what other processes may do meanwhile."""

import gc
import multiprocessing
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import tracevec as tv


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_everything_is_there_after_reopening(path, rng):
    rows = rng.standard_normal((700, 8)).astype(np.float32)
    ids = [f"r{i}" for i in range(700)]
    with tv.open(path) as db:
        points = db.create_collection(
            "points",
            vectors={"v": tv.VectorField(8, metric="ip", space=tv.EmbeddingSpace("m", "1", "l2"))},
            text=tv.TextField("english"),
            metadata={"i": int, "tags": list[str]},
        )
        points.upsert(ids, rows, texts=ids, metadata={"i": list(range(700))})
        points.delete(["r3"])
        before = points.search(vector=rows[5], k=20, where="i > 2")
        schema = points.schema
    with tv.open(path) as db:
        assert db.collections() == ["points"]
        points = db.collection("points")
        assert points.schema == schema
        assert points.schema.vectors["v"].space == tv.EmbeddingSpace("m", "1", "l2")
        assert points.schema.metadata == {"i": "int", "tags": "list[string]"}
        after = points.search(vector=rows[5], k=20, where="i > 2")
        assert [(h.id, h.score, h.text) for h in after] == [(h.id, h.score, h.text) for h in before]
        assert points.count() == 699


def test_closed_means_closed(db, filled, rows):
    scan = filled.scan(batch_size=1)
    next(scan)
    db.close()
    db.close()
    for call in (
        lambda: db.collections(),
        lambda: db.stats(),
        lambda: db.collection("notes"),
        lambda: db.create_collection("more", dim=2),
        lambda: db.drop_collection("notes"),
        lambda: filled.search(vector=rows[0]),
        lambda: filled.search_batch(rows),
        lambda: filled.upsert(["x"], rows[:1]),
        lambda: filled.get("n00"),
        lambda: filled.count(),
        lambda: filled.delete("n00"),
        lambda: filled.update_metadata({"a": 1}, ids="n00"),
        lambda: filled.scan(),
        lambda: list(scan),
        lambda: filled.document("n00"),
        lambda: filled.history("n00"),
        lambda: filled.delete_document("n00"),
        lambda: filled.plan_update(tv.Document("d", "t")),
        lambda: filled.put_document(tv.Document("d", "t"), vectors=rows[:1]),
        lambda: filled.stats(),
    ):
        with pytest.raises(tv.Closed):
            call()
    assert filled.name == "notes"
    assert "test.tv" in repr(db)


def test_the_context_manager_closes_when_its_body_raises(path):
    with pytest.raises(RuntimeError), tv.open(path) as db:
        raise RuntimeError
    with pytest.raises(tv.Closed):
        db.collections()
    tv.open(path).close()  # the directory was released


def test_a_collection_keeps_its_database_alive(path, rows):
    notes = tv.open(path).collection("notes", dim=8)
    gc.collect()
    notes.upsert(["a"], rows[:1])
    scan = tv.open(path, mode="r").collection("notes").scan()
    gc.collect()
    assert [chunk.id for chunk in scan] == ["a"]


def test_an_abandoned_database_releases_its_directory(path, rows):
    db = tv.open(path)
    db.collection("notes", dim=8).upsert(["a"], rows[:1])
    del db
    gc.collect()
    with tv.open(path) as again:
        assert again.collection("notes").count() == 1


def test_a_process_that_ends_without_closing_loses_nothing(path):
    ended = run_python(
        """
        import sys, tracevec as tv
        db = tv.open(sys.argv[1])
        notes = db.collection("notes", dim=2)
        notes.upsert(["a"], [[1.0, 0.0]])
        cycle = [db, notes]
        cycle.append(cycle)
        """,
        path,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    with tv.open(path) as db:
        assert db.collection("notes").count() == 1


def test_a_second_writer_is_refused_with_the_pid_of_the_first(path):
    with tv.open(path):
        other = run_python(
            """
            import sys, tracevec as tv
            try:
                tv.open(sys.argv[1])
            except tv.Unavailable as error:
                print(error.code, error)
            """,
            path,
        )
        assert other.stdout.startswith("Unavailable"), other.stderr
        assert str(os.getpid()) in other.stdout
        with pytest.raises(tv.Unavailable):
            tv.open(path)


def test_a_reader_beside_the_writer(path, rows):
    with tv.open(path) as writer:
        notes = writer.collection("notes", dim=8)
        notes.upsert(["a"], rows[:1])
        with tv.open(path, mode="r") as reader:
            seen = reader.collection("notes")
            notes.upsert(["b"], rows[1:2])
            assert [chunk.id for chunk in seen.scan()] == ["a"]
            assert seen.search(vector=rows[0], k=1)[0].id == "a"
            for call in (
                lambda: seen.upsert(["c"], rows[:1]),
                lambda: seen.delete("a"),
                lambda: seen.update_metadata({"x": 1}, ids="a"),
                lambda: seen.delete_document("a"),
                lambda: reader.create_collection("more", dim=2),
                lambda: reader.drop_collection("notes"),
            ):
                with pytest.raises(tv.ReadOnly):
                    call()
        assert notes.count() == 2


def use_inherited(collection, answers):
    try:
        collection.upsert(["child"], [[1.0] * 8])
        answers.put("written")
    except tv.Error as error:
        answers.put(error.code)


def test_a_forked_child_cannot_use_what_it_inherited(filled):
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=use_inherited, args=(filled, answers))
    child.start()
    assert answers.get(timeout=30) == "Unavailable"
    child.join(timeout=30)
    assert child.exitcode == 0
    assert filled.count() == 20
    filled.upsert(["parent"], [[1.0] * 8])


def test_what_cannot_be_opened(tmp_path):
    missing = tmp_path / "missing.tv"
    with pytest.raises(tv.NotFound):
        tv.open(missing, create=False)
    with pytest.raises(tv.NotFound):
        tv.open(missing, mode="r")
    assert not missing.exists()

    foreign = tmp_path / "photos"
    foreign.mkdir()
    (foreign / "cat.jpg").write_bytes(b"meow")
    for mode in ("w", "r"):
        with pytest.raises(tv.InvalidArgument):
            tv.open(foreign, mode=mode)
    assert [p.name for p in foreign.iterdir()] == ["cat.jpg"]

    file = tmp_path / "file"
    file.write_text("text")
    with pytest.raises(tv.Error):
        tv.open(file)
    assert file.read_text() == "text"


@pytest.mark.parametrize("path", ["", "a\0b", 7, None, "\ud800"])
def test_paths_that_are_none(path):
    with pytest.raises(tv.InvalidArgument, match="path"):
        tv.open(path)


@pytest.mark.parametrize(
    "arguments",
    [
        {"mode": "rw"},
        {"durability": "never"},
        {"durability": None},
        {"store_memory_bytes": -1},
        {"store_memory_bytes": "1G"},
    ],
)
def test_options_that_are_none(path, arguments):
    with pytest.raises(tv.InvalidArgument):
        tv.open(path, **arguments)
    assert not path.exists()


def test_paths_of_all_kinds(tmp_path, rows):
    name = tmp_path / "spaced námę.tv"
    with tv.open(name) as db:
        db.collection("a", dim=8).upsert(["x"], rows[:1])
        assert db.path == str(name)
    with tv.open(str(name), durability="sync") as db:
        assert db.collection("a").count() == 1


def test_collections_come_and_go(db, rows):
    names = ["b", "a", "ünï/code", "x" * 255]
    for name in names:
        db.collection(name, dim=8).upsert(["one"], rows[:1])
    assert db.collections() == sorted(names, key=str.encode)
    dropped = db.collection("b")
    db.drop_collection("b")
    assert "b" not in db.collections()
    with pytest.raises(tv.NotFound):
        dropped.count()
    assert db.collection("b", dim=4).count() == 0
    assert db.stats().collections == 4
    assert db.stats().disk_bytes > 0


def test_handles_of_one_name_mean_the_same(db, notes, rows):
    notes.upsert(["a"], rows[:1])
    assert db.collection("notes").count() == 1
    assert db.collection("notes", dim=8).name == "notes"
    assert repr(notes) == "Collection('notes')"


def test_version():
    assert tv.__version__.count(".") == 2
