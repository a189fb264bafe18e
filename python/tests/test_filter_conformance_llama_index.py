"""LlamaIndex's 14 filter operators and 3 conditions, over a vector store that exists only here.

The judge is LlamaIndex's own evaluation of flat filters, composed here for nested ones. The store
says its filters in the language of docs/filters.md, where the two differ:

- LlamaIndex knows true and false alone, so that NOT accepts a node without the field that an order
  asks for. An order is therefore joined with ``!= null``, which makes it false there.
- Its filters cannot spell true and false, and Python's 1 equals True: 1 asks for both.
- Nothing here ignores case: the store keeps each text in lower case too, in a map of its own.
- A field of no node is missing to LlamaIndex and an error here.
"""

import os
import random

import numpy as np
import pytest

import tracevec as tv

pytest.importorskip("llama_index.core", reason="llama-index-core is not installed")

from llama_index.core.schema import TextNode  # noqa: E402
from llama_index.core.vector_stores.types import (  # noqa: E402
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)
from llama_index.core.vector_stores.utils import build_metadata_filter_fn  # noqa: E402

DIM = 4
LOWER_CASE = "_lower_case"
EVERY_NODE = {"id": {"$nin": []}}
NO_NODE = {"id": {"$in": []}}
ORDERS = {
    FilterOperator.GT: "$gt",
    FilterOperator.GTE: "$gte",
    FilterOperator.LT: "$lt",
    FilterOperator.LTE: "$lte",
}
LISTS = (FilterOperator.IN, FilterOperator.NIN, FilterOperator.ANY, FilterOperator.ALL)
CONDITIONS = {FilterCondition.AND: "$and", FilterCondition.OR: "$or"}


def with_booleans(values):
    """The values, and true for 1, false for 0, as Python's equality has it."""
    return [*values, *(bool(each) for each in values if each in (0, 1))]


class LlamaIndexStore:
    def __init__(self, collection):
        self._nodes = collection
        self._known = set()  # names of all metadata fields that were ever written

    def add(self, nodes):
        metadata = []
        for node in nodes:
            texts = {k: v.lower() for k, v in node.metadata.items() if isinstance(v, str)}
            metadata.append({**node.metadata, LOWER_CASE: texts})
            self._known.update(node.metadata)
        ids = [node.node_id for node in nodes]
        rows = [node.embedding for node in nodes]
        self._nodes.upsert(ids, rows, texts=[node.text for node in nodes], metadata=metadata)
        return ids

    def get_nodes(self, filters):
        return [self._node(chunk) for chunk in self._nodes.scan(where=self.where(filters))]

    def delete_nodes(self, filters):
        return self._nodes.delete(where=self.where(filters)).deleted

    def count(self, filters):
        return self._nodes.count(self.where(filters))

    def query(self, query):
        hits = self._nodes.search(
            query.query_embedding, k=query.similarity_top_k, where=self.where(query.filters)
        )
        return VectorStoreQueryResult(
            nodes=[self._node(hit) for hit in hits],
            similarities=[hit.score for hit in hits],
            ids=[hit.id for hit in hits],
        )

    def where(self, filters):
        """Filters of LlamaIndex's as one of ours."""
        if not filters.filters:
            return EVERY_NODE
        conditions = [
            self.where(each) if isinstance(each, MetadataFilters) else self._one(each)
            for each in filters.filters
        ]
        if filters.condition == FilterCondition.NOT:
            return {"$not": {"$or": conditions}}
        return {CONDITIONS[filters.condition or FilterCondition.AND]: conditions}

    def _one(self, one):
        name, operator, value = f"meta.{one.key}", one.operator, one.value
        if operator in LISTS and not isinstance(value, list):
            raise ValueError(f"{operator} needs a list, got {value!r}")
        if one.key not in self._known:
            accepts_missing = (FilterOperator.NE, FilterOperator.NIN, FilterOperator.IS_EMPTY)
            return EVERY_NODE if operator in accepts_missing else NO_NODE
        if operator in ORDERS:
            return {name: {ORDERS[operator]: value, "$ne": None}}
        match operator:
            case FilterOperator.EQ:
                return {name: {"$in": [] if value is None else with_booleans([value])}}
            case FilterOperator.NE:
                return {name: {"$nin": [] if value is None else with_booleans([value])}}
            case FilterOperator.IN:
                return {name: {"$in": with_booleans(value)}}
            case FilterOperator.NIN:
                return {name: {"$nin": with_booleans(value)}}
            case FilterOperator.ANY:
                return {name: {"$contains_any": value}}
            case FilterOperator.ALL:
                return {name: {"$contains_all": value}}
            case FilterOperator.CONTAINS | FilterOperator.TEXT_MATCH:
                return {name: {"$contains": value}}
            case FilterOperator.TEXT_MATCH_INSENSITIVE:
                return {f"meta.{LOWER_CASE}.{one.key}": {"$contains": value.lower()}}
            case FilterOperator.IS_EMPTY:
                return {name: {"$in": [None, "", []]}}
        raise ValueError(f"unknown operator {operator}")

    @staticmethod
    def _node(chunk):
        metadata = {name: value for name, value in chunk.metadata.items() if name != LOWER_CASE}
        return TextNode(id_=chunk.id, text=chunk.text, metadata=metadata)


def judge(filters, metadata):
    """Whether LlamaIndex accepts a node with this metadata."""
    truths = [
        judge(each, metadata)
        if isinstance(each, MetadataFilters)
        else build_metadata_filter_fn(lambda _: metadata, MetadataFilters(filters=[each]))("")
        for each in filters.filters
    ]
    if not truths:
        return True
    if filters.condition == FilterCondition.NOT:
        return not any(truths)
    return any(truths) if filters.condition == FilterCondition.OR else all(truths)


NUMBERS = [-1, 0, 1, 1.0, 1.5, 2**53, 2**53 + 1, -(2**63), 1e300]
TEXTS = ["", "a", "ab", "A", "é", "É", "Straße", "it's", "100%", "a_b", "2026-01-01"]
TAGS = [[], ["a"], ["a", "b"], ["A", "ab", ""]]
# Field -> what nodes have in it. Names that need care in the language of the filters, too.
FIELDS = {
    "number": NUMBERS,
    "id": NUMBERS,
    "$price": NUMBERS,
    "title": TEXTS,
    "meta.title": TEXTS,
    "odd name, it's \"one\"": TEXTS,
    "tags": TAGS,
    "a.b": TAGS,
    "flag": [True, False],
    "nobody has it": [1, "a"],
}
ORDERED = [name for name, values in FIELDS.items() if values in (NUMBERS, TEXTS)]
TEXTUAL = [name for name, values in FIELDS.items() if values is TEXTS]


def random_metadata(rng):
    metadata = {name: rng.choice(values) for name, values in FIELDS.items() if rng.random() < 0.8}
    metadata.pop("nobody has it", None)
    return {name: value if rng.random() < 0.9 else None for name, value in metadata.items()}


def random_list(rng, values):
    """A list of values as the type of a filter's value takes it: of one type, and no lists."""
    flat = [each for value in values for each in (value if isinstance(value, list) else [value])]
    kind = rng.choice([type(each) for each in flat])
    flat = [each for each in flat if type(each) is kind]
    return rng.sample(flat, rng.randint(0, min(3, len(flat))))


def random_one(rng):
    operator = rng.choice(list(FilterOperator))
    if operator in ORDERS:
        key = rng.choice(ORDERED)
        value = rng.choice(FIELDS[key])
    elif operator in (FilterOperator.IN, FilterOperator.NIN):
        key = rng.choice(list(FIELDS))
        value = random_list(rng, [0, 1] if key == "flag" else FIELDS[key])
    elif operator in (FilterOperator.ANY, FilterOperator.ALL):
        key = rng.choice(["tags", "a.b", *TEXTUAL])
        value = random_list(rng, FIELDS[key])
    elif operator in (FilterOperator.TEXT_MATCH, FilterOperator.TEXT_MATCH_INSENSITIVE):
        key = rng.choice([*TEXTUAL, "nobody has it"])
        value = rng.choice([*TEXTS, "ß", "RAS", "IT'S"])
    elif operator == FilterOperator.CONTAINS:
        key = rng.choice(["tags", "a.b", *TEXTUAL])
        value = rng.choice(["a", "b", "A", ""])
    else:
        key = rng.choice(list(FIELDS))
        value = rng.choice([*([0, 1] if key == "flag" else FIELDS[key]), None])
    return MetadataFilter(key=key, operator=operator, value=value)


def random_filters(rng, depth):
    return MetadataFilters(
        filters=[
            random_filters(rng, depth - 1) if depth > 0 and rng.random() < 0.4 else random_one(rng)
            for _ in range(rng.choice([0, 1, 1, 2, 2, 3]))
        ],
        condition=rng.choice([*FilterCondition, None]),
    )


def random_nodes(rng, count):
    return [
        TextNode(
            id_=f"{i:04}",
            text=f"text {i}",
            metadata=random_metadata(rng),
            embedding=[rng.gauss(0, 1) for _ in range(DIM)],
        )
        for i in range(count)
    ]


@pytest.fixture
def rng():
    seed = int(os.environ.get("TRACEVEC_TEST_SEED", random.randrange(2**32)))
    print(f"TRACEVEC_TEST_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def store(db):
    return LlamaIndexStore(db.collection("nodes", dim=DIM))


@pytest.mark.parametrize("indexed", [False, True], ids=["scanned", "indexed"])
def test_random_filters_find_what_llama_index_accepts(db, store, rng, indexed):
    nodes = random_nodes(rng, 600 if indexed else 60)  # from 512 on there is an index
    store.add(nodes)
    db.collection("nodes").rebuild()
    (part,) = db.collection("nodes").explain(where="flag = true").parts
    assert part.way == ("scan_matches" if indexed else "scan")  # bitmaps, or row by row
    query = [1.0] * DIM
    used, partial = set(), 0
    for _ in range(300):
        filters = random_filters(rng, 3)
        used.update(each.operator for each in filters.filters if isinstance(each, MetadataFilter))
        accepted = [node for node in nodes if judge(filters, node.metadata)]
        found = store.get_nodes(filters)
        assert [(each.id_, each.text, each.metadata) for each in found] == [
            (each.id_, each.text, each.metadata) for each in accepted
        ], filters
        assert store.count(filters) == len(accepted), filters
        result = store.query(
            VectorStoreQuery(query_embedding=query, similarity_top_k=10, filters=filters)
        )
        assert len(result.ids) == min(10, len(accepted)), filters
        assert set(result.ids) <= {node.id_ for node in accepted}, filters
        partial += 0 < len(accepted) < len(nodes)
    assert used == set(FilterOperator)
    assert len(used) == 14
    assert partial > 100  # else the test has nothing to tell apart


@pytest.mark.parametrize("operator", list(FilterOperator))
def test_each_operator_deletes_what_it_finds(store, operator):
    values = {
        FilterOperator.IN: ("year", [2020, 2021]),
        FilterOperator.NIN: ("year", [2020, 2021]),
        FilterOperator.ANY: ("tags", ["b", "z"]),
        FilterOperator.ALL: ("tags", ["a", "b"]),
        FilterOperator.CONTAINS: ("tags", "a"),
        FilterOperator.TEXT_MATCH: ("title", "Vector"),
        FilterOperator.TEXT_MATCH_INSENSITIVE: ("title", "vEcToR"),
        FilterOperator.IS_EMPTY: ("tags", None),
    }
    key, value = values.get(operator, ("year", 2020))
    metadata = [
        {"year": 2019, "tags": ["a", "b"], "title": "Vector search"},
        {"year": 2020, "tags": [], "title": "a vector"},
        {"year": 2021, "tags": ["b"], "title": "Words"},
        {"title": "nothing else"},
    ]
    vectors = np.eye(DIM).tolist()
    store.add(
        [
            TextNode(id_=str(i), text="", metadata=each, embedding=vectors[i])
            for i, each in enumerate(metadata)
        ]
    )
    filters = MetadataFilters(filters=[MetadataFilter(key=key, operator=operator, value=value)])
    found = [i for i, each in enumerate(metadata) if judge(filters, each)]
    assert 0 < len(found) < len(metadata)
    assert store.delete_nodes(filters) == len(found)
    left = store.get_nodes(MetadataFilters(filters=[]))
    assert [int(node.id_) for node in left] == [i for i in range(4) if i not in found]


@pytest.mark.parametrize(
    ("operator", "value", "error"),
    [
        (FilterOperator.GT, [1], (tv.InvalidArgument, "> takes single values, got a list")),
        (FilterOperator.ANY, "a", (ValueError, "needs a list")),
    ],
)
def test_operands_of_the_wrong_shape_are_refused(store, operator, value, error):
    store.add(random_nodes(random.Random(1), 10))
    one = MetadataFilter(key="number", operator=operator, value=value)
    with pytest.raises(error[0], match=error[1]):
        store.get_nodes(MetadataFilters(filters=[one]))
