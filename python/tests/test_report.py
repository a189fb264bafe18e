"""The HTML page about a database."""

import re
from html.parser import HTMLParser

import pytest

import tracevec as tv
from tracevec._report import percentile, report_html
from tracevec.cli import main

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """Checks that what is opened is closed, and notes tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def searched(db: tv.Database, filled: tv.Collection, rows):
    for row in rows[:5]:
        filled.search(row, k=3, label="<b>&", receipt="keep")
    return db


def test_the_page_is_whole_and_refers_to_nothing_outside(searched):
    text = report_html(searched)
    page = Page(text)
    assert "<b>&" in page.text and "<b>" not in text, "labels are escaped"
    assert not any(tag in {"script", "link", "img", "iframe"} for tag, _ in page.tags)
    assert not re.search(r"https?:|url\(|@import", text)
    for tag, attributes in page.tags:
        if tag == "a":
            target = attributes["href"]
            assert any(at.get("id") == target[1:] for _, at in page.tags), target
    assert ("html", {"lang": "en"}) in page.tags
    assert sum(tag == "details" for tag, _ in page.tags) == 5
    assert all(tag != "th" or "scope" in at for tag, at in page.tags)


def test_it_tells_of_collections_stages_and_receipts(searched):
    page = Page(report_html(searched))
    for part in ("notes", "hydrate", "code_scan", searched.receipts()[0].id, "chunk length"):
        assert part in page.text, part


def test_an_empty_database_has_a_page_too(db):
    assert "No receipts are kept" in Page(report_html(db)).text


def test_percentiles_are_of_the_values():
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile([1], 0.99) == 1
    assert percentile(list(range(1, 101)), 0.95) == 95
    assert percentile(list(range(1, 101)), 1) == 100


def test_the_command_writes_it(path, tmp_path, capsys):
    tv.open(path).close()
    file = tmp_path / "page.html"
    assert main(["report", str(path), "--output", str(file)]) == 0
    Page(file.read_text())
    assert main(["report", str(path), "--output", str(tmp_path / "no" / "page.html")]) == 2
