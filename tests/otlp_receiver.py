"""An OpenTelemetry collector on loopback: takes OTLP over HTTP and decodes it."""

from __future__ import annotations

import gzip
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.loopback import LoopbackServer


@dataclass(frozen=True)
class Seen:
    """One span."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    """Empty for a root."""
    links: tuple[str, ...]
    """Ids of the spans it is linked to."""
    attributes: dict[str, Any]


class Receiver(LoopbackServer):
    """Keeps all spans it was sent, and the bytes they came in."""

    def __init__(self) -> None:
        self.spans: list[Seen] = []
        self.raw = b""
        self.lock = threading.Lock()
        super().__init__(_Handler)

    @property
    def env(self) -> dict[str, str]:
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}

    def named(self, name: str) -> list[Seen]:
        return [span for span in self.spans if span.name == name]

    def above(self, span: Seen) -> list[Seen]:
        """The spans from this one up to the root of its trace."""
        known = {s.id: s for s in self.spans if s.trace == span.trace}
        way = [span]
        while way[-1].parent:
            way.append(known[way[-1].parent])
        return way


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.path == "/v1/traces"
        found = [*_spans(ExportTraceServiceRequest.FromString(body))]
        with self.server.lock:
            self.server.spans += found
            self.server.raw += body
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


def _spans(request: ExportTraceServiceRequest):
    for resource in request.resource_spans:
        service = _values(resource.resource.attributes)["service.name"]
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Seen(
                    service=service,
                    name=span.name,
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    links=tuple(link.span_id.hex() for link in span.links),
                    attributes=_values(span.attributes),
                )


def _values(attributes: Any) -> dict[str, Any]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in attributes}
