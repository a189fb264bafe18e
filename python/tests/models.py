"""What tests of changing documents share: a model, and a process that is killed."""

import os
import signal
import subprocess
import sys

import numpy as np

import tracevec as tv


class Model:
    """An embedder whose rows depend on the text alone; notes what it was asked for."""

    def __init__(self, name: str, dim: int, says: bool = False) -> None:
        self.space = tv.EmbeddingSpace(name, "1")
        self.dim = dim
        self.says = says  # of itself, with each call
        self.texts: list[str] = []

    def __call__(self, texts: list[str]) -> object:
        self.texts += texts
        rows = self.rows(texts)
        if not self.says:
            return rows
        return rows, tv.CallInfo(self.space.model, "1", tokens_in=len(texts), cost=0.5)

    def rows(self, texts: list[str]) -> np.ndarray:
        rngs = [np.random.default_rng(list(text.encode())) for text in texts]
        return np.stack([rng.standard_normal(self.dim) for rng in rngs])


def kill_after_lines(lines: int, program: str, *arguments: object) -> None:
    """Runs a Python program, and kills it when it has printed so many lines, or has ended."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        for _ in range(lines):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
