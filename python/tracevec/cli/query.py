"""``tracevec query``: a query through a pipeline, from a file or stored in the database."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from .._database import Database
from .._pipeline import Pipeline
from .._results import Answer
from ..errors import InvalidArgument
from ._output import print_json
from ._session import UsageError, add_command, load_embedder, open_or_fail


def add_parser(commands: Any) -> None:
    parser = add_command(commands, "query", run, "ask a question through a pipeline")
    parser.add_argument("text", metavar="TEXT", help="the question")
    parser.add_argument(
        "--pipeline",
        metavar="FILE|NAME",
        help="a JSON file, or the name of one that the database has; without it: search by text",
    )
    parser.add_argument(
        "--embed", metavar="MODEL", help="wordllama or module:callable, as --callback embed=..."
    )
    parser.add_argument(
        "--callback",
        metavar="NAME=MODULE:CALLABLE",
        action="append",
        default=[],
        help="what a name in the pipeline stands for; may be repeated",
    )
    parser.add_argument("--deadline-ms", type=float, help="time for all steps")
    parser.add_argument("--label", help="kept in the receipt")
    parser.add_argument("--on-error", choices=("degrade", "raise"), default="degrade")
    parser.add_argument(
        "--prompt", metavar="FILE", help="a template: print the prompt in place of the passages"
    )


def run(options: argparse.Namespace) -> int:
    template = None if options.prompt is None else _read(options.prompt, "--prompt")
    with open_or_fail(options) as db:
        query = db.collection(options.collection).query(options.text, _pipeline(options, db))
        answer = query.run(
            options.deadline_ms,
            options.label,
            on_error=options.on_error,
            callbacks=_callbacks(options),
        )
        prompt = None if template is None else answer.to_prompt(template)
    if options.json:
        document = {"passages": list(answer), "receipt": answer.receipt}
        print_json(document if prompt is None else {**document, "prompt": prompt})
    elif prompt is not None:
        print(prompt)
    else:
        _print_answer(answer)
    return 0


def _pipeline(options: argparse.Namespace, db: Database) -> Pipeline | None:
    if options.pipeline is None:
        return None
    if not os.path.isfile(options.pipeline):
        return db.pipeline(options.pipeline)
    try:
        return Pipeline.from_json(_read(options.pipeline, "--pipeline"))
    except InvalidArgument as error:
        raise InvalidArgument(f"{options.pipeline}: {error}") from None


def _read(path: str, option: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{option}: {error}") from None


def _callbacks(options: argparse.Namespace) -> dict[str, Any]:
    callbacks = {}
    for given in options.callback:
        name, separator, function = given.partition("=")
        if not separator:
            raise UsageError(f"--callback: expected NAME=MODULE:CALLABLE, got {given!r}")
        callbacks[name] = load_embedder(function)
    if options.embed is not None:
        callbacks["embed"] = load_embedder(options.embed)
    return callbacks


def _print_answer(answer: Answer) -> None:
    for rank, passage in enumerate(answer, 1):
        place = "" if passage.span is None else f" [{passage.span[0]}:{passage.span[1]}]"
        chunks = len(passage.citations)
        print(f"{rank:>3}  {passage.score:.4f}  {passage.document}{place}  {chunks} cited")
        text = json.dumps(passage.text, ensure_ascii=False)[1:-1]
        print(f"     {text[:110]}{'...' if len(text) > 110 else ''}")
    receipt = answer.receipt
    if receipt is None:
        return
    stages = []
    for stage in receipt.stages:
        note = " (skipped)" if stage.skipped else ""
        stages.append(f"{stage.name} {stage.micros:.0f} us{note}")
    print(f"{len(answer)} passages in {receipt.total_micros:.0f} us ({', '.join(stages)})")
