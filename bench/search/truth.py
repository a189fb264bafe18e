"""Exact answers, and recall against them."""

from __future__ import annotations

import numpy as np

K = 10
TIE = 1e-6  # scores this close count as equal; float32 sums of 784 products differ by less
_BLOCK_ROWS = 20_000  # with 2,000 queries under a gigabyte while they are ranked
_SPARE = 20  # candidates beyond the depth, since the first pass has the rounding of float32


def exact_answers(
    base: np.ndarray, queries: np.ndarray, depth: int
) -> tuple[np.ndarray, np.ndarray]:
    """The `depth` largest inner products of each query: ids (int32) and scores (float64), best
    first, equal scores by id."""
    wanted = min(depth + _SPARE, len(base))
    ids = np.empty((len(queries), 0), np.int32)
    scores = np.empty((len(queries), 0), np.float32)
    for start in range(0, len(base), _BLOCK_ROWS):
        block = base[start : start + _BLOCK_ROWS]
        block_ids = np.arange(start, start + len(block), dtype=np.int32)
        ids = np.hstack([ids, np.broadcast_to(block_ids, (len(queries), len(block)))])
        scores = np.hstack([scores, queries @ block.T])
        keep = np.argpartition(-scores, min(wanted, scores.shape[1]) - 1, axis=1)[:, :wanted]
        ids = np.take_along_axis(ids, keep, axis=1)
        scores = np.take_along_axis(scores, keep, axis=1)
    exact = exact_scores(base, queries, ids)
    order = np.lexsort((ids, -exact), axis=1)[:, :depth]
    return np.take_along_axis(ids, order, axis=1), np.take_along_axis(exact, order, axis=1)


def exact_scores(base: np.ndarray, queries: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Inner products in float64 of each query with the rows named beside it; a negative id, which
    stands for a missing place, scores minus infinity."""
    scores = np.empty(ids.shape, np.float64)
    for number, row_ids in enumerate(ids):
        rows = base[np.maximum(row_ids, 0)].astype(np.float64)
        scores[number] = rows @ queries[number].astype(np.float64)
    scores[ids < 0] = -np.inf
    return scores


def recall(
    base: np.ndarray, queries: np.ndarray, found_ids: np.ndarray, truth_scores: np.ndarray
) -> float:
    """The share of the K places that hold a right id. An id is right if its exact score reaches the
    K-th best, so that rows with equal scores may stand for each other; the same id twice counts
    once."""
    scores = exact_scores(base, queries, found_ids)
    right = scores >= truth_scores[:, K - 1 : K] - TIE
    total = 0
    for row_ids, row_right in zip(found_ids, right, strict=True):
        total += min(K, len(set(row_ids[row_right].tolist())))
    return total / (K * len(found_ids))
