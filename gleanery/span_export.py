"""Sends spans to an OpenTelemetry collector, without secrets and without queries of addresses."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_QUERY = re.compile(r"(https?://[^\s?#'\"<>]+)[?#][^\s'\"<>)]*")


def install(service: str, redact: Callable[[str], str]) -> None:
    """Make the process's tracer provider: sampler, limits and address out of ``OTEL_*``.

    What is left is sent when the process ends, for as long as ``OTEL_BSP_*`` and
    ``OTEL_EXPORTER_OTLP_TIMEOUT`` allow.
    """
    named = bool(os.environ.get("OTEL_SERVICE_NAME")) or (
        SERVICE_NAME in OTELResourceDetector().detect().attributes
    )
    provider = TracerProvider(resource=Resource.create({} if named else {SERVICE_NAME: service}))
    provider.add_span_processor(BatchSpanProcessor(CleanExporter(OTLPSpanExporter(), redact)))
    trace.set_tracer_provider(provider)


class CleanExporter(SpanExporter):
    """Cleans every text of a span, exceptions included, before it leaves the process."""

    def __init__(self, inner: SpanExporter, redact: Callable[[str], str]) -> None:
        self._inner, self._redact = inner, redact

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._inner.export([self._cleaned(span) for span in spans])

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)

    def _cleaned(self, span: ReadableSpan) -> ReadableSpan:
        events = [
            Event(event.name, self._texts(event.attributes), event.timestamp)
            for event in span.events
        ]
        status = span.status
        told = self._clean(status.description) if status.description else None
        return ReadableSpan(
            name=self._clean(span.name),
            context=span.get_span_context(),
            parent=span.parent,
            resource=span.resource,
            attributes=self._texts(span.attributes),
            events=events,
            links=span.links,
            kind=span.kind,
            status=Status(status.status_code, told),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    def _texts(self, attributes: Mapping[str, Any] | None) -> dict[str, Any]:
        return {
            name: self._clean(value) if isinstance(value, str) else value
            for name, value in (attributes or {}).items()
        }

    def _clean(self, text: str) -> str:
        return self._redact(_QUERY.sub(r"\1", text))
