"""Every Python and shell block of the documents runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    "README.md",
    "docs/documents.md",
    "docs/filters.md",
    "docs/lexical.md",
    "docs/metrics.md",
    "docs/pipeline.md",
    "docs/receipts.md",
    "docs/routing.md",
    "CONTRIBUTING.md",
    "bench/README.md",
]


def blocks(language: str) -> list:
    found = []
    for name in DOCUMENTS:
        text = (ROOT / name).read_text()
        for block in re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S):
            found.append(pytest.param(block, id=f"{name}-{len(found)}"))
    return found


def run(command: list, folder: Path) -> str:
    environment = dict(os.environ)
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("block", blocks("python"))
def test_python_block_runs(block: str, tmp_path: Path) -> None:
    assert run([sys.executable, "-c", block], tmp_path).strip()


@pytest.mark.parametrize("block", blocks("sh"))
def test_shell_block_runs(block: str, tmp_path: Path) -> None:
    targets = re.findall(r"^make ([\w-]+)$", block, re.M)
    if targets:  # Running `make test` from here would not end: the targets must exist.
        rules = (ROOT / "Makefile").read_text()
        for target in targets:
            assert re.search(rf"^{target}:", rules, re.M), target
        return
    assert run(["bash", "-e", "-c", block], tmp_path).strip()
