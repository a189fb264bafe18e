"""A progress bar on stderr, only where somebody looks at it."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Protocol

from tqdm import tqdm  # type: ignore[import-untyped]


class Progress(Protocol):
    def update(self, n: float) -> object: ...


class _Silent(AbstractContextManager["_Silent"]):
    """Not a disabled tqdm, which would start its monitor thread all the same."""

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, n: float) -> None:
        pass


def progress_bar(shown: bool, total: int | None, unit: str) -> AbstractContextManager[Progress]:
    """A bar of tqdm, or nothing when it is not wanted or stderr is not a terminal."""
    if not shown or sys.stderr is None or not sys.stderr.isatty():
        return _Silent()
    return tqdm(total=total, unit=unit, unit_scale=True)  # type: ignore[no-any-return]
