"""Filters on their way into the compiled part: text as it is, a dict as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

import numpy as np

from .errors import InvalidArgument

Where = str | Mapping[str, Any] | None


def encode_where(where: Where) -> str | bytes | None:
    """None and text unchanged, a dict as JSON bytes with times as ``{"$timestamp": iso}``."""
    if where is None or isinstance(where, str):
        return where or None
    if not isinstance(where, Mapping):
        raise InvalidArgument(f"where: expected str, dict or None, got {type(where).__name__}")
    if not where:
        return None
    try:
        return json.dumps(where, default=_encode, allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(f"where: {error}") from None


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)
        return {"$timestamp": moment.isoformat()}
    if isinstance(value, date):
        return {"$timestamp": value.isoformat()}
    if isinstance(value, np.datetime64):
        return {"$timestamp": str(value.astype("datetime64[us]"))}
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return list(value)
    raise TypeError(f"a value of type {type(value).__name__} cannot be compared with metadata")
