"""OpenTelemetry: one trace from whoever asks to the tool on the server, over HTTP."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from model_server.client import ModelClient
from model_server.schema import Document
from tests.model_echo import EchoEngine
from tests.model_serving import Served


@pytest.fixture(scope="module")
def exporter():
    """The spans of this process; the provider is set once and stays."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.mark.parametrize("tool", ["classify_batch", "title"])
async def test_one_trace_goes_from_the_caller_to_the_tool(exporter, tool):
    """Although the call is made by a task of the client's own, and the server is another thread."""
    with Served(EchoEngine()) as served:
        client = ModelClient(served.url, timeout=60)
        await client.open()
        exporter.clear()
        with trace.get_tracer("pipeline").start_as_current_span("process_item") as mine:
            if tool == "title":
                await client.title([Document(text="1")])
            else:
                await client.classify(Document(text="1"))
        await client.close()

    spans = {
        span.context.span_id: span
        for span in exporter.get_finished_spans()
        if span.context.trace_id == mine.get_span_context().trace_id
    }
    (served_span,) = [s for s in spans.values() if s.kind is SpanKind.SERVER and tool in s.name]
    ancestors = []
    span = served_span
    while span.parent:
        span = spans[span.parent.span_id]
        ancestors.append((span.name, span.kind))
    assert served_span.attributes["gen_ai.tool.name"] == tool
    assert any(kind is SpanKind.CLIENT for _, kind in ancestors)
    assert ancestors[-1] == ("process_item", SpanKind.INTERNAL)
