"""Starting the process of a system, with an index that is built, or one saved by an earlier run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import systems
from .datasets import Dataset
from .processes import SystemFailed, SystemProcess

_COUNTED_WHEN_BUILT = ("build_seconds", "build_cpu_seconds", "resident_bytes")


def start(
    name: str,
    data: Dataset,
    folder: Path,
    programs: systems.Programs,
    processor: int,
    reuse: bool,
    is_filtered: bool,
) -> tuple[SystemProcess, dict[str, Any]]:
    """The process, ready to be searched, and its description.

    Raises Unavailable or SystemFailed.
    """
    command = systems.command(name, programs, is_filtered)
    saved = data.folder / f"{name}.index"
    notes = saved.with_suffix(".json")
    reused = reuse and name in systems.SAVED and notes.exists()
    process = SystemProcess(command, data.folder, folder, saved if reused else None)
    try:
        description = process.wait_until_built(processor)
        if reused:
            # Of the run that built it.
            description |= json.loads(notes.read_text(encoding="utf-8"))
        elif reuse and name in systems.SAVED:
            process.save(saved)
            built = {key: description[key] for key in _COUNTED_WHEN_BUILT}
            # Last: its presence says that the index is whole.
            notes.write_text(json.dumps(built) + "\n", encoding="utf-8")
    except SystemFailed:
        process.close()
        raise
    return process, {**description, "reused": reused}
