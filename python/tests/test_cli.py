"""The `tracevec` command, as a shell user runs it."""

import json
import subprocess
import sys

import numpy as np
import pytest

import tracevec as tv
from tracevec.cli import main

EMBEDDER = """
import numpy as np

def embed(texts):
    rows = np.full((len(texts), 4), 0.1)
    for row, text in zip(rows, texts):
        for word in text.lower().split():
            row[sum(word.encode()) % 4] += 1
    return rows
"""


@pytest.fixture
def shell(tmp_path):
    """Runs the command in tmp_path; gives exit code, stdout and stderr."""
    (tmp_path / "toy.py").write_text(EMBEDDER)

    def run(*arguments):
        ended = subprocess.run(
            [sys.executable, "-m", "tracevec.cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            check=False,
        )
        assert "Traceback" not in ended.stderr
        assert "\x1b" not in ended.stdout + ended.stderr
        return ended.returncode, ended.stdout, ended.stderr

    return run


@pytest.fixture
def points(tmp_path, monkeypatch, capsys):
    """A database `db.tv` with a collection `points` of 5 rows, imported from rows.jsonl."""
    monkeypatch.chdir(tmp_path)
    lines = [
        {
            "id": f"p{i}",
            "vector": np.eye(4)[i % 4].tolist() if i < 4 else [1, 1, 0, 0],
            "text": f"point {i}",
            "metadata": {"year": 2000 + i, "at": "2026-01-01T00:00:00Z"},
        }
        for i in range(5)
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    declared = ["--metadata", "year:int", "at:datetime"]
    assert main(["create", "db.tv", "points", "--dim", "4", *declared]) == 0
    assert main(["import", "db.tv", "points", "rows.jsonl"]) == 0
    assert capsys.readouterr().err == ""


def as_json(outcome, code=0):
    assert outcome[0] == code, outcome
    return json.loads(outcome[1])


def test_create_says_what_it_made(shell, tmp_path):
    options = ("--dim", 3, "--metric", "l2", "--metadata", "tags:list[str]", "--json")
    made = as_json(shell("create", "a.tv", "c", *options))
    assert made["collection"] == "c"
    assert made["schema"]["vectors"]["vector"]["metric"] == "l2"
    assert made["schema"]["metadata"] == {"tags": "list[string]"}
    with tv.open(tmp_path / "a.tv") as db:
        assert db.collection("c").schema.vectors["vector"].dim == 3


def test_import_reads_types_that_are_declared(points, tmp_path):
    with tv.open(tmp_path / "db.tv") as db:
        metadata = db.collection("points").get("p1")[0].metadata
    assert metadata["year"] == 2001
    assert metadata["at"].year == 2026


def test_search_by_vector_file_text_and_id(shell, points, tmp_path):
    np.save(tmp_path / "q.npy", np.eye(4, dtype=np.float32)[2])
    (tmp_path / "q.json").write_text("[0, 0, 1, 0]")
    for vector in ("@q.npy", "@q.json", "[0, 0, 1, 0]"):
        found = as_json(shell("search", "db.tv", "points", "--vector", vector, "-k", 2, "--json"))
        assert found["hits"][0]["id"] == "p2"
        assert found["hits"][0]["score"] == pytest.approx(1)
        assert found["hits"][0]["metadata"]["at"] == "2026-01-01T00:00:00Z"
        assert len(found["hits"]) == found["receipt"]["returned"] == 2
        assert found["receipt"]["stages"][0]["micros"] >= 0
    options = ("--where", "year < 2001", "--exact", "--json")
    liked = as_json(shell("search", "db.tv", "points", "--like", "p4", *options))
    assert [hit["id"] for hit in liked["hits"]] == ["p0"]
    code, out, _ = shell("search", "db.tv", "points", "--vector", "[0, 0, 1, 0]")
    assert code == 0
    assert "p2" in out.splitlines()[0]
    assert "point 2" in out


def test_explain_takes_the_arguments_of_search(shell, points):
    options = ("--where", "year >= 2003", "--ef", 20, "--deadline-ms", 50, "--label", "tests")
    query = ("--vector", "[0, 0, 1, 0]", "-k", 2)
    told = as_json(shell("explain", "db.tv", "points", *query, *options, "--json"))
    searched = as_json(shell("search", "db.tv", "points", *query, *options, "--json"))["receipt"]
    assert searched["label"] == "tests"
    for name in ("plan", "filter", "field", "k", "live", "commit"):
        assert told[name] == searched[name]
    assert [part["way"] for part in told["parts"]] == [part["way"] for part in searched["parts"]]
    exact = as_json(shell("explain", "db.tv", "points", "--exact", "--json"))
    assert exact["plan"] == "exact_scan"
    code, out, err = shell("explain", "db.tv", "points", "--where", "year >= 2003")
    assert (code, err) == (0, "")
    assert ["filter", "year", ">=", "2003"] in [line.split() for line in out.splitlines()]
    assert out.splitlines()[-1].startswith("part 1: scan, 5 rows, ")


def test_get_exits_1_when_one_is_missing(shell, points):
    found = as_json(shell("get", "db.tv", "points", "p1", "nope", "--json"), code=1)
    assert [chunk["id"] for chunk in found["chunks"]] == ["p1"]
    assert found["missing"] == ["nope"]
    full = as_json(shell("get", "db.tv", "points", "p1", "--vectors", "--json"))
    assert full["chunks"][0]["vectors"]["vector"] == [0, 1, 0, 0]
    code, out, err = shell("get", "db.tv", "points", "p1", "nope")
    assert code == 1
    assert "point 1" in out
    assert "nope" in err


def test_count_and_stats(shell, points):
    assert shell("count", "db.tv", "points")[:2] == (0, "5\n")
    assert as_json(shell("count", "db.tv", "points", "--where", "year >= 2003", "--json")) == {
        "count": 2
    }
    assert as_json(shell("stats", "db.tv", "--json"))["names"] == ["points"]
    assert as_json(shell("stats", "db.tv", "points", "--json"))["chunks"] == 5
    code, out, _ = shell("stats", "db.tv", "points")
    assert code == 0
    assert ["chunks", "5"] in [line.split() for line in out.splitlines()]


def test_import_names_the_line_of_each_bad_row(shell, points, tmp_path):
    good = {"id": "good", "vector": [1, 0, 0, 0]}
    lines = [
        json.dumps(good),
        "{not json",
        "",
        json.dumps({"vector": [1, 0, 0, 0]}),
        json.dumps(good | {"id": "short", "vector": [1, 0]}),
        json.dumps(good | {"id": "typed", "metadata": {"year": "then"}}),
        json.dumps(good | {"id": 7}),
        json.dumps(good | {"id": "text", "vector": None, "text": "no embedder"}),
        json.dumps(good | {"id": "when", "metadata": {"at": "yesterday"}}),
        json.dumps(good | {"id": "last"}),
    ]
    (tmp_path / "bad.jsonl").write_text("\n".join(lines))
    outcome = as_json(shell("import", "db.tv", "points", "bad.jsonl", "--json"), code=1)
    assert {error["place"] for error in outcome["errors"]} == {
        f"bad.jsonl:{number}" for number in (2, 4, 5, 6, 7, 8, 9)
    }
    assert (outcome["failed"], outcome["inserted"]) == (7, 2)
    code, _, err = shell("import", "db.tv", "points", "bad.jsonl")
    assert code == 1
    assert "bad.jsonl:5: " in err
    assert "expected 4, got 2" in err
    assert shell("count", "db.tv", "points")[1] == "7\n"


def test_import_of_documents_can_be_repeated(shell, points, tmp_path):
    folder = tmp_path / "docs"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.md").write_text("# Title A\n\nfirst paragraph\n\n## Part\n\nsecond one\n")
    (folder / "deep" / "b.txt").write_text("Just one sentence.")
    (folder / "c.html").write_text("<p>not taken</p>")
    arguments = ("import", "db.tv", "points", "docs", "--embed", "toy:embed", "--json")
    first = as_json(shell(*arguments))
    assert (first["documents"], first["unchanged"]) == (2, 0)
    assert first["embedded"] == first["added"] >= 3
    again = as_json(shell(*arguments))
    assert (again["unchanged"], again["embedded"]) == (2, 0)
    (folder / "bad.txt").write_bytes(b"\xff\xfe\xff")
    broken = as_json(shell(*arguments), code=1)
    assert broken["failed"] == 1
    assert broken["errors"][0]["place"].endswith("bad.txt")
    options = ("--embed", "toy:embed", "-k", 1, "--json")
    found = as_json(shell("search", "db.tv", "points", "--text", "second one", *options))
    assert found["hits"][0]["document"] == "a.md"
    only = as_json(shell(*arguments, "--glob", "*.html"))
    assert only["documents"] == 1


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (2, []),
        (2, ["dance", "db.tv"]),
        (2, ["count", "db.tv", "points", "--where", "year >="]),
        (2, ["search", "db.tv", "points"]),
        (2, ["search", "db.tv", "points", "--vector", "[1, 2"]),
        (2, ["search", "db.tv", "points", "--vector", "@nowhere.npy"]),
        (2, ["search", "db.tv", "points", "--vector", "[1, 2]"]),
        (2, ["search", "db.tv", "points", "--like", "p1", "--ef", "8", "--target-recall", "0.9"]),
        (2, ["explain", "db.tv", "points", "--vector", "[1, 2]"]),
        (2, ["explain", "db.tv", "points", "--where", "yeer = 2003"]),
        (2, ["search", "db.tv", "points", "--text", "words"]),
        (2, ["search", "db.tv", "points", "--text", "words", "--embed", "toy"]),
        (2, ["search", "db.tv", "points", "--text", "words", "--embed", "toy:nothing"]),
        (2, ["import", "db.tv", "points", "nowhere.jsonl"]),
        (2, ["create", "db.tv", "x", "--dim", "0"]),
        (2, ["create", "db.tv", "x", "--dim", "4", "--metadata", "year"]),
        (1, ["create", "db.tv", "points", "--dim", "4"]),
        (1, ["count", "db.tv", "pionts"]),
        (1, ["search", "db.tv", "points", "--like", "nope"]),
        (3, ["count", "missing.tv", "points"]),
        (3, ["import", "missing.tv", "points", "rows.jsonl"]),
        (3, ["count", "toy.py", "points"]),
        (0, ["--version"]),
        (0, ["--help"]),
    ],
)
def test_exit_codes(shell, points, code, arguments):
    got, out, err = shell(*arguments)
    assert got == code, (out, err)
    assert (err == "") == (code == 0)


def test_errors_are_json_too(shell, points):
    error = as_json(shell("count", "db.tv", "pionts", "--json"), code=1)["error"]
    assert error["code"] == "NotFound"
    assert "points" in error["message"]
    assert (
        as_json(shell("count", "missing.tv", "c", "--json"), code=3)["error"]["code"] == "NotFound"
    )


def test_search_by_text(shell, tmp_path):
    assert shell("create", "t.tv", "pages", "--dim", "2", "--text", "english")[0] == 0
    with tv.open(tmp_path / "t.tv") as db:
        texts = ["a vector grows", "lists do not"]
        db.collection("pages").upsert(["a", "b"], [[1, 0], [0, 1]], texts=texts)
    found = as_json(shell("search", "t.tv", "pages", "--text", "growing vectors", "--json"))
    assert [hit["id"] for hit in found["hits"]] == ["a"]
    assert found["receipt"]["plan"] == "lexical"
    both = ["--text", "growing", "--vector", "[0, 1]", "--fusion", "dbsf", "--json"]
    found = as_json(shell("search", "t.tv", "pages", *both))
    assert found["receipt"]["fusion"] == "dbsf" and len(found["hits"]) == 2


@pytest.fixture
def fruits(tmp_path, monkeypatch):
    """A database `fruits.tv` with a stored pipeline, and the same as p.json."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "toy.py").write_text(EMBEDDER)
    declaration = {
        "sources": [{"kind": "dense"}, {"kind": "lexical"}],
        "stages": [{"stage": "limit", "count": 2}],
    }
    (tmp_path / "p.json").write_text(json.dumps(declaration))
    with tv.open("fruits.tv") as db:
        rows = db.create_collection("fruits", dim=4, text=tv.TextField())
        rows.upsert(["a", "b", "c"], np.eye(4)[:3], texts=["red apple", "green pear", "red plum"])
        db.put_pipeline("short", tv.Pipeline.from_dict(declaration))


@pytest.mark.parametrize("pipeline", ["p.json", "short"])
@pytest.mark.usefixtures("fruits")
def test_query_runs_a_pipeline_of_a_file_or_a_stored_one(capsys, pipeline):
    command = ["query", "fruits.tv", "fruits", "red apple", "--pipeline", pipeline, "--json"]
    assert main([*command, "--embed", "toy:embed"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [passage["document"] for passage in document["passages"]][0] == "a"
    assert len(document["passages"]) == 2
    assert main([*command, "--callback", "embed=toy:embed", "--label", "x"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["receipt"]["label"] == "x" and document["receipt"]["pipeline"]


@pytest.mark.usefixtures("fruits")
def test_query_without_a_pipeline_searches_the_texts(capsys):
    assert main(["query", "fruits.tv", "fruits", "plum"]) == 0
    out = capsys.readouterr().out
    assert "c  " in out and "red plum" in out and "passages in" in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--pipeline", "shorts"], 1, "did you mean 'short'"),
        (["--pipeline", "short"], 2, "no callback 'embed'"),
        (["--pipeline", "bad.json"], 2, "bad.json: stages[0].stage: 'limmit'"),
        (["--callback", "embed"], 2, "NAME=MODULE:CALLABLE"),
        (["--prompt", "absent.txt"], 2, "--prompt"),
    ],
)
@pytest.mark.usefixtures("fruits")
def test_query_names_what_is_wrong(capsys, tmp_path, arguments, code, message):
    (tmp_path / "bad.json").write_text('{"stages": [{"stage": "limmit"}]}')
    assert main(["query", "fruits.tv", "fruits", "red", *arguments]) == code
    assert message in capsys.readouterr().err
