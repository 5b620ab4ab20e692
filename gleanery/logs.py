"""Log lines without secrets."""

from __future__ import annotations

import io
import logging
import re
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

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


def hide_secrets(config: BaseModel) -> None:
    """Keep the secrets of ``config`` out of every log line of this process, whoever writes it.

    Replaces the factory of log records, since handlers and loggers come and go (Scrapy installs
    its own later): messages and tracebacks pass the :class:`Redactor`.
    """
    values = (getattr(config, name) for name in type(config).model_fields)
    redact = Redactor(v.get_secret_value() for v in values if isinstance(v, SecretStr))

    class Record(logging.LogRecord):
        """A log record that redacts itself."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if self.exc_info and self.exc_info[0]:
                out = io.StringIO()
                traceback.print_exception(*self.exc_info, file=out)
                self.exc_text = redact(out.getvalue().rstrip())  # formatters take it as it is

        def getMessage(self) -> str:  # noqa: N802 - the base class's name
            return redact(super().getMessage())

    logging.setLogRecordFactory(Record)
