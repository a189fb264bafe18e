"""What can go wrong, one class for each thing a caller can do about it.

Every class carries ``code``, the name it has in C++ (``tracevec/status.h``), and its ``str()`` is
the message with the numbers and the way out: ``"dimension: expected 384, got 768"``.
"""

from __future__ import annotations

from typing import ClassVar


class Error(Exception):
    """Base of all errors of tracevec."""

    code: ClassVar[str] = "Error"


class InvalidArgument(Error, ValueError):
    """The call is wrong: correct it. Nothing was changed."""

    code = "InvalidArgument"


class NotFound(Error, LookupError):
    """What was named does not exist."""

    code = "NotFound"


class AlreadyExists(Error):
    """The name is taken."""

    code = "AlreadyExists"


class Conflict(Error):
    """Something moved since it was read: read again and retry."""

    code = "Conflict"


class Corruption(Error):
    """Stored bytes are damaged: restore them from a backup."""

    code = "Corruption"


class StorageError(Error):
    """The file system refused; the message has its reason. ``IOError`` in C++."""

    code = "IOError"


class ResourceExhausted(Error):
    """Memory, disk or a stated limit ran out: free some and retry."""

    code = "ResourceExhausted"


class Unavailable(Error):
    """Another process holds the database; the message has its pid.

    So it is after ``fork()``: the parent holds it, and the child must open it itself.
    """

    code = "Unavailable"


class DeadlineExceeded(Error):
    """The deadline passed before there was any answer."""

    code = "DeadlineExceeded"


class Cancelled(Error):
    """The caller stopped it."""

    code = "Cancelled"


class ReadOnly(Error):
    """The database was opened with ``mode="r"``."""

    code = "ReadOnly"


class Unsupported(Error):
    """This build, or this format, cannot do it; the message says what is possible instead."""

    code = "Unsupported"


class EmbeddingSpaceMismatch(Error):
    """Vectors of one model met a field of another."""

    code = "EmbeddingSpaceMismatch"


class Closed(Error):
    """The database was closed."""

    code = "Closed"


class Internal(Error):
    """A fault of the library: please report it."""

    code = "Internal"


_BY_CODE: dict[str, type[Error]] = {error.code: error for error in Error.__subclasses__()}


def from_code(code: str, message: str) -> Error:
    """The exception for a status of the compiled part."""
    return _BY_CODE.get(code, Internal)(message)
