"""OpenTelemetry traces, where the standard ``OTEL_*`` variables ask for them.

Without them nothing is imported and nothing is done: every function here returns at once.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from gleanery.errors import ConfigError
from gleanery.logs import redactor_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

    from gleanery.config import Config

HEADER = "traceparent"
"""W3C Trace Context, version 00: ``00-TRACE-SPAN-FLAGS``."""


def wants_traces() -> bool:
    """Whether the environment names a place for spans, and does not switch them off."""
    env = os.environ
    if env.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if exporter := env.get("OTEL_TRACES_EXPORTER", "").strip():
        return exporter != "none"
    names = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return any(env.get(name) for name in names)


def start_tracing(service: str, config: Config) -> None:
    """Send the spans of this process to where ``OTEL_*`` says; nothing, if they say nothing.

    Args:
        service: ``service.name``, unless ``OTEL_SERVICE_NAME`` gives another.
        config: Whose secrets are kept out of spans.

    Raises:
        ConfigError: The packages are missing, or something is asked for that we do not speak.
    """
    if not wants_traces():
        return
    env = os.environ
    exporter = env.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp"
    protocol = (
        env.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
        or env.get("OTEL_EXPORTER_OTLP_PROTOCOL")
        or "http/protobuf"
    )
    if exporter != "otlp" or protocol != "http/protobuf":
        raise ConfigError(
            f"traces go out as otlp over http/protobuf, not as {exporter} over {protocol}:"
            " see docs/tracing.md (지원하지 않는 내보내기 방식입니다)"
        )
    if is_tracing():
        return
    try:
        from gleanery.span_export import install  # noqa: PLC0415 - the SDK is an extra
    except ImportError as error:
        raise ConfigError(
            "OTEL_* asks for traces: pip install 'gleanery[tracing]'"
            f" (추적 패키지가 없습니다: {error})"
        ) from error
    install(service, redactor_of(config))


def is_tracing() -> bool:
    """Whether this process has an OpenTelemetry SDK, ours or a test's."""
    return "opentelemetry.sdk.trace" in sys.modules


def tracer() -> Tracer:
    """Return our tracer; ask :func:`is_tracing` before."""
    from opentelemetry.trace import get_tracer  # noqa: PLC0415 - nobody pays for it without traces

    return get_tracer("gleanery")


def traceparent() -> str:
    """Return the running task's span as a header that another process goes on from; or nothing."""
    return header_of(None) if is_tracing() else ""


def header_of(context: Context | None) -> str:
    """Return a context's span as a header; of the running task, if ``None``."""
    from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415

    carrier: dict[str, str] = {}
    tracecontext.TraceContextTextMapPropagator().inject(carrier, context)
    return carrier.get(HEADER, "")


def context_of(header: str) -> Context:
    """Return the context that ``header`` names; an empty one if it names none."""
    from opentelemetry.context import Context  # noqa: PLC0415
    from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415

    return tracecontext.TraceContextTextMapPropagator().extract({HEADER: header}, Context())


@contextmanager
def span(
    name: str,
    *,
    parent: Context | str | None = None,
    fine: tuple[type[Exception], ...] = (),
    **attributes: Any,
) -> Iterator[None]:
    """Do the body inside a span; what it raises is named by its class, its text may be scraped.

    Args:
        name: One of few: what differs goes into attributes.
        parent: Context, or header, to go on from; an empty one = a new trace; ``None`` = from the
            running task's span.
        fine: Exceptions that are no errors.
        attributes: With ``_`` for the first dot: ``gleanery_item`` is ``gleanery.item``.
    """
    if not is_tracing():
        yield
        return
    from opentelemetry.trace import StatusCode  # noqa: PLC0415

    context = context_of(parent) if isinstance(parent, str) else parent
    with tracer().start_as_current_span(
        name,
        context,
        attributes=_dotted(attributes),
        record_exception=False,
        set_status_on_exception=False,
    ) as begun:
        try:
            yield
        except fine as reason:
            begun.set_attribute("gleanery.outcome", type(reason).__name__)
            raise
        except Exception as error:
            begun.set_attribute("error.type", type(error).__name__)
            begun.set_status(StatusCode.ERROR)
            raise


@contextmanager
def spans(name: str, parents: Sequence[str], **attributes: Any) -> Iterator[None]:
    """Do the body inside one span for each of ``parents`` that is not empty; none is current."""
    known = [parent for parent in parents if parent] if is_tracing() else []
    with ExitStack() as stack:
        for parent in known:
            begun = tracer().start_span(name, context_of(parent), attributes=_dotted(attributes))
            stack.callback(begun.end)
        yield


def shown(identity: str) -> str:
    """Return an item's identity as spans name it: of a page's address, without its query."""
    return identity.partition("?")[0]


def _dotted(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("_", ".", 1): value for name, value in attributes.items()}
