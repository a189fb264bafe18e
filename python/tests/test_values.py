"""Metadata comes back with the type and value it was given with."""

from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tracevec as tv

UTC = timezone.utc


def round_trip(collection, value):
    collection.upsert(["x"], [[1.0] * 8], metadata=[{"value": value}])
    return collection.get("x")[0].metadata["value"]


def types_of(value):
    if isinstance(value, dict):
        return {name: types_of(item) for name, item in value.items()}
    if isinstance(value, list):
        return [types_of(item) for item in value]
    return type(value)


# Names are 1 to 255 bytes of UTF-8.
NAMES = st.text(min_size=1).filter(lambda name: len(name.encode()) <= 255)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=VALUES)
def test_any_value_round_trips_with_its_type(notes, value):
    result = round_trip(notes, value)
    assert result == value
    assert types_of(result) == types_of(value)  # 1 is not True, and not 1.0


@pytest.mark.parametrize(
    ("given_value", "stored"),
    [
        (datetime(2026, 7, 30, 12, 0), datetime(2026, 7, 30, 12, 0, tzinfo=UTC)),
        (
            datetime(2026, 7, 30, 12, 0, 0, 7, timezone(timedelta(hours=2, minutes=30))),
            datetime(2026, 7, 30, 9, 30, 0, 7, UTC),
        ),
        (date(1969, 12, 31), datetime(1969, 12, 31, tzinfo=UTC)),
        (datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)),
        (np.datetime64("2026-07-30T12:00"), datetime(2026, 7, 30, 12, 0, tzinfo=UTC)),
        (np.datetime64("NaT"), None),
        (np.bool_(True), True),
        (np.int32(7), 7),
        (np.uint8(255), 255),
        (np.float32(0.5), 0.5),
        (np.str_("s"), "s"),
        ((1, 2), [1, 2]),
        (np.array([1, 2]), [1, 2]),
        (float("inf"), float("inf")),
    ],
)
def test_close_relatives_are_converted(notes, given_value, stored):
    result = round_trip(notes, given_value)
    assert result == stored
    assert type(result) is type(stored)


def test_a_time_beyond_python_comes_back_as_numpy(notes):
    far = np.datetime64("12026-01-01T00:00:00", "us")
    assert round_trip(notes, far) == far


def test_nan_is_kept_and_matches_nothing(notes):
    assert np.isnan(round_trip(notes, float("nan")))
    assert notes.count("value = 1.0") == 0


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (2**63, "64 bits does not fit in int64"),
        (-(2**63) - 1, "does not fit in int64"),
        pytest.param(10**5000, "does not fit in int64", id="16610 bits"),
        (np.uint64(2**64 - 1), "does not fit in int64"),
        ("\ud800", "lone surrogate"),
        ({"\udfff": 1}, "lone surrogate"),
        ({1: "one"}, "field name: expected str, got int"),
        (b"bytes", "got bytes"),
        (1j, "got complex"),
        (object(), "got object"),
        ([1, {"a": {2}}], r"\[1\]: 'a': expected .* got set"),
        (nested(70), "nested deeper than 64"),
    ],
)
def test_other_values_are_refused_with_their_place(notes, value, message):
    with pytest.raises(tv.InvalidArgument, match=message) as caught:
        round_trip(notes, value)
    assert str(caught.value).startswith("metadata[0]: 'value': ")
    assert notes.count() == 0


@pytest.mark.parametrize("metadata", [{"": 1}, {"a": {"": 1}}, {"a": [{"": 1}]}])
def test_names_are_not_empty(notes, metadata):
    with pytest.raises(tv.InvalidArgument, match="empty name"):
        notes.upsert(["x"], [[1.0] * 8], metadata=[metadata])


def test_a_list_that_holds_itself_is_refused(notes):
    loop = []
    loop.append(loop)
    with pytest.raises(tv.InvalidArgument, match="nested deeper"):
        round_trip(notes, loop)


def test_declared_types_are_checked(db, rows):
    typed = db.create_collection(
        "typed",
        dim=8,
        metadata={
            "year": int,
            "price": float,
            "area": str,
            "draft": bool,
            "updated": datetime,
            "tags": list[str],
            "counts": "list[int]",
        },
    )
    good = {
        "year": 2026,
        "price": 1.5,
        "area": "stl",
        "draft": False,
        "updated": datetime(2026, 1, 1, tzinfo=UTC),
        "tags": ["a", "b"],
        "counts": [1, 2],
        "undeclared": {"nested": True},
    }
    typed.upsert(["a"], rows[:1], metadata=[good])
    assert typed.get("a")[0].metadata == good
    typed.upsert(["b"], rows[1:2], metadata=[dict.fromkeys(good)])
    assert typed.get("b")[0].metadata == dict.fromkeys(good)
    for field in ("year", "price", "area", "draft", "updated", "tags", "counts"):
        with pytest.raises(tv.InvalidArgument, match=field):
            typed.upsert(["c"], rows[2:3], metadata=[{field: {"a": "map"}}])
    with pytest.raises(tv.InvalidArgument, match="year"):
        typed.update_metadata({"year": "2026"}, ids="a")
    assert typed.count() == 2


def test_an_undeclarable_type_is_refused(db):
    for declared in (bytes, list, list[bytes], "integer", dict[str, int], 7):
        with pytest.raises(tv.InvalidArgument):
            db.create_collection("c", dim=2, metadata={"field": declared})
    assert db.collections() == []


def test_times_in_filters(notes, rows):
    moment = datetime(2026, 7, 30, 12, 0, tzinfo=UTC)
    notes.upsert(["a"], rows[:1], metadata=[{"at": moment, "day": date(2026, 7, 30)}])
    east = moment.astimezone(timezone(timedelta(hours=5)))
    for where in (
        {"at": moment},
        {"at": {"$gte": east, "$lte": moment.replace(tzinfo=None)}},
        {"day": {"$in": [date(2026, 7, 30)]}},
        {"at": {"$lt": np.datetime64("2026-07-30T12:00:01")}},
    ):
        assert notes.count(where) == 1, where
    assert notes.count({"at": {"$gt": moment}}) == 0
