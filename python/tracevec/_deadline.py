"""Calls that end by a deadline: what has not answered by then is left to itself."""

from __future__ import annotations

import contextvars
import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from .errors import DeadlineExceeded

_MOST_WORKERS = 8


class _Call:
    """One call: what it gave or raised, once it is done."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._context = contextvars.copy_context()  # tracing spans, for example
        self._function = function
        self._arguments = arguments
        self._value: Any = None
        self._error: BaseException | None = None
        self._done = threading.Event()
        self.abandoned = False

    def run(self) -> None:
        try:
            if not self.abandoned:
                self._value = self._context.run(self._function, *self._arguments)
        except BaseException as error:  # it is raised where the call is waited for
            self._error = error
        finally:
            self._done.set()

    def wait(self, seconds: float) -> Any:
        if not self._done.wait(max(0.0, seconds)):
            self.abandoned = True
            raise DeadlineExceeded("it had not answered by the deadline")
        if self._error is not None:
            raise self._error
        return self._value


class _Workers:
    """At most eight daemon threads: they hold up neither the end of the process, nor, once all of
    them hang in calls that nobody waits for, a query beyond its deadline."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[_Call] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._unfinished = 0  # calls, waiting ones included

    def submit(self, call: _Call) -> None:
        with self._lock:
            self._unfinished += 1
            start = self._threads < min(self._unfinished, _MOST_WORKERS)
            self._threads += start
        self._calls.put(call)
        if start:
            threading.Thread(target=self._work, name="tracevec-callback", daemon=True).start()

    def _work(self) -> None:
        while True:
            self._calls.get().run()
            with self._lock:
                self._unfinished -= 1


_workers = _Workers()


def _forget_workers() -> None:
    """A child of a fork has none of its parent's threads."""
    global _workers
    _workers = _Workers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)


def by_deadline(function: Callable[..., Any], end: float) -> Callable[..., Any]:
    """The function, called on a thread of its own and given up at ``end`` of ``time.monotonic``."""

    def call(*arguments: Any) -> Any:
        started = _Call(function, arguments)
        _workers.submit(started)
        return started.wait(end - time.monotonic())

    return call
