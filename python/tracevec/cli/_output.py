"""What a command prints: lines for people, or one JSON document for programs."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np


def to_plain(value: Any) -> Any:
    """Records, arrays and times as what JSON has; numbers that JSON lacks become null."""
    if hasattr(value, "to_dict"):
        return to_plain(value.to_dict())
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind != "M":
        return to_plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "__dataclass_fields__"):
        return {name: to_plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return str(value)


def print_json(document: Any) -> None:
    print(json.dumps(to_plain(document), ensure_ascii=False, allow_nan=False))


def print_error(error: Exception, as_json: bool) -> None:
    """Says on stderr, or as the JSON document, what went wrong."""
    if as_json:
        code = getattr(error, "code", "Usage")
        print_json({"error": {"code": code, "message": str(error)}})
    else:
        print(f"tracevec: {error}", file=sys.stderr)


def print_table(rows: Mapping[str, Any]) -> None:
    """Names and values in two columns."""
    width = max(map(len, rows), default=0)
    for name, value in rows.items():
        shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value
        print(f"{name:<{width}}  {shown}")
