"""What all commands share: their common arguments, opening, and errors of the command itself."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import Any

from .._database import Database
from .._database import open as open_database
from .._types import EmbeddingSpace
from ..errors import Error


class UsageError(Exception):
    """The command line is wrong in a way that its parser cannot see."""


class CannotOpen(Exception):
    """The database could not be opened."""

    def __init__(self, error: Error) -> None:
        super().__init__(str(error))
        self.error = error


def add_command(
    commands: Any, name: str, run: Any, help: str, collection: bool = True
) -> argparse.ArgumentParser:
    """A command with the arguments that all have."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help, description=help)
    parser.add_argument("database", metavar="DB", help="directory of the database")
    if collection:
        parser.add_argument("collection", metavar="NAME", help="collection")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.set_defaults(run=run)
    return parser


def open_or_fail(options: argparse.Namespace, mode: str = "r", create: bool = False) -> Database:
    try:
        return open_database(options.database, mode=mode, create=create)
    except Error as error:
        raise CannotOpen(error) from None


def load_embedder(name: str) -> Any:
    """``wordllama``, or ``module:callable`` (list of str -> rows), looked for in the working
    directory too."""
    if name == "wordllama":
        return _load_wordllama()
    module_name, separator, path = name.partition(":")
    if not separator:
        raise UsageError(f"--embed: expected wordllama or module:callable, got {name!r}")
    sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module_name)
        for attribute in path.split("."):
            found = getattr(found, attribute)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"--embed {name}: {error}") from None
    if not callable(found):
        raise UsageError(f"--embed {name}: expected a callable, got {type(found).__name__}")
    return found


def _load_wordllama() -> Any:
    try:
        import wordllama  # type: ignore[import-untyped]
    except ImportError:
        raise UsageError("--embed wordllama: pip install wordllama") from None
    # Its weights are in its own package; without this it would look in the home directory first.
    folder = os.path.dirname(wordllama.__file__)
    model = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)

    def embed(texts: list[str]) -> Any:
        return model.embed(texts, norm=True)

    embed.space = EmbeddingSpace(  # type: ignore[attr-defined]
        "wordllama-l2-supercat-256", revision=wordllama.__version__, normalization="l2"
    )
    return embed
