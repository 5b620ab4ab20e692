"""Questions as token ids of a tokenizer of ``transformers``."""

from __future__ import annotations

from typing import Any

from gleanery.errors import EngineError
from model_server.causal_lm.prefix import common_beginning
from model_server.language.chat import ChatFormat, chat_format
from model_server.language.question import Question


class TokenPrompts:
    """Puts a question's parts together; only our own parts may hold special tokens."""

    def __init__(self, tokenizer: Any, *, chat: str) -> None:
        """Read the chat template.

        Args:
            tokenizer: With a Rust backend.
            chat: ``on``, ``off``, or ``auto`` = if there is one.

        Raises:
            EngineError: The template fails, or there is none.
        """
        self._tokenizer = tokenizer
        template = tokenizer.chat_template if chat != "off" else None
        if chat == "on" and not template:
            raise EngineError("the tokenizer has no chat template: set chat to off or auto")
        self._format = chat_format(self._chat, str(template)) if template else ChatFormat()
        one, alone = tokenizer.encode("x"), self.plain("x")
        self.start = one[: one.index(alone[0])]
        """What the tokenizer puts in front of any text, e.g. ``<s>``; may be empty."""
        special = self._special(self._format.before)
        self._before = special if template else self.start
        self._after = self._special(self._format.after)

    def plain(self, text: str) -> list[int]:
        """Return the tokens of ``text``, in which special tokens are plain characters."""
        ids = self._tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
        return list(ids)

    def beginning(self, instructions: str) -> list[int]:
        """Return the tokens that all questions with these instructions begin with."""
        return [*self._before, *self.plain(instructions)]

    def ids(self, question: Question) -> list[int]:
        """Return the tokens of a question, up to where the model goes on."""
        return [*self.beginning(question.instructions), *self.rest(question)]

    def rest(self, question: Question) -> list[int]:
        """Return the tokens of a question after those that others share."""
        return [
            *self.plain(question.document),
            *self._after,
            *self.plain(question.answer),
        ]

    def first_token(self, word: str) -> int:
        """Return the first token of ``word`` as the next word of an answer."""
        answer, whole = self.plain("x:"), self.plain(f"x: {word}")
        return whole[common_beginning(answer, whole)]

    def _chat(self, words: str) -> str:
        # Templates of models that can think aloud ask for `enable_thinking`; others ignore it.
        return str(
            self._tokenizer.apply_chat_template(
                [{"role": "user", "content": words}],
                tokenize=False,
                add_generation_prompt=True,
                enable_thinking=False,
            )
        )

    def _special(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False)) if text else []
