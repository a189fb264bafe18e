"""Which arrays are taken, which are copied, and which are refused."""

import tracemalloc

import numpy as np
import pytest

import tracevec as tv
from tracevec._arrays import as_matrix, as_query_rows


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", ">f4", "int8", "uint16", "int64"]
)
def test_every_number_type_means_the_same(notes, dtype):
    values = np.arange(1, 17).reshape(2, 8).astype(dtype)
    notes.upsert(["a", "b"], values)
    for chunk, row in zip(notes.get(["a", "b"], vectors=True), values, strict=True):
        np.testing.assert_array_equal(chunk.vectors["vector"], row.astype(np.float32))
    assert notes.search(vector=values[1], k=1)[0].id == "b"


@pytest.mark.parametrize(
    "arrange",
    [
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a[::-1][::-1],
        lambda a: a.tolist(),
        lambda a: [tuple(row) for row in a],
        list,
        memoryview,
    ],
)
def test_layout_does_not_matter(notes, rows, arrange):
    notes.upsert([str(i) for i in range(20)], arrange(rows))
    got = notes.get([str(i) for i in range(20)], vectors=True)
    np.testing.assert_array_equal([chunk.vectors["vector"] for chunk in got], rows)


def test_misaligned_and_read_only_arrays(notes, rows):
    raw = bytearray(rows.nbytes + 1)
    shifted = np.frombuffer(raw, np.float32, rows.size, offset=1).reshape(rows.shape)
    shifted[:] = rows
    frozen = rows.copy()
    frozen.setflags(write=False)
    ids = [str(i) for i in range(20)]
    for array in (shifted, frozen):
        notes.upsert(ids, array)
        assert notes.search(vector=array[3], k=1)[0].id == "3"


def test_float32_rows_are_not_copied():
    matrix = np.ones((4, 8), np.float32)
    assert as_matrix(matrix, "m") is matrix
    (vector,) = as_query_rows(matrix[1], "v")
    assert vector.ctypes.data == matrix[1].ctypes.data
    assert as_matrix(matrix.astype(np.float64), "m").dtype == np.float32


def test_a_float32_upsert_allocates_no_second_array(db):
    wide = db.collection("wide", dim=1024)
    rows = np.ones((2000, 1024), np.float32)
    ids = [str(i) for i in range(2000)]

    def peak(vectors: np.ndarray) -> int:
        tracemalloc.start()
        try:
            wide.upsert(ids, vectors)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(rows) < rows.nbytes // 4
    assert peak(rows.astype(np.float64)) > rows.nbytes  # what a copy looks like


@pytest.mark.parametrize(
    ("vectors", "named"),
    [
        (np.ones((1, 8), object), "dtype object"),
        (np.ones((1, 8), complex), "dtype complex128"),
        (np.ones((1, 8), bool), "dtype bool"),
        ([["a"] * 8], "dtype <U1"),
        ([[1.0] * 8, [1.0] * 7], "not an array of numbers"),
        (np.ones(8, np.float32), "2-D"),
        (np.ones((1, 8, 1), np.float32), "2-D"),
        (None, None),
    ],
)
def test_other_arrays_are_refused_by_name(notes, vectors, named):
    if vectors is None:  # left out: chunks without a vector
        assert notes.upsert(["a"], None, texts=["t"]).inserted == 1
        return
    with pytest.raises(tv.InvalidArgument, match=named):
        notes.upsert(["a"], vectors)
    assert notes.count() == 0


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.ones((1, 7), np.float32), "dimension: expected 8, got 7"),
        (np.ones((2, 4), np.float32), "expected 1 rows, got 2"),
        (np.ones((3, 8), np.float32), "expected 1 rows, got 3"),
        (np.full((1, 8), np.nan, np.float32), "."),
        (np.full((1, 8), np.inf, np.float32), "."),
        (np.full((1, 8), 1e300), "."),
        (np.zeros((1, 8), np.float32), "zero"),
    ],
)
def test_vectors_that_cannot_be_compared_are_refused(notes, vectors, message):
    with pytest.raises(tv.InvalidArgument, match=message):
        notes.upsert(["a"], vectors)
    assert notes.count() == 0


@pytest.mark.parametrize(
    "vector",
    [
        np.ones(7, np.float32),
        np.ones((1, 2, 8), np.float32),
        np.full(8, np.nan, np.float32),
        np.zeros(8, np.float32),
        np.ones(8, object),
        [],
        "abcdefgh",
        {"a": 1},
    ],
)
def test_query_vectors_that_cannot_be_compared_are_refused(filled, vector):
    with pytest.raises(tv.InvalidArgument):
        filled.search(vector=vector)


def test_batch_queries_of_another_width_are_refused(filled):
    with pytest.raises(tv.InvalidArgument, match="dimension: expected 8, got 4"):
        filled.search_batch(np.ones((4, 4), np.float32))  # as many floats as two right ones
    with pytest.raises(tv.InvalidArgument, match="2-D"):
        filled.search_batch(np.ones(8, np.float32))


def test_arrow_arrays(notes, rows):
    pa = pytest.importorskip("pyarrow")
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), 8)
    notes.upsert(
        pa.array([str(i) for i in range(20)]),
        vectors,
        texts=pa.array(["t"] * 20),
        metadata={"year": pa.array(range(20))},
    )
    notes.upsert(pa.array(["20"]), pa.chunked_array([vectors[:1]]))
    assert notes.search(vector=rows[7], k=1)[0].metadata == {"year": 7}
    assert notes.count() == 21
