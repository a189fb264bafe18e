"""The commands of `python -m bench.search`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from . import datasets, filtered, report, systems
from .runner import Settings, run
from .sources import ROOT

_QUICK_ROWS = 2000
_QUICK_DIMENSION = 64
_QUICK_SYSTEMS = ("tracevec-cpp", "tracevec")
_QUICK_WIDTHS = (systems.DEFAULT_WIDTH, 10, 80)


def _names(text: str) -> list[str]:
    names = list(systems.NAMES) if text == "all" else text.split(",")
    unknown = sorted(set(names) - set(systems.NAMES))
    if unknown:
        known = ", ".join(systems.NAMES)
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {known}, all")
    return names


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _shares(text: str) -> tuple[float, ...]:
    return filtered.SHARES if text == "all" else tuple(float(share) for share in text.split(","))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    measure = commands.add_parser("run", help="build, measure, write JSON, print the tables")
    _add_data_arguments(measure)
    measure.add_argument("--systems", type=_names, help=f"of {', '.join(systems.NAMES)}; or all")
    measure.add_argument("--widths", type=_numbers, help="ef of each search, for all systems")
    measure.add_argument(
        "--shares",
        type=_shares,
        default=(),
        metavar="LIST",
        help="searches under filters that leave these shares of the rows; all: "
        + ",".join(map(str, filtered.SHARES)),
    )
    measure.add_argument("--repeats", type=int, default=3, help="rounds (3)")
    measure.add_argument("--processor", type=int, help="that searches are pinned to (the last)")
    measure.add_argument("--out", type=Path, help="results file (build/bench-data/<data>.json)")
    measure.add_argument("--build-dir", type=Path, default=systems.BUILD_FOLDER)
    measure.add_argument(
        "--no-build", action="store_true", help="measure what is built and installed"
    )
    measure.add_argument(
        "--reuse", action="store_true", help=f"save and reuse the index of {systems.SAVED[0]}"
    )
    measure.add_argument(
        "--quick", action="store_true", help="2,000 generated rows, TraceVec alone, one round"
    )

    table = commands.add_parser("table", help="print the tables of a results file")
    table.add_argument("results", type=Path)
    for command in (measure, table):
        command.add_argument("--reference", default=report.REFERENCE, help="ratios are to this one")
        command.add_argument("--recalls", help="compare here: 0.95,0.99")

    prepare = commands.add_parser("prepare", help="make a data set and its exact answers")
    _add_data_arguments(prepare)
    return parser


def _add_data_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", choices=datasets.NAMES, default="cppdocs")
    command.add_argument("--rows", type=int, default=100_000, help="of clusters (100,000)")
    command.add_argument("--dimension", type=int, default=128, help="of clusters (128)")


def _measure(arguments: argparse.Namespace) -> dict:
    names = arguments.systems or list(systems.DEFAULT_NAMES)
    widths = arguments.widths or systems.WIDTHS
    repeats = arguments.repeats
    if arguments.quick:
        arguments.data, arguments.rows = "clusters", _QUICK_ROWS
        arguments.dimension = _QUICK_DIMENSION
        names = arguments.systems or list(_QUICK_SYSTEMS)
        widths, repeats = arguments.widths or _QUICK_WIDTHS, 1
    data = datasets.load(arguments.data, arguments.rows, arguments.dimension)
    if not arguments.no_build:
        systems.install(names)
    processor = arguments.processor
    if processor is None:
        processor = max(os.sched_getaffinity(0))  # the first takes most interrupts
    settings = Settings(names, widths, repeats, processor, arguments.reuse, arguments.shares)
    programs = systems.Programs(arguments.build_dir.resolve(), not arguments.no_build)
    results = run(data, settings, programs)
    kind = "-filtered" if arguments.shares else ""
    out = arguments.out or datasets.DATA_FOLDER / f"{data.description.name}{kind}.json"
    out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    shown = out.relative_to(ROOT) if out.is_relative_to(ROOT) else out
    print(f"written: {shown}", file=sys.stderr)
    return results


def main() -> int:
    arguments = _parser().parse_args()
    if arguments.command == "prepare":
        data = datasets.load(arguments.data, arguments.rows, arguments.dimension)
        print(f"{data.folder}: {data.description}")
        return 0
    if arguments.command == "run":
        results = _measure(arguments)
    else:
        results = json.loads(arguments.results.read_text(encoding="utf-8"))
    recalls = report.recalls_of(results)
    if arguments.recalls:
        recalls = [float(recall) for recall in arguments.recalls.split(",")]
    print(report.tables(results, arguments.reference, recalls))
    return 1 if results["left_out"] else 0


if __name__ == "__main__":
    sys.exit(main())
