"""What a chat template puts around a prompt, so that the prompt's own parts stay apart.

A question is ``before + instructions + document + after + answer``: instructions stay a prefix that
can be cached, and only ``before`` and ``after`` are read with special tokens: those that a document
spells out stay plain characters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gleanery.errors import EngineError

_PLACE = "\ue000prompt\ue000"
_HARMONY = "<|channel|>"
_FINAL = "<|channel|>final<|message|>"
"""gpt-oss thinks in a channel of its own: an answer that we begin must name the final one."""


@dataclass(slots=True, kw_only=True, frozen=True)
class ChatFormat:
    """The two sides of a user's turn; both empty for a model that continues plain text."""

    before: str = ""
    after: str = ""
    """Ends where the model's turn begins."""


def chat_format(render: Callable[[str], str], template: str = "") -> ChatFormat:
    """Find out what a template puts around a user's words.

    Args:
        render: User's words → text up to where the model begins, as the template writes it.
        template: Its source, if known: a template with channels gets the final one.

    Raises:
        EngineError: The template fails, or leaves the user's words out.
    """
    try:
        text = render(_PLACE)
    except Exception as error:  # templates run code of the model's maker
        raise EngineError(f"the model's chat template fails ({error}): set chat to off") from error
    before, place, after = text.partition(_PLACE)
    if not place:
        raise EngineError("the model's chat template leaves the prompt out: set chat to off")
    if _HARMONY in template and not after.endswith(_FINAL):
        after += _FINAL
    return ChatFormat(before=before, after=after)
