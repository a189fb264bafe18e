"""bench/search: how it counts recall and reads curves, and that it still runs."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # bench is no part of the package

from bench.search import curves, datasets, filtered, points, report, truth  # noqa: E402

K = truth.K


@pytest.fixture
def unit_rows():
    rows = np.random.default_rng(3).standard_normal((200, 16)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_exact_answers_are_those_of_a_full_sort(unit_rows):
    queries = unit_rows[:5]
    ids, scores = truth.exact_answers(unit_rows, queries, depth=20)
    all_scores = queries.astype(np.float64) @ unit_rows.T.astype(np.float64)
    np.testing.assert_array_equal(ids, np.argsort(-all_scores, axis=1)[:, :20])
    np.testing.assert_allclose(scores, -np.sort(-all_scores, axis=1)[:, :20], rtol=1e-12)


def test_exact_answers_do_not_depend_on_blocks(unit_rows, monkeypatch):
    whole = truth.exact_answers(unit_rows, unit_rows[:5], depth=20)
    monkeypatch.setattr(truth, "_BLOCK_ROWS", 7)
    in_blocks = truth.exact_answers(unit_rows, unit_rows[:5], depth=20)
    np.testing.assert_array_equal(whole[0], in_blocks[0])
    np.testing.assert_array_equal(whole[1], in_blocks[1])


def test_equal_scores_come_by_id(unit_rows):
    base = np.vstack([unit_rows[:3]] * 4)
    ids, _ = truth.exact_answers(base, unit_rows[:1], depth=12)
    assert ids[0, :4].tolist() == [0, 3, 6, 9]


def test_recall_counts_equal_scores_as_right(unit_rows):
    """Twenty equal rows, of which the exact answer names ten: the other ten are as good."""
    base = np.vstack([np.repeat(unit_rows[:1], 20, axis=0), unit_rows[1:]])
    queries = unit_rows[:1]
    ids, scores = truth.exact_answers(base, queries, depth=100)
    others = np.array([[row for row in range(20) if row not in ids[0, :K]]], np.int32)
    assert truth.recall(base, queries, others, scores) == 1.0


def test_recall_counts_wrong_missing_and_repeated_ids_as_lost(unit_rows):
    queries = unit_rows[:1]
    ids, scores = truth.exact_answers(unit_rows, queries, depth=100)
    found = ids[:, :K].copy()
    assert truth.recall(unit_rows, queries, found, scores) == 1.0
    found[0, 9] = ids[0, 50]
    assert truth.recall(unit_rows, queries, found, scores) == pytest.approx(0.9)
    found[0, 8] = -1
    assert truth.recall(unit_rows, queries, found, scores) == pytest.approx(0.8)
    found[0, 7] = found[0, 6]
    assert truth.recall(unit_rows, queries, found, scores) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1), (0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)]
)
def test_a_percentile_is_the_value_that_the_share_does_not_exceed(share, expected):
    values = np.random.default_rng(1).permutation(np.arange(1, 101))
    assert curves.percentile(values, share) == expected


def test_a_percentile_of_one_value_and_of_none():
    assert curves.percentile([7.0], 0.99) == 7.0
    with pytest.raises(ValueError, match="no values"):
        curves.percentile([], 0.5)


def test_speed_at_equal_recall_is_linear_in_its_logarithm():
    estimate = curves.at_recall([0.9, 0.8, 1.0], [1000.0, 4000.0, 100.0], 0.95)
    assert estimate.value == pytest.approx(math.sqrt(1000 * 100))
    assert not estimate.is_bound
    assert curves.at_recall([0.8, 0.9], [4000.0, 1000.0], 0.9).value == pytest.approx(1000)


def test_points_that_are_beaten_in_both_do_not_count():
    """0.92 at 500 is worse than 0.93 at 800."""
    recalls, speeds = [0.90, 0.92, 0.93, 0.93], [1000.0, 500.0, 800.0, 700.0]
    at_92 = curves.at_recall(recalls, speeds, 0.92)
    assert at_92.value == pytest.approx(1000 ** (1 / 3) * 800 ** (2 / 3))


def test_speed_at_a_recall_out_of_reach():
    assert curves.at_recall([0.8, 0.9], [4000.0, 1000.0], 0.95) is None
    assert curves.at_recall([], [], 0.95) is None


def test_speed_below_the_least_exact_point_is_a_bound():
    estimate = curves.at_recall([0.97, 0.99], [4000.0, 1000.0], 0.95)
    assert (estimate.value, estimate.is_bound) == (4000.0, True)
    assert str(estimate) == ">=4,000"
    assert not curves.at_recall([0.97, 0.99], [4000.0, 1000.0], 0.97).is_bound


def visit(qps, idle):
    times = {"queries": 100, "wall_seconds": 100 / qps, "cpu_seconds": 50 / qps}
    micros = np.arange(1.0, 101.0)
    return points.Visit(times, {**times, "idle_p99_micros": idle}, micros)


def test_a_point_has_medians_with_least_and_most():
    point = points.Point(64, 0.9, [visit(100, 50), visit(300, 4000), visit(110, 60)])
    figures = point.to_dict()
    batch = figures["batch"]
    assert (batch["qps"], batch["qps_min"], batch["qps_max"]) == (110, 100, 300)
    assert batch["cpu_qps"] == 220
    assert figures["singles"]["p99_micros"] == 99


def test_a_percentile_counts_only_beside_an_idle_loop_that_was_not_interrupted():
    quiet = points.Point(64, 0.9, [visit(100, 99)]).to_dict()["singles"]
    loud = points.Point(64, 0.9, [visit(100, 100), visit(100, 4000), visit(100, 60)])
    assert quiet["counts"]
    assert not loud.to_dict()["singles"]["counts"]
    assert loud.to_dict()["singles"]["quietest"]["counts"]


def results_of(systems):
    def system(speeds):
        rate = [
            {"width": 10 + i, "recall": recall, "batch": {"qps": qps, "cpu_qps": 2 * qps}}
            for i, (recall, qps) in enumerate(speeds.items())
        ]
        for point in rate:
            latencies = dict.fromkeys(("p50_micros", "p95_micros", "p99_micros"), 100.0)
            point["singles"] = {**point["batch"], **latencies}
            point["singles"] |= {"idle_p99_micros": 5000.0, "counts": False}
        return {
            "version": "1",
            "kernels": None,
            "build_seconds": 1.0,
            "build_cpu_seconds": 1.0,
            "reused": False,
            "resident_bytes": 10**6,
            "disk_bytes": 0,
            "points": rate,
        }

    return {
        "data": {"name": "glove", "hash": "0" * 64, "rows": 1, "dimension": 1, "queries": 1},
        "machine": {
            "processor": "p",
            "processors": 2,
            "instruction_sets": [],
            "load_average": 0.0,
        },
        "commit": "c",
        "settings": {"repeats": 1},
        "systems": {name: system(speeds) for name, speeds in systems.items()},
        "left_out": {"absent": "not installed"},
    }


def test_the_table_has_ratios_and_says_what_it_cannot_compare():
    results = results_of(
        {"a": {0.9: 1000, 0.96: 500}, "b": {0.9: 3000, 0.96: 1500}, "c": {0.97: 400}, "d": {0.5: 9}}
    )
    text = report.tables(results, "a", [0.93])
    rows = {line.split()[0]: line.split() for line in text.splitlines() if line}
    assert rows["a"][2:4] == ["1.00", "1.00"]
    assert rows["b"][2:4] == ["3.00", "3.00"]
    assert rows["c"][1:3] == [">=400", ">=0.57"]
    assert rows["d"][1:3] == ["-", "-"]
    assert rows["a"][7] == "(100)"  # the idle loop was interrupted
    assert "left out: absent: not installed" in text


def test_the_table_says_what_default_settings_give():
    results = results_of({"a": {0.9: 1000, 0.96: 500}, "b": {0.97: 400}})
    results["systems"]["a"]["points"][1]["width"] = 0
    rows = report.tables(results, "a", []).splitlines()
    assert next(row for row in rows if row.startswith("a ")).endswith("0.9600, 500/s")
    assert next(row for row in rows if row.startswith("b ")).endswith(" -")


def built_programs():
    """Where a build of this tree left the C++ program."""
    for folder in ("build/dev", "build/release"):
        if (ROOT / folder / "bench" / "search" / "tracevec_search").exists():
            return ROOT / folder
    return None


@pytest.mark.parametrize("system", ["tracevec", "tracevec-cpp"])
def test_a_quick_run(system, tmp_path):
    programs = built_programs()
    if system == "tracevec-cpp" and programs is None:
        pytest.skip("tracevec_search is not built (presets dev and release build it)")
    out = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench.search", "run", "--quick", "--no-build"]
    command += ["--systems", system, "--out", out, "--build-dir", programs or tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    results = json.loads(out.read_text())
    assert results["left_out"] == {}
    assert results["data"]["rows"] == 2000
    figures = results["systems"][system]
    assert figures["build_seconds"] > 0
    assert figures["points"][0]["width"] == 0
    assert figures["points"][0]["recall"] >= 0.9
    best = figures["points"][-1]
    assert best["recall"] >= 0.99
    assert best["batch"]["qps"] > 0
    assert best["singles"]["p50_micros"] <= best["singles"]["p99_micros"]


def filtered_data(rows, queries):
    description = datasets.Description("rows", "0", *rows.shape, len(queries), 0)
    answers = truth.exact_answers(rows, queries, 50)
    return datasets.Dataset(ROOT, description, rows, queries, *answers)


def test_the_answers_under_a_filter_are_the_best_of_the_rows_it_leaves(unit_rows):
    data = filtered.restricted(filtered_data(unit_rows, unit_rows[:5]), 0.3)
    matching = np.flatnonzero(filtered.parts_of(200) < 3000)
    assert 30 < len(matching) < 90
    scores = unit_rows[:5].astype(np.float64) @ unit_rows[matching].T.astype(np.float64)
    expected = matching[np.argsort(-scores, axis=1)]
    np.testing.assert_array_equal(data.truth_ids[:, :K], expected[:, :K])
    with pytest.raises(ValueError, match="leaves [0-9] rows of 200"):
        filtered.restricted(filtered_data(unit_rows, unit_rows[:5]), 0.01)


def test_rows_that_the_filter_does_not_leave_are_not_found():
    matching = filtered.parts_of(50) < filtered.limit_of(0.5)
    ids = np.arange(-1, 49).reshape(5, 10)
    kept = filtered.without_strangers(ids, 50, 0.5)
    assert set(kept[kept >= 0]) == set(np.flatnonzero(matching[:49]))
    np.testing.assert_array_equal(kept[kept >= 0], ids[kept >= 0])


def filtered_points(qps_by_recall):
    return [
        {"recall": recall, "singles": {"qps": qps, "cpu_qps": qps, "p99_micros": 1e6 / qps}}
        for recall, qps in qps_by_recall.items()
    ]


def test_filtered_searches_are_compared_with_those_that_find_no_less():
    shares = {
        "0.5": {
            "tracevec": filtered_points({0.94: 9000, 0.96: 4000, 0.99: 1000}),
            "other": filtered_points({0.9: 5000, 0.97: 500, 0.98: 250}),
        },
        "0.1": {
            "tracevec": filtered_points({0.96: 4000}),
            "other": filtered_points({0.96: 1000}),
        },
        "0.01": {
            "tracevec": filtered_points({0.96: 4000}),
            "other": filtered_points({0.97: 1000}),
        },
    }
    half, tenth, hundredth, means = filtered.tables(shares)
    assert half[2] == ("other", "0.9700", "500", "500", "2000", "0.9900", "2.00")
    assert tenth[2][-2:] == ("0.9600", "4.00")
    assert hundredth[2][-2:] == ("-", "-"), "none of ours finds as much"
    assert means[2] == ("other", "2.83 (without 1)")


def test_a_quick_filtered_run(tmp_path):
    out = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench.search", "run", "--quick", "--no-build"]
    command += ["--systems", "tracevec", "--shares", "0.5,0.05", "--out", out]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shares = json.loads(out.read_text())["shares"]
    assert list(shares) == ["0.5", "0.05"]
    for systems in shares.values():
        assert systems["tracevec"][-1]["recall"] >= 0.99
    assert "filter 0.05" in done.stdout
