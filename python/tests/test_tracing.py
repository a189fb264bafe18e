"""Spans of searches, as OpenTelemetry's SDK gets them."""

import subprocess
import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import tracevec as tv

EXPORTER = InMemorySpanExporter()


@pytest.fixture
def spans():
    """Those that ended since the test began. The SDK takes one provider a process."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(EXPORTER))
        trace.set_tracer_provider(provider)
    EXPORTER.clear()
    yield EXPORTER.get_finished_spans
    EXPORTER.clear()


def test_a_search_is_a_span_with_a_child_for_each_stage(filled, rows, spans):
    receipt = filled.search(rows[0], k=3, where="NOT tags CONTAINS 'zebra'").receipt
    *stages, search = spans()
    assert search.name == "search notes"
    assert search.kind is trace.SpanKind.INTERNAL
    assert dict(search.attributes) == {
        "db.system.name": "tracevec",
        "db.namespace": "test.tv",
        "db.collection.name": "notes",
        "db.operation.name": "search",
        "db.response.returned_rows": 3,
        "gen_ai.operation.name": "retrieval",
        "gen_ai.data_source.id": "notes",
        "gen_ai.request.top_k": 3,
        "tracevec.plan": receipt.plan,
        "tracevec.commit": receipt.commit,
        "tracevec.outcome": "ok",
        "tracevec.receipt.id": receipt.id,
    }
    assert [span.name for span in stages] == [stage.name for stage in receipt.stages]
    for span, stage in zip(stages, receipt.stages):
        assert span.parent.span_id == search.context.span_id
        assert (span.end_time - span.start_time) / 1000 == pytest.approx(stage.micros, abs=1)
        assert span.attributes["tracevec.n_out"] == stage.n_out
    assert "zebra" not in "".join(span.to_json() for span in spans()), "no content"


def test_the_span_around_it_is_its_parent(filled, rows, spans):
    with trace.get_tracer("test").start_as_current_span("request") as request:
        filled.search(rows[0])
    search = next(span for span in spans() if span.name == "search notes")
    assert search.parent.span_id == request.get_span_context().span_id


def test_a_batch_is_one_span_with_its_size(filled, rows, spans):
    filled.search_batch(rows[:5], k=2)
    (span,) = spans()
    assert span.name == "search_batch notes"
    assert span.attributes["db.operation.batch.size"] == 5
    assert span.attributes["db.response.returned_rows"] == 10


def test_a_search_that_fails_says_with_which_error(filled, rows, spans):
    with pytest.raises(tv.InvalidArgument):
        filled.search(rows[0], k=0)
    (span,) = spans()
    assert span.attributes["error.type"] == "InvalidArgument"
    assert span.status.status_code is trace.StatusCode.ERROR


def test_without_the_package_searches_are_as_they_were():
    code = """
import sys
sys.modules["opentelemetry"] = None
import tempfile, tracevec as tv
with tempfile.TemporaryDirectory() as folder, tv.open(folder + "/db") as db:
    notes = db.collection("notes", dim=2)
    notes.upsert(["a"], [[1, 0]])
    print(notes.search([1, 0])[0].id)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "a\n", done.stderr
