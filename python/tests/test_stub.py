"""_core.pyi is written by hand: it lists exactly what the compiled part has."""

import ast
import inspect
from pathlib import Path

import pytest

from tracevec import _core

STUB = Path(inspect.getfile(_core)).with_name("_core.pyi")


def public_names(body: list[ast.stmt]) -> set[str]:
    names = {node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    return {name for name in names if not name.startswith("_")}


@pytest.fixture(scope="module")
def stub() -> ast.Module:
    if not STUB.exists():
        pytest.skip("the stub is not beside the module in an editable install")
    return ast.parse(STUB.read_text(encoding="utf-8"))


def test_the_stub_has_every_class_and_function(stub):
    assert public_names(stub.body) == {name for name in vars(_core) if not name.startswith("_")}


def test_the_stub_has_every_attribute(stub):
    for node in stub.body:
        if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
            continue
        names = public_names(node.body)
        if node.bases:  # all records have to_dict
            names.add("to_dict")
        kind = getattr(_core, node.name)
        assert names == {name for name in vars(kind) if not name.startswith("_")}, node.name


def test_records_show_all_their_attributes(filled, rows):
    hits = filled.search(vector=rows[0], k=1)
    for record in (hits[0], hits.receipt, hits.receipt.stages[0], filled.get("n00")[0]):
        names = {name for name in vars(type(record)) if not name.startswith("_")}
        names -= {"to_dict", "to_json"}
        assert set(record.to_dict()) == names
        assert all(f"{name}=" in repr(record) for name in names)
