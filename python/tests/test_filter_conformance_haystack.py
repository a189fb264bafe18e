"""Haystack's own filter tests, over a document store that exists only here.

The store says Haystack's filters in the language of docs/filters.md, where the two differ:

- Haystack knows true and false alone, so that NOT accepts a document without the field that an
  order asks for. An order is therefore joined with ``!= null``, which makes it false there.
- ISO 8601 strings are instants to Haystack, so that they are compared as timestamps.
- A field of no document is null to Haystack and an error here.
"""

import os
import random
from datetime import datetime
from itertools import groupby

import numpy as np
import pytest

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # read when Haystack is imported
pytest.importorskip("haystack", reason="haystack-ai is not installed")

from haystack import Document  # noqa: E402
from haystack.errors import FilterError  # noqa: E402
from haystack.testing.document_store import (  # noqa: E402
    CountDocumentsByFilterTest,
    DeleteByFilterTest,
    FilterableDocsFixtureMixin,
    FilterDocumentsTest,
    UpdateByFilterTest,
)
from haystack.utils.filters import document_matches_filter  # noqa: E402

EQUALITIES = {"==": "$in", "!=": "$nin", "in": "$in", "not in": "$nin"}
ORDERS = {">": "$gt", ">=": "$gte", "<": "$lt", "<=": "$lte"}
OWN_FIELDS = {"id": "id", "content": "text"}


def parse_date(value):
    """A string as datetime, or None when it is not ISO 8601 with a whole date."""
    try:
        return datetime.fromisoformat(value) if value[4:5] == value[7:8] == "-" else None
    except ValueError:
        return None


def order_operand(operator, value):
    date = parse_date(value) if isinstance(value, str) else value
    if isinstance(date, bool) or not isinstance(date, (int, float, datetime)):
        raise FilterError(f"{operator} needs a number or an ISO 8601 date, got {value!r}")
    return date


def equal_operands(operator, value):
    """The values that one of ``==``, ``!=``, ``in`` and ``not in`` asks for."""
    if "in" in operator:
        if not isinstance(value, list):
            raise FilterError(f"'{operator}' needs a list, got {value!r}")
        values = value
    else:
        values = [value]
    dates = [parse_date(each) for each in values if isinstance(each, str)]
    return [*values, *(date for date in dates if date is not None)]


class HaystackStore:
    def __init__(self, collection):
        self._documents = collection
        self._known = set()  # names of all metadata fields that were ever written

    def write_documents(self, documents):
        # One call takes rows that all have a vector, or none.
        for _, group in groupby(documents, key=lambda each: each.embedding is None):
            group = list(group)
            rows = {} if group[0].embedding is None else [each.embedding for each in group]
            self._documents.upsert(
                [each.id for each in group],
                rows,
                texts=[each.content for each in group],
                metadata=[each.meta for each in group],
            )
        self._known.update(*(each.meta for each in documents))
        return len(documents)

    def count_documents(self):
        return self._documents.count()

    def count_documents_by_filter(self, filters):
        return self._documents.count(self.where(filters))

    def filter_documents(self, filters=None):
        return [
            Document(
                id=chunk.id,
                content=chunk.text,
                meta=chunk.metadata,
                embedding=chunk.vectors["vector"].tolist() if chunk.vectors else None,
            )
            for chunk in self._documents.scan(where=self.where(filters), vectors=True)
        ]

    def delete_by_filter(self, filters):
        return self._documents.delete(where=self.where(filters)).deleted

    def update_by_filter(self, filters, meta):
        self._known.update(meta)
        return self._documents.update_metadata(meta, where=self.where(filters)).updated

    def where(self, filters):
        """A filter of Haystack's as one of ours."""
        if not filters:
            return None
        needed = {"operator", "value"} if "field" in filters else {"operator", "conditions"}
        if missing := needed - filters.keys():
            raise FilterError(f"{sorted(missing)} missing in {filters}")
        if "field" in filters:
            return self._comparison(filters["field"], filters["operator"], filters["value"])
        conditions = {"$and": [self.where(each) for each in filters["conditions"]]}
        match filters["operator"]:
            case "AND":
                return conditions
            case "OR":
                return {"$or": conditions["$and"]}
            case "NOT":
                return {"$not": conditions}
        raise FilterError(f"unknown operator in {filters}")

    def _comparison(self, field, operator, value):
        name, is_known = self._field(field)
        if operator in EQUALITIES:
            values = equal_operands(operator, value)
            if is_known:
                return {name: {EQUALITIES[operator]: values}}
            return self._constant((None in values) == (EQUALITIES[operator] == "$in"))
        if operator not in ORDERS:
            raise FilterError(f"unknown operator {operator!r}")
        if value is None:
            return self._constant(False)
        operand = order_operand(operator, value)
        if not is_known:
            return self._constant(False)
        return {name: {ORDERS[operator]: operand, "$ne": None}}

    def _field(self, field):
        if field in OWN_FIELDS:
            return OWN_FIELDS[field], True
        name = field.removeprefix("meta.")
        return f"meta.{name}", name in self._known or name.split(".")[0] in self._known

    @staticmethod
    def _constant(truth):
        return {"id": {"$nin" if truth else "$in": []}}


@pytest.fixture
def document_store(db):
    return HaystackStore(db.collection("documents", dim=768))


class TestHaystackFilters(FilterDocumentsTest):
    """The 39 tests of ``filter_documents``."""

    @staticmethod
    def assert_documents_are_equal(received, expected):
        """Embeddings as float32, which is how they are stored; all else, and the order, as is."""
        assert [without_embedding(each) for each in received] == [
            without_embedding(each) for each in expected
        ]
        for ours, theirs in zip(received, expected, strict=True):
            assert (ours.embedding is None) == (theirs.embedding is None)
            if theirs.embedding is not None:
                np.testing.assert_array_equal(ours.embedding, np.float32(theirs.embedding))


class TestHaystackWritesByFilter(
    CountDocumentsByFilterTest,
    DeleteByFilterTest,
    UpdateByFilterTest,
    FilterableDocsFixtureMixin,
):
    """The same filters in ``count``, ``delete`` and ``update_metadata``."""


def without_embedding(document):
    return {**document.to_dict(flatten=False), "embedding": None}


VALUES = {
    "meta.number": [-1, 0, 1, 1.0, 1.5, 2**53, 2**53 + 1, None],
    "meta.name": ["", "a", "ab", "A", "é", "2026", None],
    "meta.day": ["2026-01-01", "2026-01-01T00:00:00", "2026-01-01 01:30:00+00:00", "2025-12-31"],
    "meta.at": ["2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00+00:00", "2026-01-01T02:00+00:00"],
    "meta.author.name": ["Ann", "Bob", None],
    "meta.author.age": [30, 30.5, 31],
    "meta.tags": [[], ["a"], ["a", "b"], None],
    "meta.nobody has it": [1, None],
    "id": [f"{i:03}" for i in range(0, 60, 7)],
    "content": ["text 1", "text 2"],
}
ORDERED = ["meta.number", "meta.day", "meta.at", "meta.author.age", "meta.nobody has it"]


def random_filter(rng, depth):
    if depth > 0 and rng.random() < 0.6:
        conditions = [random_filter(rng, depth - 1) for _ in range(rng.randint(1, 3))]
        return {"operator": rng.choice(["AND", "OR", "NOT"]), "conditions": conditions}
    operator = rng.choice([*EQUALITIES, *ORDERS])
    field = rng.choice(ORDERED if operator in ORDERS else list(VALUES))
    values = VALUES[field]
    value = rng.sample(values, rng.randint(0, 2)) if "in" in operator else rng.choice(values)
    return {"field": field, "operator": operator, "value": value}


def random_document(rng, i):
    flat = {name: rng.choice(values) for name, values in VALUES.items() if name[:5] == "meta."}
    meta = {
        name: flat[f"meta.{name}"]
        for name in ("number", "name", "day", "at", "tags")
        if rng.random() < 0.8
    }
    if rng.random() < 0.8:
        author = {"name": flat["meta.author.name"], "age": flat["meta.author.age"]}
        meta["author"] = {name: value for name, value in author.items() if rng.random() < 0.8}
    return Document(id=f"{i:03}", content=f"text {i % 5}", meta=meta)


def test_random_filters_agree_with_haystacks_own_evaluation(document_store):
    seed = int(os.environ.get("TRACEVEC_TEST_SEED", random.randrange(2**32)))
    print(f"TRACEVEC_TEST_SEED={seed}")
    rng = random.Random(seed)
    documents = [random_document(rng, i) for i in range(60)]
    document_store.write_documents(documents)
    partial = 0
    for _ in range(300):
        filters = random_filter(rng, 3)
        expected = [each.id for each in documents if document_matches_filter(filters, each)]
        assert [each.id for each in document_store.filter_documents(filters)] == expected, filters
        partial += 0 < len(expected) < len(documents)
    assert partial > 100  # else the test has nothing to tell apart
