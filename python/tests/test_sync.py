"""sync_folder and `tracevec import --sync`."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from models import Model, kill_after_lines

import tracevec as tv
from tracevec._files import list_files, parse_html
from tracevec.cli import main

SPACE = tv.EmbeddingSpace("by-text", "1")


def new_model() -> Model:
    return Model("by-text", 8, says=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "docs"
    (root / "sub").mkdir(parents=True)
    (root / "a.md").write_text("# A\n\nFirst words of a.\n\n## Part\n\nSecond words of a.\n")
    (root / "sub" / "b.txt").write_text("Words of b. More words of b.")
    (root / "c.html").write_text(
        "<html><head><title>Page c</title><style>p {}</style></head><body><h1>C</h1>"
        "<p>Words   of <b>c</b>.</p><h2>Part</h2><ul><li>One</li><li><p>Two</p></li></ul>"
        "<pre>x = 1\n  y</pre><script>no()</script></body></html>"
    )
    (root / "ignored.bin").write_bytes(b"\xff\xfe")
    return root


@pytest.fixture
def pages(db: tv.Database) -> tv.Collection:
    return db.create_collection("pages", {"body": tv.VectorField(8, space=SPACE)})


def contents(pages: tv.Collection) -> dict[str, str]:
    return {version.id: pages.document(version.id).text for version in pages.documents()}


def test_html_becomes_text_with_headings(folder: Path) -> None:
    title, text, parser = parse_html((folder / "c.html").read_text())
    assert title == "Page c"
    assert text == "# C\n\nWords of c .\n\n## Part\n\nOne\n\nTwo\n\nx = 1\n  y"
    assert parser.startswith("beautifulsoup4 4.")
    assert parse_html("just words")[:2] == ("", "just words")


def test_a_first_sync_brings_all_and_a_second_writes_nothing(folder, pages, db) -> None:
    embed = new_model()
    dry = pages.sync_folder(folder, embed=embed, dry_run=True)
    assert (dry.added, dry.texts) == (["a.md", "c.html", "sub/b.txt"], dry.added_chunks)
    assert embed.texts == [] and pages.count() == 0 and dry.estimated_seconds is None
    assert "would be added" in str(dry)

    result = pages.sync_folder(folder, embed=embed)
    assert result.added == dry.added and result.texts == dry.texts == len(embed.texts)
    assert result.bytes_read == sum(
        (folder / name).stat().st_size for name in ("a.md", "sub/b.txt", "c.html")
    )
    document = pages.document("c.html")
    assert document.title == "Page c" and document.parser.startswith("beautifulsoup4")
    assert document.uri == folder.as_uri() + "/c.html"
    assert [chunk.section for chunk in document.chunks][-1] == "C > Part"
    for version in pages.documents():
        stored = pages.document(version.id)
        assert all(stored.text[slice(*chunk.span)] == chunk.text for chunk in stored.chunks)

    before, commits = list(embed.texts), db.stats().commit
    again = pages.sync_folder(folder, embed=embed)
    assert again.unchanged == 3 and again.texts == 0
    assert embed.texts == before and db.stats().commit == commits


def test_only_what_changed_is_embedded(folder, pages) -> None:
    embed = new_model()
    pages.sync_folder(folder, embed=embed)
    pages.put_document(tv.Document("by hand", "Stays."), embed=embed)
    old = {c.text: c.id for c in pages.document("sub/b.txt").chunks}
    embed.texts.clear()
    (folder / "a.md").write_text("# A\n\nFirst words of a.\n\n## Part\n\nOther words of a.\n")
    (folder / "sub" / "b.txt").rename(folder / "moved.txt")
    (folder / "c.html").unlink()
    (folder / "d.md").write_text("# D\n\nWords of d.\n")
    dry = pages.sync_folder(folder, embed=embed, dry_run=True)
    assert embed.texts == []
    assert dry.estimated_seconds > 0 and dry.estimated_cost > 0
    result = pages.sync_folder(folder, embed=embed)
    for each in (dry, result):
        assert (each.added, each.changed) == (["d.md"], ["a.md"])
        assert (each.renamed, each.removed) == ([("sub/b.txt", "moved.txt")], ["c.html"])
        assert each.kept_chunks == 1 and each.texts == 2
    assert sorted(embed.texts) == sorted(
        [pages.document("d.md").chunks[0].text, pages.document("a.md").chunks[1].text]
    )
    moved = pages.document("moved.txt", vectors=True)
    for chunk in moved.chunks:
        assert chunk.text in old
        row = new_model().rows([chunk.text])[0]
        np.testing.assert_allclose(chunk.vectors["body"], row, rtol=1e-6)
    assert set(contents(pages)) == {"a.md", "by hand", "d.md", "moved.txt"}


def test_a_file_that_cannot_be_read_keeps_its_document(folder, pages) -> None:
    pages.sync_folder(folder, embed=new_model())
    (folder / "a.md").write_bytes(b"\xff\xff not UTF-8")
    result = pages.sync_folder(folder, embed=new_model())
    assert [Path(path).name for path, _ in result.failed] == ["a.md"]
    assert result.removed == [] and "failed: " in str(result)
    assert "First words" in pages.document("a.md").text


def test_an_embedder_that_fails_leaves_the_rest_for_the_next_time(folder, pages) -> None:
    for i in range(100):
        (folder / f"p{i:03}.txt").write_text(f"Words of page {i}.")
    embed = new_model()

    def failing(texts: list[str]) -> object:
        if len(embed.texts) > 80:
            raise RuntimeError("out of credit")
        return embed(texts)

    with pytest.raises(RuntimeError, match="credit"):
        pages.sync_folder(folder, embed=failing, embed_batch_size=16)
    some = len(contents(pages))
    assert 0 < some < 103
    result = pages.sync_folder(folder, embed=embed)
    assert result.unchanged == some and len(contents(pages)) == 103


def test_bad_arguments(folder, pages) -> None:
    with pytest.raises(tv.InvalidArgument, match="no folder"):
        pages.sync_folder(folder / "a.md", embed=new_model())
    assert pages.sync_folder(folder, "*.none", new_model()).added == []


def test_two_folders_do_not_touch_each_other(folder, pages, tmp_path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.md").write_text("# X\n\nWords of x.\n")
    pages.sync_folder(folder, embed=new_model())
    pages.sync_folder(other, embed=new_model(), id_prefix="other/", metadata={"area": "x"})
    (other / "y.md").write_text("# Y\n\nWords of y.\n")
    (other / "x.md").unlink()
    result = pages.sync_folder(other, embed=new_model(), id_prefix="other/")
    assert result.removed == ["other/x.md"]
    assert len(contents(pages)) == 4


def test_only_what_the_sync_brought_is_removed(folder, pages) -> None:
    by_hand = tv.Document("by hand", "Stays.", uri=folder.as_uri() + "/by-hand.md")
    pages.put_document(by_hand, embed=new_model())
    pages.sync_folder(folder / "sub", embed=new_model(), id_prefix="nested/")
    pages.sync_folder(folder, embed=new_model(), id_prefix="again/")
    pages.sync_folder(folder, embed=new_model())
    before = contents(pages)
    assert len(before) == 1 + 1 + 3 + 3
    assert pages.sync_folder(folder, embed=new_model()).removed == []
    assert contents(pages) == before
    (folder / "a.md").unlink()
    assert pages.sync_folder(folder, embed=new_model()).removed == ["a.md"]
    del before["a.md"]
    assert contents(pages) == before


def test_a_document_of_other_origin_is_not_overwritten(folder, pages) -> None:
    pages.put_document(tv.Document("a.md", "By hand.", uri="https://a"), embed=new_model())
    pages.upsert(["c.html"], np.ones((1, 8)), texts=["A loose vector."], space=SPACE)
    result = pages.sync_folder(folder, embed=new_model())
    assert [Path(path).name for path, _ in result.failed] == ["a.md", "c.html"]
    assert "'https://a'" in result.failed[0][1] and "id_prefix" in result.failed[0][1]
    assert result.added == ["sub/b.txt"] and pages.document("a.md").text == "By hand."
    assert [chunk.text for chunk in pages.get(["c.html"])] == ["A loose vector."]


def test_a_folder_that_cannot_be_read_keeps_its_documents(folder, pages, monkeypatch) -> None:
    pages.sync_folder(folder, embed=new_model())
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    (folder / "a.md").unlink()
    result = pages.sync_folder(folder, embed=new_model())
    assert [Path(path).name for path, _ in result.failed] == ["sub"]
    assert result.removed == ["a.md"] and set(contents(pages)) == {"c.html", "sub/b.txt"}


def test_a_folder_that_became_empty_is_refused(folder, pages) -> None:
    pages.sync_folder(folder, embed=new_model())
    before = contents(pages)
    for file in list(folder.rglob("*")):
        if file.is_file():
            file.unlink()
    for dry_run in (True, False):
        with pytest.raises(tv.InvalidArgument, match="no file .* 3 documents"):
            pages.sync_folder(folder, embed=new_model(), dry_run=dry_run)
    assert contents(pages) == before


def test_links_out_of_the_folder_are_left_out(folder, pages, tmp_path) -> None:
    (tmp_path / "secret.md").write_text("# Secret\n")
    (folder / "out.md").symlink_to(tmp_path / "secret.md")
    (folder / "in.md").symlink_to(folder / "a.md")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    assert "out.md" not in pages.sync_folder(folder, embed=new_model()).added
    assert set(contents(pages)) == {"a.md", "c.html", "in.md", "sub/b.txt"}


def test_patterns_are_globs_from_the_folder(folder) -> None:
    def names(*patterns: str) -> list[str]:
        files, failed = list_files(folder, patterns)
        assert failed == []
        return [file.relative_to(folder).as_posix() for file in files]

    assert names("*.md") == ["a.md"] and names("*.txt") == []
    assert names("**/*.txt") == names("sub/*") == names("**/sub/b.???") == ["sub/b.txt"]
    assert names("*.md", "**/[ab].*") == ["a.md", "sub/b.txt"]


SLOW = """
import sys, time
import numpy as np
import tracevec as tv

def embed(texts):
    time.sleep(0.05)
    print("batch", flush=True)
    return np.ones((len(texts), 8))

with tv.open(sys.argv[1]) as db:
    db.collection("pages", dim=8).sync_folder(sys.argv[2], embed=embed, embed_batch_size=8)
"""


def test_a_killed_sync_is_resumed_by_repeating_it(folder, tmp_path) -> None:
    for i in range(300):
        (folder / f"p{i:03}.txt").write_text(f"Words of page {i}.")
    path = tmp_path / "killed.tv"
    kill_after_lines(20, SLOW, path, folder)
    with tv.open(path) as db:
        pages = db.collection("pages", dim=8)
        some = len(contents(pages))
        assert 0 < some < 303
        result = pages.sync_folder(folder, embed=new_model())
        assert (result.unchanged, len(result.added)) == (some, 303 - some)
        assert pages.sync_folder(folder, embed=new_model()).unchanged == 303


STEPS = """
import os, signal, sys
import numpy as np
import tracevec as tv
from tracevec._documents import DocumentMethods

steps = int(sys.argv[3])

def step():
    global steps
    steps -= 1
    if steps == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def stepping(function):
    def call(*arguments, **named):
        step()
        result = function(*arguments, **named)
        step()
        return result
    return call

for name in ("put_documents", "put_document", "delete_document"):
    setattr(DocumentMethods, name, stepping(getattr(DocumentMethods, name)))

@stepping
def embed(texts):
    rngs = [np.random.default_rng(list(text.encode())) for text in texts]
    return np.stack([rng.standard_normal(8) for rng in rngs])

with tv.open(sys.argv[1]) as db:
    db.collection("pages", dim=8).sync_folder(sys.argv[2], embed=embed, embed_batch_size=3)
print("done", flush=True)
"""


def test_a_sync_killed_at_any_step_is_resumed_by_repeating_it(folder, tmp_path) -> None:
    """Before and after each write and each call of the embedder; renames are one step."""
    path, fresh_path = tmp_path / "killed.tv", tmp_path / "fresh.tv"
    for i in range(6):
        (folder / f"p{i}.txt").write_text(f"Words of page {i}. " + "And some more of them. " * 30)
    with tv.open(path) as db:
        db.collection("pages", dim=8).sync_folder(folder, embed=new_model().rows)
    (folder / "a.md").write_text("# A\n\nOther words of a.\n\n## Part\n\nSecond words of a.\n")
    (folder / "d.md").write_text("# D\n\nWords of d.\n")
    (folder / "p1.txt").rename(folder / "q1.txt")
    (folder / "p2.txt").rename(folder / "q2.txt")
    (folder / "p3.txt").unlink()
    with tv.open(fresh_path) as db:
        fresh = db.collection("pages", dim=8)
        fresh.sync_folder(folder, embed=new_model().rows)
        expected = contents(fresh)
    moved = {"p1.txt": "q1.txt", "p2.txt": "q2.txt"}
    # The first run that is killed does some, the next one goes on from there.
    for steps in (1, 4, 6, 8, 9):
        kill_after_lines(1, STEPS, path, folder, steps)
        with tv.open(path) as db:
            pages = db.collection("pages", dim=8)
            there = contents(pages)
            assert all((old in there) != (new in there) for old, new in moved.items())
            for id in there:
                for chunk in pages.document(id, vectors=True).chunks:
                    row = new_model().rows([chunk.text])[0]
                    np.testing.assert_allclose(chunk.vectors["vector"], row, rtol=1e-6)
    with tv.open(path) as db:
        pages = db.collection("pages", dim=8)
        pages.sync_folder(folder, embed=new_model().rows)
        assert contents(pages) == expected
        commits = db.stats().commit
        assert pages.sync_folder(folder, embed=new_model().rows).unchanged == len(expected)
        assert db.stats().commit == commits


def test_a_rename_is_one_commit_without_a_call(folder, pages, db) -> None:
    embed = new_model()
    pages.sync_folder(folder, embed=embed)
    pages.update_metadata({"reviewed": True}, where="document = 'a.md'", label="ann")
    (folder / "a.md").rename(folder / "z.md")
    embed.texts.clear()
    before = db.stats().commit
    pages.sync_folder(folder, embed=embed)
    assert embed.texts == [] and db.stats().commit == before + 1
    entry = db.journal()[-1]
    assert (entry.kind, entry.document, entry.label) == ("rename", "z.md", "sync")
    assert (entry.kept, entry.added, entry.removed, entry.calls) == (2, 0, 0, [])
    assert pages.count("reviewed = true AND document = 'z.md'") == 2
    assert set(contents(pages)) == {"c.html", "sub/b.txt", "z.md"}


def test_the_command(folder, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sync_embedder.py").write_text(
        "import numpy as np\ndef embed(texts):\n    return np.ones((len(texts), 8))\n"
    )
    db = str(tmp_path / "cli.tv")
    assert main(["create", db, "pages", "--dim", "8"]) == 0
    command = ["import", db, "pages", str(folder), "--sync", "--embed", "sync_embedder:embed"]
    capsys.readouterr()
    assert main([*command, "--dry-run", "--json"]) == 0
    dry = json.loads(capsys.readouterr().out)
    assert dry["dry_run"] and len(dry["added"]) == 3
    assert main(command) == 0
    assert "3 documents were added" in capsys.readouterr().out
    assert main(["describe", db, "pages"]) == 0
    assert "put by sync" in capsys.readouterr().out
    assert main(["describe", db, "pages", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["documents"] == 3
    assert main(["import", db, "pages", str(folder), "--sync"]) == 2
    assert main(["import", db, "pages", str(folder), "--dry-run"]) == 2
