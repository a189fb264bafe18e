"""sync_folder and `tracevec import --sync`."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tracevec as tv
from tracevec._files import list_files, parse_html
from tracevec.cli import main

SPACE = tv.EmbeddingSpace("by-length", "1")


class Embed:
    """Rows that depend on the text alone; notes what it was asked for."""

    space = SPACE

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, texts: list[str]) -> object:
        self.texts += texts
        rows = [np.random.default_rng(list(text.encode())).standard_normal(8) for text in texts]
        return np.stack(rows), tv.CallInfo("by-length", "1", tokens_in=len(texts), cost=0.5)


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
    embed = Embed()
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
    embed = Embed()
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
        np.testing.assert_allclose(chunk.vectors["body"], Embed()([chunk.text])[0][0], rtol=1e-6)
    assert set(contents(pages)) == {"a.md", "by hand", "d.md", "moved.txt"}


def test_a_file_that_cannot_be_read_keeps_its_document(folder, pages) -> None:
    pages.sync_folder(folder, embed=Embed())
    (folder / "a.md").write_bytes(b"\xff\xff not UTF-8")
    result = pages.sync_folder(folder, embed=Embed())
    assert [Path(path).name for path, _ in result.failed] == ["a.md"]
    assert result.removed == [] and "failed: " in str(result)
    assert "First words" in pages.document("a.md").text


def test_an_embedder_that_fails_leaves_the_rest_for_the_next_time(folder, pages) -> None:
    for i in range(100):
        (folder / f"p{i:03}.txt").write_text(f"Words of page {i}.")
    embed = Embed()

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
        pages.sync_folder(folder / "a.md", embed=Embed())
    assert pages.sync_folder(folder, "*.none", Embed()).added == []


def test_two_folders_do_not_touch_each_other(folder, pages, tmp_path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.md").write_text("# X\n\nWords of x.\n")
    pages.sync_folder(folder, embed=Embed())
    pages.sync_folder(other, embed=Embed(), id_prefix="other/", metadata={"area": "x"})
    (other / "y.md").write_text("# Y\n\nWords of y.\n")
    (other / "x.md").unlink()
    assert pages.sync_folder(other, embed=Embed(), id_prefix="other/").removed == ["other/x.md"]
    assert len(contents(pages)) == 4


def test_only_what_the_sync_brought_is_removed(folder, pages) -> None:
    by_hand = tv.Document("by hand", "Stays.", uri=folder.as_uri() + "/by-hand.md")
    pages.put_document(by_hand, embed=Embed())
    pages.sync_folder(folder / "sub", embed=Embed(), id_prefix="nested/")
    pages.sync_folder(folder, embed=Embed(), id_prefix="again/")
    pages.sync_folder(folder, embed=Embed())
    before = contents(pages)
    assert len(before) == 1 + 1 + 3 + 3
    assert pages.sync_folder(folder, embed=Embed()).removed == []
    assert contents(pages) == before
    (folder / "a.md").unlink()
    assert pages.sync_folder(folder, embed=Embed()).removed == ["a.md"]
    del before["a.md"]
    assert contents(pages) == before


def test_a_document_of_other_origin_is_not_overwritten(folder, pages) -> None:
    pages.put_document(tv.Document("a.md", "By hand.", uri="https://a"), embed=Embed())
    pages.upsert(["c.html"], np.ones((1, 8)), texts=["A loose vector."], space=SPACE)
    result = pages.sync_folder(folder, embed=Embed())
    assert [Path(path).name for path, _ in result.failed] == ["a.md", "c.html"]
    assert "'https://a'" in result.failed[0][1] and "id_prefix" in result.failed[0][1]
    assert result.added == ["sub/b.txt"] and pages.document("a.md").text == "By hand."
    assert [chunk.text for chunk in pages.get(["c.html"])] == ["A loose vector."]


def test_a_folder_that_cannot_be_read_keeps_its_documents(folder, pages, monkeypatch) -> None:
    pages.sync_folder(folder, embed=Embed())
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    (folder / "a.md").unlink()
    result = pages.sync_folder(folder, embed=Embed())
    assert [Path(path).name for path, _ in result.failed] == ["sub"]
    assert result.removed == ["a.md"] and set(contents(pages)) == {"c.html", "sub/b.txt"}


def test_a_folder_that_became_empty_is_refused(folder, pages) -> None:
    pages.sync_folder(folder, embed=Embed())
    before = contents(pages)
    for file in list(folder.rglob("*")):
        if file.is_file():
            file.unlink()
    for dry_run in (True, False):
        with pytest.raises(tv.InvalidArgument, match="no file .* 3 documents"):
            pages.sync_folder(folder, embed=Embed(), dry_run=dry_run)
    assert contents(pages) == before


def test_links_out_of_the_folder_are_left_out(folder, pages, tmp_path) -> None:
    (tmp_path / "secret.md").write_text("# Secret\n")
    (folder / "out.md").symlink_to(tmp_path / "secret.md")
    (folder / "in.md").symlink_to(folder / "a.md")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    assert "out.md" not in pages.sync_folder(folder, embed=Embed()).added
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
    command = [sys.executable, "-c", SLOW, str(path), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        for _ in range(20):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    with tv.open(path) as db:
        pages = db.collection("pages", dim=8)
        some = len(contents(pages))
        assert 0 < some < 303
        result = pages.sync_folder(folder, embed=Embed())
        assert (result.unchanged, len(result.added)) == (some, 303 - some)
        assert pages.sync_folder(folder, embed=Embed()).unchanged == 303


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
