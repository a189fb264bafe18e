"""What a figure depends on besides the code: processor, its instruction sets, other load."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from .sources import ROOT

_INSTRUCTION_SETS = ("avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16")


def describe() -> dict[str, Any]:
    cpu = _cpu_fields()
    flags = cpu.get("flags", "").split()
    return {
        "processor": cpu.get("model name", "unknown"),
        "processors": len(os.sched_getaffinity(0)),
        "l3_cache": cpu.get("cache size", "unknown"),
        "instruction_sets": [flag for flag in _INSTRUCTION_SETS if flag in flags],
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average": round(os.getloadavg()[0], 2),
    }


def commit() -> str:
    """Of the checkout; "+" says that files differ from it."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no")
    return git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")


def _cpu_fields() -> dict[str, str]:
    """Of the first processor."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0]
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}
