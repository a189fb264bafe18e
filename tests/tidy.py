#!/usr/bin/env python3
"""Checks of the tree that no compiler makes: which folder may include which, what stays out of
public headers, sizes, leftovers, and lists that must be complete.

    tests/tidy.py              checks the tree; exit code 1 and one line a finding if it is untidy
    tests/tidy.py --self-test  proves on a small made-up tree that every rule can fail
"""

import os
import re
import sys
import unittest
from pathlib import Path

LIBRARIES = ("core", "storage", "index", "retrieval")

# Folder -> which of our folders its files may include ("tracevec": the public headers). The arrows
# of ARCHITECTURE.md: storage and index do not know each other, and meet in retrieval.
MAY_INCLUDE = {
    "include": {"tracevec"},
    "core": {"tracevec", "core"},
    "storage": {"tracevec", "core", "storage"},
    "index": {"tracevec", "core", "index"},
    "retrieval": {"tracevec", *LIBRARIES},
    "bench": {"tracevec", *LIBRARIES, "bench", "tests"},
    "tests": {"tracevec", *LIBRARIES, "tests"},
    "python": {"tracevec", *LIBRARIES, "python"},
    "examples": {"tracevec"},
}

# What a file compiled with instruction-set flags may include: nothing with inline functions that
# the linker could keep for everybody.
KERNEL_INCLUDES = re.compile(
    r'<(immintrin\.h|cstddef|cstdint|xsimd/[\w./]+)>|"core/kernels\w*\.h"')

MAX_COLUMNS = 100
MAX_LINES = 450
MAX_TEST_LINES = 1000

CODE = (".h", ".cc", ".py", ".sh", ".cmake", ".in", ".txt")
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
SKIPPED_FOLDERS = re.compile(r"\.(?!ci$).*|__pycache__|build|dist|.*\.egg-info")
TEXT = CODE + (".md", ".json", ".toml", ".yml", ".pyi", "")

INCLUDE = re.compile(r'^\s*#\s*include\s*(<[^>]+>|"[^"]+")')
# Spelled in two halves, so that this file passes its own rules.
LEFTOVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(wo" r"rk|ro" r"ot|ho" r"me)/")
PROCESS_WIDE = re.compile(
    r"\bstd::(cout|cerr|clog|regex|exit|abort|terminate)\b"
    r"|(?<![\w:.>])(printf|fprintf|puts|putchar|exit|abort|_exit)\s*\(")


class Tree:
    """The files of the project: path from its root (with '/') -> text."""

    def __init__(self, files):
        self.files = dict(files)

    @classmethod
    def read(cls, root):
        files = {}
        for folder, subfolders, names in os.walk(root):
            subfolders[:] = sorted(
                name for name in subfolders if not SKIPPED_FOLDERS.fullmatch(name))
            for name in sorted(names):
                path = Path(folder, name)
                try:
                    files[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8")
                except UnicodeDecodeError:
                    pass  # Test data, not text.
        return cls(files)

    def select(self, *suffixes, folders=None):
        for path, text in self.files.items():
            if path.endswith(suffixes) and (folders is None or path.split("/")[0] in folders):
                yield path, text


def numbered(text):
    return enumerate(text.split("\n"), start=1)


def includes(text):
    for number, line in numbered(text):
        if match := INCLUDE.match(line):
            yield number, match.group(1)


def without_comments(text):
    """C++ text with comments and string literals blanked; line numbers stay."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
    return re.sub(pattern, lambda match: "\n" * match.group().count("\n"), text, flags=re.DOTALL)


def check_include_arrows(tree):
    for path, text in tree.select(".h", ".cc"):
        folder = path.split("/")[0]
        if folder not in MAY_INCLUDE or path.startswith("tests/consumer/"):
            continue
        for number, name in includes(text):
            if name[0] != '"':
                continue
            target = name.strip('"').split("/")[0]
            if "/" not in name:
                yield path, number, f"{name}: write the path from the repository's root"
            elif target in {"tracevec", *MAY_INCLUDE} - MAY_INCLUDE[folder]:
                yield path, number, f"{folder}/ may not include {name}"


def check_engine_includes(tree):
    """RocksDB behind storage/, hnswlib in one file, SIMD in the kernels."""
    hnswlib_users = []
    for path, text in tree.select(".h", ".cc"):
        kernel = path.startswith("core/kernels")
        for number, name in includes(text):
            bare = name.strip('<>"')
            if bare.startswith("rocksdb/") and not path.startswith(("storage/", "tests/")):
                yield path, number, f"only storage/ and tests/ include {name}"
            if bare.startswith("hnswlib/") and not path.startswith("bench/search/"):
                hnswlib_users.append((path, number))
            if (bare.startswith("xsimd/") or bare.endswith("intrin.h")) and not kernel:
                yield path, number, f"only core/kernels* include {name}"
            if kernel and path.endswith(".cc") and not KERNEL_INCLUDES.fullmatch(name):
                yield path, number, f"compiled with instruction-set flags: may not include {name}"
    if len({path for path, _ in hnswlib_users}) > 1:
        for path, number in hnswlib_users:
            yield path, number, "hnswlib is included by more than one file"


def check_public_headers(tree):
    for path, text in tree.select(".h", folders={"include"}):
        for number, name in includes(text):
            if name[0] == "<" and not re.fullmatch(r"<[a-z_]+>", name):
                yield path, number, f"{name} is neither the standard library nor ours"


def check_headers(tree):
    for path, text in tree.select(".h"):
        if "#pragma once" not in text:
            yield path, 1, "a header starts with #pragma once"
        for number, line in numbered(without_comments(text)):
            if "using namespace" in line:
                yield path, number, "a header changes the names of whoever includes it"


def check_library_is_silent(tree):
    for path, text in tree.select(".h", ".cc", folders={"include", *LIBRARIES}):
        for number, line in numbered(without_comments(text)):
            if match := PROCESS_WIDE.search(line):
                yield path, number, f"{match.group().strip('( ')}: the library reports by Status"


def check_sizes(tree):
    for path, text in tree.select(*CODE):
        limit = MAX_TEST_LINES if path.startswith(("tests/", "python/tests/")) else MAX_LINES
        count = text.count("\n")
        if count > limit:
            yield path, count, f"{count} lines, the limit is {limit}"
        for number, line in numbered(text):
            if len(line) > MAX_COLUMNS and "://" not in line:
                yield path, number, f"{len(line)} columns, the limit is {MAX_COLUMNS}"


def is_text(path):
    name = path.split("/")[-1]
    return name.endswith(TEXT[:-1]) or "." not in name.lstrip(".")


def check_leftovers(tree):
    for path, text in tree.files.items():
        if not is_text(path):
            continue
        for number, line in numbered(text):
            if match := LEFTOVER.search(line):
                yield path, number, f"{match.group()}: finish it, or file an issue"
            if match := MACHINE_PATH.search(line):
                yield path, number, f"{match.group()}: a path of one machine"


def check_white_space(tree):
    for path, text in tree.select(*CODE, ".md", ".json", ".toml", ".pyi"):
        if text and not text.endswith("\n"):
            yield path, text.count("\n") + 1, "no newline at the end of the file"
        if text.endswith("\n\n"):
            yield path, text.count("\n"), "empty line at the end of the file"
        for number, line in numbered(text):
            if line != line.rstrip():
                yield path, number, "white space at the end of the line"
            if "\t" in line and path.endswith((".h", ".cc", ".py", ".json", ".toml")):
                yield path, number, "a tab"


def check_sources_are_listed(tree):
    """A test that no CMakeLists.txt names is never run, and nobody notices."""
    for path, _ in tree.select(".cc", folders={*LIBRARIES, "bench", "tests"}):
        folder, _, name = path.rpartition("/")
        stem = re.escape(name.removesuffix(".cc"))
        # kernels_avx2.cc is listed as tracevec_add_kernels(avx2 ...), others without .cc.
        kernel = stem.removeprefix("kernels_")
        listed = (rf"(?<![\w/]){stem}\.cc\b|_add_kernels\({kernel}\b"
                  rf"|_add_(bench|fuzzer)\({stem}\b")
        if not re.search(listed, tree.files.get(f"{folder}/CMakeLists.txt", "")):
            yield path, 1, f"{folder}/CMakeLists.txt does not list it"


def check_document_paths(tree):
    """Paths in the documents exist: `core/utf8.h`, [text](docs/filters.md)."""
    folders = set()
    for path in tree.files:
        folders.update(parent.as_posix() for parent in Path(path).parents)
    tops = {name.split("/")[0] for name in folders if name != "."}
    for path in DOCUMENTS:
        for number, line in numbered(tree.files.get(path, "")):
            for name in re.findall(r"`([\w.*/-]+)`|\]\(([\w./-]+?)(?:#[\w-]*)?\)", line):
                named = (name[0] or name[1]).rstrip("/")
                ours = "/" in named and named.split("/")[0] in tops or name[1]
                if not ours or named in tree.files or named in folders:
                    continue
                if "*" in named and any(Path(file).match(named) for file in tree.files):
                    continue
                yield path, number, f"{named} does not exist"


RULES = [
    check_include_arrows,
    check_engine_includes,
    check_public_headers,
    check_headers,
    check_library_is_silent,
    check_sizes,
    check_leftovers,
    check_white_space,
    check_sources_are_listed,
    check_document_paths,
]


def find_all(tree):
    return [(rule, *finding) for rule in RULES for finding in rule(tree)]


class SelfTest(unittest.TestCase):
    """A tidy tree has no finding; each change below has one, of the rule it names."""

    TIDY = {
        "CMakeLists.txt": "project(tracevec)\n",
        "README.md": "See `core/utf8.h`, `core/*.h` and [filters](docs/filters.md#names).\n",
        "docs/filters.md": "Text.\n",
        "include/tracevec/a.h": '#pragma once\n#include <string>\n#include "tracevec/b.h"\n',
        "core/CMakeLists.txt": "add_library(x utf8.cc)\ntracevec_add_kernels(avx2 -m)\n",
        "core/utf8.h": "#pragma once\n",
        "core/utf8.cc": '#include "core/utf8.h"\n// exit() and std::cout in a comment.\n',
        "core/kernels_avx2.cc": '#include <immintrin.h>\n\n#include "core/kernels.h"\n',
        "storage/CMakeLists.txt": "store.cc\n",
        "storage/store.cc": '#include "rocksdb/db.h"\n#include "core/utf8.h"\n',
        "index/CMakeLists.txt": "graph.cc\n",
        "index/graph.cc": '#include <hnswlib/hnswlib.h>\n',
        "tests/CMakeLists.txt": "utf8_test.cc\n",
        "tests/utf8_test.cc": '#include "core/utf8.h"\n#include "rocksdb/db.h"\n',
    }

    BROKEN = [
        (check_include_arrows, "core/utf8.cc", '#include "storage/store.h"\n'),
        (check_include_arrows, "storage/store.cc", '#include "index/graph.h"\n'),
        (check_include_arrows, "index/graph.cc", '#include "storage/store.h"\n'),
        (check_include_arrows, "index/graph.cc", '#include "retrieval/database.h"\n'),
        (check_include_arrows, "storage/store.cc", '#include "tests/fault.h"\n'),
        (check_include_arrows, "include/tracevec/a.h", '#pragma once\n#include "core/b.h"\n'),
        (check_include_arrows, "core/utf8.cc", '#include "utf8.h"\n'),
        (check_engine_includes, "index/graph.cc", "#include <rocksdb/db.h>\n"),
        (check_engine_includes, "core/utf8.cc", "#include <immintrin.h>\n"),
        (check_engine_includes, "core/utf8.cc", "#include <xsimd/xsimd.hpp>\n"),
        (check_engine_includes, "core/kernels_avx2.cc", "#include <vector>\n"),
        (check_engine_includes, "storage/store.cc", "#include <hnswlib/hnswlib.h>\n"),
        (check_public_headers, "include/tracevec/a.h", "#pragma once\n#include <fmt/core.h>\n"),
        (check_headers, "core/utf8.h", "struct Utf8;\n"),
        (check_headers, "core/utf8.h", "#pragma once\nusing namespace std;\n"),
        (check_library_is_silent, "core/utf8.cc", "void F() { std::cerr << 1; }\n"),
        (check_library_is_silent, "core/utf8.cc", "void F() { exit(1); }\n"),
        (check_library_is_silent, "core/utf8.cc", "void F() { printf(\"\"); }\n"),
        (check_sizes, "core/utf8.cc", "// " + "x" * 98 + "\n"),
        (check_sizes, "core/utf8.cc", "\n" * 450 + ";\n"),
        (check_sizes, "tests/utf8_test.cc", "\n" * 1000 + ";\n"),
        (check_leftovers, "core/utf8.cc", "// TO" "DO: later\n"),
        (check_leftovers, "README.md", "FIX" "ME\n"),
        (check_leftovers, "README.md", "cd /ho" "me/me\n"),
        (check_leftovers, "core/utf8.cc", "// see /wo" "rk/notes\n"),
        (check_white_space, "core/utf8.cc", "int a; \n"),
        (check_white_space, "core/utf8.cc", "int a;"),
        (check_white_space, "core/utf8.cc", "int a;\n\n"),
        (check_white_space, "core/utf8.cc", "\tint a;\n"),
        (check_sources_are_listed, "core/forgotten.cc", "int a;\n"),
        (check_sources_are_listed, "core/kernels_sse41.cc", "int a;\n"),
        (check_sources_are_listed, "tests/forgotten_test.cc", "int a;\n"),
        (check_sources_are_listed, "tests/8_test.cc", "int a;\n"),
        (check_document_paths, "README.md", "See `core/gone.h`.\n"),
        (check_document_paths, "README.md", "See [this](docs/gone.md).\n"),
    ]

    def test_a_tidy_tree_has_no_findings(self):
        self.assertEqual(find_all(Tree(self.TIDY)), [])

    def test_each_rule_finds_what_it_is_for(self):
        for rule, path, text in self.BROKEN:
            with self.subTest(rule=rule.__name__, path=path, text=text[-60:]):
                found = find_all(Tree({**self.TIDY, path: text}))
                self.assertEqual({finding[0].__name__ for finding in found}, {rule.__name__})

    def test_no_rule_is_without_an_example(self):
        self.assertEqual({rule for rule, _, _ in self.BROKEN}, set(RULES))


def main():
    if sys.argv[1:] == ["--self-test"]:
        unittest.main(argv=sys.argv[:1])
    if sys.argv[1:]:
        sys.exit(__doc__)
    tree = Tree.read(Path(__file__).resolve().parent.parent)
    found = find_all(tree)
    for rule, path, number, message in found:
        print(f"{path}:{number}: {message} [{rule.__name__.removeprefix('check_')}]")
    print(f"tidy: {len(tree.files)} files, {len(RULES)} rules, {len(found)} findings")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
