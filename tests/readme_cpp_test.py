"""Compiles and runs every C++ block of README.md against the built library.

usage: readme_cpp_test.py COMPILER LIBRARY
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(compiler: str, library: str) -> int:
    blocks = re.findall(r"^```cpp\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    if not blocks:
        print("README.md has no C++ block: it should show one")
        return 1
    for block in blocks:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "example.cc"
            source.write_text(block)
            program = Path(folder) / "example"
            subprocess.run(
                [compiler, "-std=c++20", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}",
                 str(source), library, f"-Wl,-rpath,{Path(library).parent}", "-o", str(program)],
                check=True)
            answer = subprocess.run([str(program)], cwd=folder, check=True, capture_output=True,
                                    text=True).stdout
            if not answer.strip():
                print("the example printed nothing:\n" + block)
                return 1
            print(answer, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
