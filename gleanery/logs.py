"""Log lines without secrets, as text or as JSON."""

from __future__ import annotations

import io
import logging
import re
import sys
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

from gleanery.json_log import surroundings, to_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import TextIO

    from pydantic import BaseModel

    from gleanery.config import Config

HIDDEN = "[hidden]"
SHORTEST_SECRET = 4
"""Characters; a shorter value would blot out ordinary words."""

_PARAMETERS = (
    "key|api[_-]?key|access[_-]?token|refresh[_-]?token|id[_-]?token|token|client[_-]?secret"
    "|secret|password|passwd|pwd|signature|sig|auth|x-amz-signature|x-amz-security-token"
)
_PATTERNS = (
    # ?key=…, &access_token=…, also with an escaped ampersand
    re.compile(rf"((?:[?&;]|\b&amp;)(?:{_PARAMETERS})=)[^&#\s'\"<>)\]]+", re.IGNORECASE),
    # Authorization: Bearer …, b'Authorization': [b'bearer …']
    re.compile(r"(\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}", re.IGNORECASE),
    # http://user:password@proxy
    re.compile(r"(://[^/\s:@]+:)[^/\s@]+(?=@)"),
    # 'CSE_KEY': '…', as Scrapy prints overridden settings
    re.compile(r"(['\"]\w*(?:_KEY|_SECRET|_TOKEN|_PASSWORD)['\"]: b?['\"])[^'\"]+(?=['\"])"),
)


class Redactor:
    """Takes known secrets, and what has the shape of one, out of a text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {s for s in secrets if len(s) >= SHORTEST_SECRET}
        spelled = known | {quote(s, safe="") for s in known} | {quote_plus(s) for s in known}
        longest_first = sorted(spelled, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if known else None

    def __call__(self, text: str) -> str:
        """Return ``text`` with ``[hidden]`` in place of each secret."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\g<1>{HIDDEN}", text)
        return text


def redactor_of(config: BaseModel) -> Redactor:
    """Return what takes the secrets of ``config`` out of a text."""
    values = (getattr(config, name) for name in type(config).model_fields)
    return Redactor(v.get_secret_value() for v in values if isinstance(v, SecretStr))


def hide_secrets(config: BaseModel) -> None:
    """Keep the secrets of ``config`` out of every log line of this process, whoever writes it.

    Replaces the factory of log records, since handlers and loggers come and go (Scrapy installs
    its own later): messages and tracebacks pass the :class:`Redactor`. With ``LOG_FORMAT`` of
    ``json``, a record's message is a JSON object with all there is to say, on one line.
    """
    redact = redactor_of(config)
    in_json = getattr(config, "log_format", "text") == "json"
    logging.setLogRecordFactory(_json_records(redact) if in_json else _text_records(redact))
    if in_json:
        sys.excepthook = _log_uncaught


def start_logs(config: Config, *, level: str = "", stream: TextIO | None = None) -> None:
    """Do :func:`hide_secrets`, and write the log of a program of ours to stderr.

    Args:
        config: Says from which level on, and in which format.
        level: Instead of the configured one.
        stream: Instead of stderr.
    """
    hide_secrets(config)
    plain = "%(asctime)s %(levelname)s %(message)s"
    line = "%(message)s" if writes_json() else plain
    logging.basicConfig(level=level or config.log_level, format=line, stream=stream)


def writes_json() -> bool:
    """Whether the log lines of this process are JSON."""
    return bool(getattr(logging.getLogRecordFactory(), "in_json", False))


def last_line(program: str, text: str) -> None:
    """Write the one line that a program fails with to stderr."""
    if writes_json():
        logging.getLogger(program).error("%s", text)
    else:
        sys.stderr.write(f"{program}: {text}\n")


def _text_records(redact: Redactor) -> type[logging.LogRecord]:
    class Record(logging.LogRecord):
        """A log record that redacts itself."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if self.exc_info and self.exc_info[0]:
                self.exc_text = redact(_traceback(self))  # formatters take it as it is

        def getMessage(self) -> str:  # noqa: N802 - the base class's name
            return redact(super().getMessage())

    return Record


def _json_records(redact: Redactor) -> type[logging.LogRecord]:
    class JsonRecord(logging.LogRecord):
        """A log record whose message is all of it; formatters find nothing to add."""

        in_json = True

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.more = surroundings()
            if self.exc_info and self.exc_info[0]:
                self.more["exception"] = _traceback(self)
            if self.stack_info:
                self.more["stack"] = self.stack_info
            self.exc_info = self.exc_text = self.stack_info = None

        def getMessage(self) -> str:  # noqa: N802 - the base class's name
            return to_line(self, super().getMessage(), self.more, redact)

    return JsonRecord


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    logging.getLogger("gleanery").critical("Nobody caught this", exc_info=(kind, error, trace))


def _traceback(record: logging.LogRecord) -> str:
    out = io.StringIO()
    traceback.print_exception(*(record.exc_info or ()), file=out)
    return out.getvalue().rstrip()
