"""A vector field on its way to another embedding space."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import _core
from ._embedders import Embedded, Embedder, to_rows
from ._types import EmbeddingSpace
from .errors import Cancelled, InvalidArgument

if TYPE_CHECKING:
    from ._documents import DocumentMethods


class Migration:
    """A migration under way, from ``begin_migration`` or ``migration``.

    A thread of its own fills the other field, while searches and puts use the one in force. When
    the process ends, or is killed, ``collection.migration(embed=...)`` goes on from there. Once it
    is cut over there is nothing to fill, and no thread.

    Safe for concurrent use. ``embed`` is called in the thread, and by ``cut_over`` and
    ``roll_back`` in the caller's for chunks that were written meanwhile.
    """

    def __init__(
        self,
        collection: DocumentMethods,
        embed: Callable[[list[str]], Any],
        batch_size: int,
        is_cut_over: bool,
        label: str | None = None,
    ) -> None:
        self._handle = collection._handle
        self._embed, self._space = _prepare(embed)
        self._batch_size = batch_size
        self._label = label
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._fill, name="tracevec-migration", daemon=True)
        self._started = not is_cut_over  # After it the space to fill would be the old one.
        if self._started:
            self._thread.start()

    def _fill(self) -> None:
        try:
            self._handle.fill_migration(
                self._embed, self._space, self._batch_size, self._go_on, self._label
            )
        except Cancelled:
            pass
        except BaseException as error:  # of the embedder too: for whoever waits
            self._error = error

    def _go_on(self, filled: int, chunks: int) -> bool:
        return not self._stop.is_set()

    @property
    def status(self) -> _core.MigrationStatus:
        """``field``, ``other``, ``cut_over``, ``chunks``, ``filled``, ``started``. Counts anew."""
        return self._handle.migration()

    @property
    def progress(self) -> float:
        """Share of chunks that have a vector of the other space, 0 to 1."""
        status = self.status
        return status.filled / status.chunks if status.chunks else 1.0

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the field is filled; False when it takes longer than ``timeout`` seconds.

        Raises:
            What ``embed`` raised: what was filled before stays.
        """
        if not self._started:
            return True
        self._thread.join(timeout)
        if self._error is not None:
            raise self._error
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Ends the thread after its batch; what was filled stays."""
        self._stop.set()
        if self._started:
            self._thread.join()

    def cut_over(self, label: str | None = None, threads: int = 2) -> _core.SwitchResult:
        """Makes the new space the one in force, in one atomic step.

        Chunks without a vector of it are embedded first, and the index is built, while the old one
        is served; the step itself takes milliseconds. ``roll_back`` undoes it until ``finish``.
        Under steady writers it catches up with what they write; where they write faster than
        ``embed`` embeds, it is a ``Conflict``, and the old space stays.

        Returns:
            ``SwitchResult`` with commit and step_micros, the time of the step.

        Raises:
            Conflict: A snapshot holds the collection, or it was written faster than embedded.
        """
        self.wait()
        return self._handle.switch_migration(True, self._embed, self._space, threads, label)

    def roll_back(
        self,
        embed: Callable[[list[str]], Any] | None = None,
        label: str | None = None,
        threads: int = 2,
    ) -> _core.SwitchResult:
        """After ``cut_over``: makes the old space the one in force again, in one atomic step.

        Before it: ends the migration, and drops what was filled.

        Args:
            embed: Makes vectors of the old space, for chunks written since the cut-over.

        Raises:
            EmbeddingSpaceMismatch: ``embed`` carries another space than the old one.
            Conflict: As in ``cut_over``.
        """
        self.stop()
        old, space = None, None
        if embed is not None:
            if not callable(embed):
                raise InvalidArgument("roll_back: embed is not callable")
            old, space = _prepare(embed)
        return self._handle.switch_migration(False, old, space, threads, label)

    def finish(self, label: str | None = None) -> None:
        """After ``cut_over``: drops the vectors of the old space, and ends the migration."""
        if not self.status.cut_over:
            raise InvalidArgument("finish: cut over before, or roll back")
        self.stop()
        self._handle.finish_migration(label)


def _prepare(embed: Embedder) -> tuple[Callable[[list[str]], Embedded], EmbeddingSpace | None]:
    """The callable, and the space it carries: the library compares it with the one to fill."""
    space = getattr(embed, "space", None)
    return to_rows(embed), space if isinstance(space, EmbeddingSpace) else None
