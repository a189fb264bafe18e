#!/usr/bin/env python3
"""Checks that libtracevec.so exports the public classes and nothing else.

What is exported can be taken for somebody else's symbol by the dynamic linker: a program that has a
RocksDB or a JSON library of another version must not meet ours.

    exports_test.py <libtracevec.so> <public header>...
"""

import re
import subprocess
import sys
from pathlib import Path

OURS = re.compile(r"((vtable|typeinfo|typeinfo name) for )?tracevec::")


def is_expected(name, public_words):
    """Whether a demangled symbol may be exported, given the words of the public headers."""
    classes = set(re.findall(r"\btracevec::(\w+)", name))
    return OURS.match(name) is not None and classes <= public_words


EXPECTED = [
    "tracevec::Database::Open(std::string const&, tracevec::OpenOptions const&)",
    "typeinfo for tracevec::Database",
]
UNEXPECTED = [
    "tracevec::Store::Open(std::string const&)",
    "tracevec::Database::Database(std::unique_ptr<tracevec::Store>)",
    "typeinfo for tracevec::Store",
    "std::vector<tracevec::Hit, std::allocator<tracevec::Hit> >::~vector()",
    "std::vector<tracevec::Store*, std::allocator<tracevec::Store*> >::~vector()",
    "rocksdb::WriteBatch::~WriteBatch()",
    "XXH3_64bits",
]


def self_check_failures():
    words = {"Database", "OpenOptions", "Hit"}
    yield from (f"self-check: {name} must be expected"
                for name in EXPECTED if not is_expected(name, words))
    yield from (f"self-check: {name} must not be expected"
                for name in UNEXPECTED if is_expected(name, words))


def main():
    library, *headers = sys.argv[1:]
    words = set(re.findall(r"\w+", "".join(Path(header).read_text() for header in headers)))
    command = ["nm", "--demangle", "--dynamic", "--defined-only", library]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    names = [line.split(" ", 2)[2] for line in output.splitlines()]
    if not names:
        sys.exit(f"{library} exports nothing")
    failures = [*self_check_failures(),
                *(f"exported: {name}" for name in names if not is_expected(name, words))]
    print(*failures, f"{len(names)} exported symbols, {len(failures)} findings", sep="\n")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
