"""Files as documents: which parser reads which file, and what it makes of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from . import _core
from ._types import Chunker, Document
from .errors import InvalidArgument

MARKDOWN = (".md", ".markdown")
HTML = (".html", ".htm")
TEXT_PATTERNS = ("**/*.md", "**/*.markdown", "**/*.txt")
PATTERNS = (*TEXT_PATTERNS, "**/*.html", "**/*.htm")

_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_BLOCKS = ("p", "li", "pre", "blockquote", "td", "th", "dt", "dd", "figcaption", "caption")
_UNSEEN = ("script", "style", "template", "noscript", "head", "nav")


def list_files(
    folder: Path, patterns: str | Iterable[str]
) -> tuple[list[Path], list[tuple[Path, OSError]]]:
    """The files below a folder that match one of the patterns, sorted by path, and what could not
    be looked into: nobody knows which files it has.

    Symbolic links to folders, and to files outside of the folder, are left out.
    """
    given = (patterns,) if isinstance(patterns, str) else patterns
    wanted = [PurePath(pattern).parts for pattern in given]
    root = folder.resolve()
    found: list[Path] = []
    failed: list[tuple[Path, OSError]] = []

    def fail(error: OSError) -> None:
        failed.append((Path(error.filename), error))

    for directory, _, names in os.walk(folder, onerror=fail):
        for path in (Path(directory, name) for name in names):
            parts = path.relative_to(folder).parts
            if not any(_matches(parts, pattern) for pattern in wanted):
                continue
            try:
                # First, since a loop of links is no file and cannot be resolved.
                if path.is_file() and path.resolve().is_relative_to(root):
                    found.append(path)
            except OSError as error:
                failed.append((path, error))
    return sorted(found), failed


def _matches(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[skipped:], pattern[1:]) for skipped in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def read_document(path: Path, id: str, chunker: Chunker | None = None) -> Document:
    """The document that a file is.

    Markdown is kept as it is, HTML becomes text with its headings as Markdown's, anything else is
    text. Its parser, with its version, is part of the document.

    Raises:
        OSError, UnicodeDecodeError: The file cannot be read, or is not UTF-8.
    """
    text = path.read_text(encoding="utf-8")
    suffix = path.suffix.lower()
    if suffix in HTML:
        title, text, parser = parse_html(text)
        return Document(id, text, title=title, parser=parser, chunker=chunker or Chunker("heading"))
    version = _core.version()
    if suffix in MARKDOWN:
        return Document(
            id,
            text,
            title=_markdown_title(text),
            parser=f"tracevec markdown {version}",
            chunker=chunker or Chunker("heading"),
        )
    return Document(
        id,
        text,
        title=path.stem,
        parser=f"tracevec text {version}",
        chunker=chunker or Chunker("sentence"),
    )


def parse_html(html: str) -> tuple[str, str, str]:
    """Title, text and parser of a page: a block a paragraph, headings as Markdown has them."""
    try:
        import bs4
    except ImportError:
        raise InvalidArgument(
            "HTML files need the package beautifulsoup4: pip install 'tracevec[html]'"
        ) from None
    soup = bs4.BeautifulSoup(html, "html.parser")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    for unseen in soup.find_all(_UNSEEN):
        unseen.decompose()
    blocks = []
    for element in soup.find_all([*_HEADINGS, *_BLOCKS]):
        if element.find_parent(_BLOCKS) is not None and element.name not in _HEADINGS:
            continue  # Part of the block around it.
        text = element.get_text("" if element.name == "pre" else " ")
        text = text.strip("\n") if element.name == "pre" else re.sub(r"\s+", " ", text).strip()
        if text:
            blocks.append(_HEADINGS.get(element.name, "") + text)
    if not blocks:
        blocks = [re.sub(r"\s+", " ", soup.get_text(" ")).strip()]
    return title, "\n\n".join(blocks), f"beautifulsoup4 {bs4.__version__} html.parser"


def _markdown_title(text: str) -> str:
    for line in text.splitlines():
        if line.startswith("# "):
            return line[2:].strip()
    return ""
