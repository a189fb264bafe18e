"""examples/quickstart.py runs, and its second run embeds nothing."""

import importlib.util
import sys
from pathlib import Path

import pytest

QUICKSTART = Path(__file__).resolve().parents[2] / "examples" / "quickstart.py"


def test_quickstart_runs_and_runs_again(tmp_path, monkeypatch, capsys):
    pytest.importorskip("wordllama")
    spec = importlib.util.spec_from_file_location("quickstart", QUICKSTART)
    quickstart = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(quickstart)
    monkeypatch.setattr(quickstart, "DATABASE", tmp_path / "quickstart.tv")
    monkeypatch.setattr(sys, "argv", ["quickstart.py", "how do I read a csv file"])

    quickstart.main()
    first = capsys.readouterr().out
    assert "\n0 were unchanged" in first
    assert "heapq.merge" in first
    assert "? how do I read a csv file" in first
    assert "The same answer after closing and opening again." in first

    quickstart.main()
    assert " 0 texts were embedded" in capsys.readouterr().out
