#!/usr/bin/env python3
"""Checks that no function compiled with instruction-set flags can become somebody else's.

An inline or template function that two object files define is kept once by the linker, and which
copy is not for us to say. If it is the one built with -mavx512f, the program dies of SIGILL on a
processor without AVX-512, in a place that has nothing to do with vectors. So an object file of a
kernel table may export

- its accessor, tracevec::<Name>Kernels(), exactly one of them;
- symbols that carry an instruction set in their name (xsimd::avx2, tracevec::avx512::) and that no
  other of the object files exports: the same name built with two sets of flags is the same fault;
- nothing else, and no initialiser that would run at the start on every processor.

    kernel_symbols_test.py --compiler g++ OBJECT_OR_ARCHIVE...

The compiler builds small faulty objects first, to prove that each rule can fail. Not covered: an
accessor that itself executes such an instruction; it has to stay a plain address.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ACCESSOR = re.compile(r"tracevec::(Scalar|Sse41|Avx2|Avx512|Avx512Vnni)Kernels\(\)")
INSTRUCTION_SET = re.compile(r"\bxsimd::(sse|ssse|avx|fma)\w*|\btracevec::avx512::")
# What compilers put into any object: addresses, two calls, descriptions of types. No arithmetic.
RUN_TIME_SUPPORT = re.compile(
    r"DW\.ref\.__gxx_personality_v0|__clang_call_terminate|typeinfo (name )?for .+")
INITIALISER = re.compile(r"_GLOBAL__sub_I_|global constructors keyed to ")
NM_LINE = re.compile(r"(?P<object>.+):[0-9a-f]+ (?P<kind>\S) (?P<name>.+)")


def defined_symbols(files):
    """Object file or archive member -> [(nm's letter for the kind, demangled name)]."""
    command = ["nm", "--demangle", "--print-file-name", "--defined-only", *files]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    symbols = defaultdict(list)
    for line in output.splitlines():
        if match := NM_LINE.fullmatch(line):
            symbols[match["object"]].append((match["kind"], match["name"]))
    return symbols


def is_exported(kind):
    """Capitals are global or weak; u and i are unique and indirect, global under a small letter."""
    return kind.isupper() or kind in "ui"


def findings(files):
    exporters = defaultdict(set)
    for object_name, symbols in defined_symbols(files).items():
        accessors = 0
        for kind, name in symbols:
            if INITIALISER.search(name):
                yield f"{object_name}: {name} runs at the start, on every processor"
            if not is_exported(kind) or RUN_TIME_SUPPORT.fullmatch(name):
                continue
            if ACCESSOR.fullmatch(name):
                accessors += 1
            elif not INSTRUCTION_SET.search(name):
                yield f"{object_name}: exports {name} ({kind}), which names no instruction set"
            exporters[name].add(object_name)
        if accessors != 1:
            yield f"{object_name}: exports {accessors} accessors of kernel tables, expected 1"
    for name, objects in exporters.items():
        if len(objects) > 1:
            yield f"{name} is exported by {' and '.join(sorted(objects))}"


TABLE = "namespace tracevec {{ const void* {}Kernels() {{ return nullptr; }} }}\n"
TAGGED = """namespace xsimd { struct avx2 {}; }
template <typename Arch> int Add(int a) { return a + 1; }
template int Add<xsimd::avx2>(int);
"""
# What is wrong with the objects -> their sources, and words of the one finding they must lead to.
FAULTS = {
    "an inline function": (
        [TABLE.format("Avx2") + "inline int Leak(int a) { return a; }\n"
         "int (*volatile leak)(int);\nnamespace { void Use() { leak = Leak; } }\n"
         "namespace tracevec::avx512 { void (*use)() = Use; }\n"],
        "Leak(int) (W), which names no instruction set"),
    "a global variable": (
        [TABLE.format("Avx2") + "int counter = 1;\n"],
        "counter (D), which names no instruction set"),
    "a tagged function in two objects": (
        [TAGGED + TABLE.format("Avx2"), TAGGED + TABLE.format("Avx512")],
        "Add<xsimd::avx2>(int) is exported by"),
    "an initialiser": (
        [TABLE.format("Avx2") + "int Read();\nnamespace { volatile int value = Read(); }\n"],
        "runs at the start"),
    "no accessor": (["int value_of_nothing();\n" + TAGGED], "exports 0 accessors"),
}


def self_check_failures(compiler, folder):
    """The rules that did not find the fault made for them."""
    for number, (fault, (sources, expected)) in enumerate(FAULTS.items()):
        objects = []
        for part, source in enumerate(sources):
            path = Path(folder, f"fault{number}_{part}.cc")
            path.write_text(source)
            objects.append(str(path.with_suffix(".o")))
            command = [compiler, "-std=c++20", "-O0", "-c", str(path), "-o", objects[-1]]
            subprocess.run(command, check=True)
        if not any(expected in finding for finding in findings(objects)):
            yield f"self-check: {fault} was not found"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--compiler", required=True, help="C++ compiler for the self-check")
    parser.add_argument("objects", nargs="+", metavar="OBJECT_OR_ARCHIVE")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        failures = list(self_check_failures(arguments.compiler, folder))
    checked = len(FAULTS) + len(defined_symbols(arguments.objects))
    failures += findings(arguments.objects)
    print(*failures, sep="\n", end="\n" if failures else "")
    print(f"{checked} faults and kernel objects checked, {len(failures)} findings")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
