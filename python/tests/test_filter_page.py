"""docs/filters.md is the definition of the filters: its tables, examples and limits, run.

Chunks are looked at one by one in a small collection, and through columns in a larger one.
"""

import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

import tracevec as tv

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "filters.md").read_text()
UTC = timezone.utc
TWO_TO_53 = 2**53
PLUS_2 = timezone(timedelta(hours=2))


def table(first_cell):
    """Rows of the table of the page whose header starts so, as lists of cells, the header first."""
    (lines,) = re.findall(rf"^(\| {re.escape(first_cell)} \|.*\n(?:\|.*\n)+)", PAGE, re.M)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines.splitlines()]
    return [rows[0], *rows[2:]]


def quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


class Chunks:
    """Chunks by id, among others, and which truth each has under a filter."""

    def __init__(self, collection, others):
        self.notes = collection
        self._others = others

    def put(self, metadata_by_id):
        # The others make every name known, and give columns other values.
        values = [None, 1, -7.5, "a", "2026-01-01", True, [], ["a", 1], datetime(2026, 1, 1)]
        names = {"x", "gone"}.union(*metadata_by_id.values())
        others = {
            f"other {i}": dict.fromkeys(names, values[i % len(values)])
            for i in range(self._others)
        }
        rows = metadata_by_id | others
        self.notes.upsert(list(rows), [[1.0, 0.0]] * len(rows), metadata=list(rows.values()))
        self.notes.rebuild()
        (part,) = self.notes.explain(where="x = 1").parts
        assert part.way == ("scan_matches" if self._others >= 512 else "scan")

    def truth(self, id, where):
        negated = f"NOT ({where})" if isinstance(where, str) else {"$not": where}
        accepted, refused = (
            any(chunk.id == id for chunk in self.notes.scan(where=each))
            for each in (where, negated)
        )
        assert not (accepted and refused), where
        return "true" if accepted else "false" if refused else "unknown"


@pytest.fixture(params=[9, 600], ids=["one by one", "columns"])
def chunks(db, request):
    return Chunks(db.collection("notes", dim=2), request.param)


def test_the_table_of_missing_and_odd_values(chunks):
    header, *rows = table("condition")
    columns = {"missing": {}} | {
        name: {"x": value}
        for name, value in zip(header[2:], [None, [], float("nan"), True], strict=True)
    }
    chunks.put(columns)
    for row in rows:
        for condition in quoted(row[0]):
            found = [chunks.truth(name, condition) for name in columns]
            assert found == row[1:], condition
    assert header == ["condition", *columns]
    assert len(rows) == 8


def test_the_tables_of_three_valued_logic(chunks):
    operands = {"true": "x = 1", "false": "x = 2", "unknown": "gone > 0"}
    chunks.put({"one": {"x": 1}})
    header, *rows = table("AND")
    for start, keyword in ((0, "AND"), (5, "OR")):
        for row in rows:
            left = row[start].strip("*")
            for at in range(start + 1, start + 4):
                where = f"{operands[left]} {keyword} {operands[header[at]]}"
                assert chunks.truth("one", where) == row[at], where
    for row in rows:
        assert chunks.truth("one", f"NOT {operands[row[10].strip('*')]}") == row[11]


CASES = [
    # Text: numbers, strings, names, keywords, precedence.
    ({"x": 9223372036854775807}, "x = 9223372036854775807", "true"),
    ({"x": 2.0**63}, "x = 9223372036854775808", "true"),
    ({"x": "it's"}, "x = 'it''s'", "true"),
    ({"odd name": 1, "in": 2}, "\"odd name\" = 1 aNd `in` == 2", "true"),
    ({'say "it"': 1}, '"say ""it""" = 1', "true"),
    ({"a": {"in": 1}, "any": 2, "naïve": 3}, "a.in = 1 AND any = 2 AND naïve = 3", "true"),
    ({"x": 1}, "NOT x = 2 AND x = 1 OR x = 3", "true"),
    ({"x": 1}, "x = 1 OR x = 1 AND x = 2", "true"),
    # Fields.
    ({"id": "mine", "version": 7}, "meta.id = 'mine' AND meta.version = 7 AND version = 1", "true"),
    ({"meta": {"part": 1}}, "meta.meta.part = 1", "true"),
    ({"author": {"name": "Ann"}}, "author.name = 'Ann'", "true"),
    ({"author.name": "Ann", "author": {"name": "Bob"}}, "author.name = 'Ann'", "true"),
    ({"author": {"a.b": 1, "a": {"b": 2}}}, "author.a.b = 1", "true"),
    ({"author": [{"name": "Ann"}]}, "author.name = 'Ann'", "false"),
    ({"$price": 1}, {"meta.$price": 1}, "true"),
    ({"$price": 1}, 'meta."$price" = 1', "true"),
    # Kinds do not mix.
    ({"x": 1}, "x = '1'", "false"),
    ({"x": True}, "x = 1", "false"),
    ({"x": "2"}, "x > 1", "unknown"),
    ({"x": True}, "x > false", "true"),
    ({"x": {"y": 1}}, "x = 1", "false"),
    ({"x": {"y": 1}}, "x IS NULL", "false"),
    ({"x": {"y": 1}}, "EXISTS x", "true"),
    # Numbers compare by their exact value.
    ({"x": 1}, "x = 1.0 AND x < 1.5 AND x IN (1.0)", "true"),
    ({"x": TWO_TO_53 + 1}, f"x = {TWO_TO_53}.0", "false"),
    ({"x": TWO_TO_53 + 1}, f"x > {TWO_TO_53}.0 AND x < {TWO_TO_53 + 2}.0", "true"),
    ({"x": TWO_TO_53 + 1}, {"x": {"$in": [float(TWO_TO_53)]}}, "false"),
    ({"x": float(TWO_TO_53)}, f"x = {TWO_TO_53} AND x < {TWO_TO_53 + 1}", "true"),
    ({"x": float(TWO_TO_53)}, {"x": TWO_TO_53 + 1}, "false"),
    ({"x": 2**63 - 1}, "x = 9223372036854775808", "false"),
    ({"x": 2**63 - 1}, "x < 9223372036854775808", "true"),
    ({"x": -(2**63)}, "x = -9223372036854775808.0", "true"),
    ({"x": -0.0}, "x = 0 AND x >= 0", "true"),
    ({"x": float("inf")}, "x > 1e308", "true"),
    # Strings by bytes, which is by code points.
    ({"x": "B"}, "x < 'a' AND x != 'b'", "true"),
    ({"x": "\uffee"}, "x < '\U0001f389'", "true"),  # the other way round in UTF-16
    ({"x": "e\u0301"}, "x = '\u00e9'", "false"),
    # Timestamps by instant.
    ({"x": datetime(2026, 1, 1, 2, tzinfo=PLUS_2)}, "x = '2026-01-01'", "true"),
    ({"x": datetime(2026, 1, 1)}, "x = TIMESTAMP '2026-01-01T02:00:00+02:00'", "true"),
    ({"x": datetime(2026, 1, 1)}, {"x": datetime(2026, 1, 1, tzinfo=UTC)}, "true"),
    ({"x": datetime(2026, 1, 1)}, "x < '2026-01-01T00:00:00.000001'", "true"),
    ({"x": datetime(2026, 1, 1)}, "x < 'noon'", "unknown"),
    ({"x": datetime(2026, 1, 1)}, "x = 1767225600", "false"),
    ({"x": "2026-01-01T02:00:00+02:00"}, "x = TIMESTAMP '2026-01-01'", "true"),
    ({"x": "2026-01-01T02:00:00+02:00"}, "x = '2026-01-01'", "false"),
    ({"x": "noon"}, "x < TIMESTAMP '2026-01-01'", "unknown"),
    # Lists whole, or searched.
    ({"x": ["a"]}, "x = 'a'", "false"),
    ({"x": ["a"]}, "x CONTAINS 'a' AND x = ['a'] AND x IN ('b', ['a'])", "true"),
    ({"x": ["a", 1]}, "x = [1, 'a']", "false"),
    ({"x": ["a", 1]}, "x CONTAINS 1.0 AND x CONTAINS ANY (2, 'a')", "true"),
    ({"x": ["a", 1]}, "x CONTAINS ALL ('a', 2)", "false"),
    ({"x": ["a"]}, "x < 'b'", "unknown"),
    ({"x": []}, "x = []", "true"),
    ({"x": [float("nan")]}, "x CONTAINS 1", "false"),
    ({"x": ["a", None]}, "x CONTAINS null", "true"),
    # Strings, searched.
    ({"x": "abc"}, "x CONTAINS 'bc' AND x CONTAINS '' AND x STARTS WITH 'ab'", "true"),
    ({"x": "abc"}, "x CONTAINS 5", "false"),
    ({"x": "100%"}, r"x LIKE '100\%' AND x LIKE '1_0_'", "true"),
    ({"x": "100x"}, r"x LIKE '100\%'", "false"),
    ({"x": "caf\u00e9"}, "x LIKE 'caf_'", "true"),
    ({"x": "a%"}, "x STARTS WITH 'a%' AND x NOT LIKE 'A%'", "true"),
    # Ends of BETWEEN, empty IN, order with null.
    ({"x": 1}, "x BETWEEN 1 AND 1", "true"),
    ({"x": 1}, "x IN ()", "false"),
    ({"x": 1}, "x > null", "unknown"),
]


def test_what_the_page_says_of_fields_and_values(chunks):
    chunks.put({f"case {i}": metadata for i, (metadata, _, _) in enumerate(CASES)})
    for i, (metadata, where, truth) in enumerate(CASES):
        assert chunks.truth(f"case {i}", where) == truth, (metadata, where)


def test_a_blank_filter_is_none(filled):
    assert filled.count(" \n\t") == filled.count({}) == filled.count() == 20


def test_text_and_json_of_the_page_mean_the_same(notes):
    names = ("year", "lang", "tags", "name", "at", "author")
    notes.upsert(["a"], [[1.0] * 8], metadata=[dict.fromkeys(names)])
    pairs = [re.findall(r"^(?:text|JSON) +(.+)$", PAGE, re.M)]
    # Rows of the table that are whole filters, not names of operators.
    pairs += [(quoted(row[1])[0], quoted(row[0])[0]) for row in table("JSON")[1:]]
    pairs = [pair for pair in pairs if pair[1].startswith("{") and "..." not in pair[1]]
    assert len(pairs) == 12
    for text, as_json in pairs:
        printed, by_json = (
            notes.explain(where=each).filter.split(" AND ") for each in (text, json.loads(as_json))
        )
        assert sorted(by_json) == sorted(printed), as_json


@pytest.mark.parametrize(
    "where",
    [
        {"x": ["a"]},
        {"x": {"name": "Ann"}},
        {"$and": []},
        {"$or": []},
        {"$not": {}},
        {"x": {}},
        {"$x": 1},
        "in = 1",
        "5th = 1",
        "x = [[1]]",
        "x < [1]",
        "x CONTAINS [1]",
        "x = 'a' OR",
        "x = \"a\"",
        r"x LIKE 'a\'",
    ],
)
def test_guesses_are_refused_with_their_place(notes, where):
    notes.upsert(["a"], [[1.0] * 8], metadata=[{"x": 1}])
    place = "position [0-9]+" if isinstance(where, str) else "at /"
    with pytest.raises(tv.InvalidArgument, match=f"^filter: {place}"):
        notes.count(where)


DECLARED = {
    "bool": (bool, ["true"], ["1", "'a'", "['a']"]),
    "int": (int, ["1", "1.5", "9223372036854775808"], ["true", "'1'", "[1]"]),
    "float": (float, ["1", "1.5"], ["true", "'1'"]),
    "string": (str, ["'a'"], ["1", "['a']", "TIMESTAMP '2026-01-01'"]),
    "timestamp": (datetime, ["TIMESTAMP '2026-01-01'", "'2026-01-01'"], ["1", "'noon'"]),
    "list of T": (list[str], ["['a']", "[]"], ["'a'", "[1]"]),
}


def test_the_table_of_declared_fields(db):
    _, *rows = table("type")
    types = {name: kind for name, (kind, _, _) in DECLARED.items()}
    notes = db.create_collection(
        "typed", dim=2, metadata={name.split(" ")[0]: kind for name, kind in types.items()}
    )
    names = [name for row in rows for name in row[0].split(", ")]
    assert names == list(DECLARED)

    def runs(where):
        try:
            return notes.count(where) == 0
        except tv.InvalidArgument as error:
            assert re.match(r"filter: field '\w+' is ", str(error)), error
            return False

    for row in rows:
        for name in row[0].split(", "):
            field, (_, fitting, others) = name.split(" ")[0], DECLARED[name]
            for values, fits in ((fitting, True), (others, False)):
                for value in values:
                    assert runs(f"{field} = {value}") == fits, (field, value)
                    assert runs(f"{field} NOT IN ({value}, null)") == fits, (field, value)
            value = "'a'" if name == "list of T" else fitting[0]
            operations = {
                "order": f"> {value}",
                "BETWEEN": f"BETWEEN {value} AND {value}",
                "CONTAINS": f"CONTAINS {value}",
                "LIKE": "LIKE 'a%'",
                "STARTS WITH": "STARTS WITH 'a'",
            }
            has = row[2].split(", ")
            assert set(has) <= set(operations)
            for operation, text in operations.items():
                assert runs(f"{field} {text}") == (operation in has), (field, text)
            assert runs(f"{field} IS NOT NULL AND EXISTS {field} AND {field} != null")


def test_the_errors_of_the_page(db):
    notes = db.create_collection("typed", dim=2, metadata={"year": int})
    (caret,) = re.findall(r"^(filter: position .*\n.*\n.*\^)$", PAGE, re.M)
    others = [" ".join(each.split()) for each in re.findall(r"`(filter:\s[^`]+)`", PAGE)]
    wheres = [
        "year >= 2020 AND",
        {"$or": [{"year": 1}, {"year": {"$gtee": 1}}]},
        "year = 'abc'",
        "yeer = 1",
    ]
    for where, message in zip(wheres, [caret, *others], strict=True):
        with pytest.raises(tv.InvalidArgument) as caught:
            notes.count(where)
        assert str(caught.value) == message


def nested(depth):
    where = {"x": 1}
    for _ in range(depth):
        where = {"$not": where}
    return where


def listed(count):
    return f"x IN ({','.join(map(str, range(count)))})"


@pytest.mark.parametrize(
    ("last", "beyond", "message"),
    [
        ("NOT " * 64 + "x = 1", "NOT " * 65 + "x = 1", "deeper than 64"),
        ("(" * 64 + "x = 1" + ")" * 64, "(" * 65 + "x = 1" + ")" * 65, "deeper than 64"),
        (nested(64), nested(65), "deeper than 64"),
        (listed(100_000), listed(100_001), "more than 100000 values"),
        (
            {"x": {"$in": list(range(100_000))}},
            {"x": {"$in": list(range(100_001))}},
            "more than 100000 values",
        ),
    ],
    ids=["NOT", "parentheses", "$not", "IN", "$in"],
)
def test_limits_hold_to_the_number(notes, last, beyond, message):
    notes.upsert(["a"], [[1.0] * 8], metadata=[{"x": 1}])
    assert notes.count(last) in (0, 1)
    with pytest.raises(tv.InvalidArgument, match=message):
        notes.count(beyond)


def test_length_and_number_of_conditions_have_no_limit(notes):
    notes.upsert(["a"], [[1.0] * 8], metadata=[{"x": 19_999}])
    assert notes.count(" OR ".join(f"x = {i}" for i in range(20_000))) == 1
    assert notes.count(f"x = {19_999} OR x = '{'long ' * 200_000}'") == 1


def test_a_number_past_the_range_of_a_float_is_an_error(notes):
    notes.upsert(["a"], [[1.0] * 8], metadata=[{"x": 1}])
    for where in ("x = 1e999", "x = -1e999", "x = 1" + "0" * 400):
        with pytest.raises(tv.InvalidArgument, match="out of the range of a double"):
            notes.count(where)
