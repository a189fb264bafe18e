"""The ``tracevec`` command.

Exit codes: 0 done, 1 rows failed or something was not found, 2 usage, 3 the database cannot be
opened. With ``--json`` stdout is one JSON document, errors included. Nothing is ever coloured.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import Error
from . import (
    count,
    create,
    describe,
    explain,
    get,
    import_,
    metrics,
    query,
    receipts,
    replay,
    report,
    search,
    stats,
    tune,
)
from ._output import print_error
from ._session import CannotOpen, UsageError

_COMMANDS = (
    create,
    import_,
    search,
    query,
    get,
    count,
    stats,
    describe,
    explain,
    tune,
    receipts,
    replay,
    metrics,
    report,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and gives the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except CannotOpen as failure:
        print_error(failure.error, options.json)
        return 3
    except (Error, UsageError) as error:
        print_error(error, options.json)
        return 2 if isinstance(error, UsageError) or error.code == "InvalidArgument" else 1
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tracevec",
        description="An embedded vector database with advanced retrieval.",
        epilog="Exit codes: 0 done, 1 rows failed or not found, 2 usage, 3 cannot open.",
    )
    parser.add_argument("--version", action="version", version=f"tracevec {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser
