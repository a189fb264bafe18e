"""bench/update_pages.py: that it still runs."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_it_prints_a_line_a_figure() -> None:
    command = [sys.executable, str(ROOT / "bench" / "update_pages.py"), "--quick"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures = {line["name"]: line["value"] for line in map(json.loads, output.splitlines())}
    assert set(figures) == {"tracevec_2_of_40_changed", "tracevec_unchanged"}
    assert all(value > 0 for value in figures.values())
