"""Any GGUF file, by llama.cpp: Gemma, Llama, Qwen, gpt-oss and so on.

Which models it computes right, and which it does not: ``docs/engines.md``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from gleanery.errors import EngineError
from items.taxonomy import Taxonomy
from model_server.cores import cores
from model_server.engine import EngineOptions
from model_server.gguf.decoder import OUTPUTS, Decoder, Logits, Settings
from model_server.gguf.gguf import Gguf
from model_server.gguf.grammar import Grammar
from model_server.gguf.sequence_cache import SequenceCache
from model_server.language.chat import ChatFormat, chat_format
from model_server.language.language_model import LanguageModel, LanguageModelOptions
from model_server.language.question import Question

_PROBE = "Answer:"


class LlamaCppOptions(LanguageModelOptions):
    """What an operator may tell it."""

    chat: Literal["auto", "on", "off"] = "auto"
    """Use the model's own chat format; auto = if its file has one."""
    n_threads: int = Field(0, ge=0)
    """Threads; 0 = as many as this process has cores."""
    n_batch: int = Field(512, ge=32)
    """Tokens computed at once; more is faster on a GPU."""
    n_gpu_layers: int = Field(0, ge=-1)
    """Layers that a GPU computes; -1 = all. llama-cpp-python must have been built for it."""
    swa_full: bool = True
    """Keep all of a sliding window's past, at the cost of memory."""


class LlamaCppEngine(LanguageModel):
    """Scores labels from a cached prompt; writes JSON by grammar."""

    name: ClassVar[str] = "llama_cpp"
    Options: ClassVar[type[LlamaCppOptions]] = LlamaCppOptions
    options: LlamaCppOptions
    _gguf: Gguf | None = None

    def __init__(self, taxonomy: Taxonomy, options: EngineOptions, *, cache: Path) -> None:
        super().__init__(taxonomy, options, cache=cache)
        self._decoders: list[Decoder] = []

    @property
    def weights(self) -> str:
        return self._path.name

    @property
    def fingerprint(self) -> str:
        stat = self._path.stat()
        return f"{self._path.name} {stat.st_size} {stat.st_mtime_ns}"

    @property
    def context(self) -> int:
        return min(self.options.context, self.gguf.trained_context)

    @property
    def gguf(self) -> Gguf:
        """The loaded file."""
        assert self._gguf is not None, "load() comes first"
        return self._gguf

    @property
    def _path(self) -> Path:
        return Path(self.options.model).expanduser()

    def load_model(self) -> None:
        """See :meth:`LanguageModel.load_model`."""
        self._gguf = Gguf(self._path, gpu_layers=self.options.n_gpu_layers)
        # Two caches: what is written must not push out the prefix from which documents are scored.
        documents = self.options.documents_at_once
        self._scoring = self._cache(documents, documents * (self.options.document_tokens + 128))
        self._writing = self._cache(1, 0)
        self._format = self._chat_format(self._gguf)
        self._before = self._tokens_before(self._gguf)

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        while self._decoders:
            self._decoders.pop().close()
        if self._gguf is not None:
            self._gguf.close()
            self._gguf = None

    def count_tokens(self, text: str) -> int:
        """See :meth:`Engine.count_tokens`."""
        return len(self.gguf.tokenize(text))

    def first_token(self, word: str) -> int | None:
        """See :meth:`LanguageModel.first_token`."""
        before = self.gguf.tokenize(_PROBE)
        both = self.gguf.tokenize(f"{_PROBE} {word}")
        # Some tokenizers put a space of their own before a text: only a continuation tells.
        return both[len(before)] if both[: len(before)] == before else None

    def score(self, questions: Sequence[Question], labels: Sequence[str]) -> NDArray[np.float64]:
        """See :meth:`LanguageModel.score`."""
        first = [self._first(label) for label in labels]
        step = self.options.documents_at_once
        rows: list[NDArray[np.float64]] = []
        for instructions, same in groupby(questions, key=lambda q: q.instructions):
            tails = [self._tail(question) for question in same]
            prefix = self._prefix(instructions)
            for start in range(0, len(tails), step):
                chunk = tails[start : start + step]
                rows += self._scoring.run(prefix, chunk, lambda row: _log_shares(row)[first])
        return np.stack(rows)

    def generate(
        self, question: Question, *, max_tokens: int, schema: dict[str, Any] | None = None
    ) -> str:
        """See :meth:`LanguageModel.generate`."""
        grammar = Grammar(self.gguf, schema) if schema else None
        try:
            written = b"".join(self._pieces(question, max_tokens, grammar))
        finally:
            if grammar:
                grammar.close()
        return written.decode("utf-8", "ignore").strip()

    def perplexity(self, text: str) -> float:
        """See :meth:`LanguageModel.perplexity`."""
        tokens = self.gguf.tokenize(text, bos=self.gguf.adds_bos)
        part = self._writing.begin((), tuple(tokens))
        wanted = iter(tokens[1:])

        def loss(row: Logits) -> float:
            return -float(_log_shares(row)[next(wanted)])

        losses: list[float] = []
        for start in range(0, len(tokens) - 1, OUTPUTS):
            chunk = tokens[start : min(start + OUTPUTS, len(tokens) - 1)]
            at = replace(part, position=start, tokens=chunk)
            losses += self._writing.decoder.decode([at], loss, every=True)
        return math.exp(min(sum(losses) / len(losses), 700.0))

    def _pieces(
        self, question: Question, max_tokens: int, grammar: Grammar | None
    ) -> Iterator[bytes]:
        """Yield what the model writes, up to its end, a newline or ``max_tokens``."""
        part = self._writing.begin(
            self._prefix(question.instructions), self._tail(question), room=max_tokens
        )
        choose = grammar.choose if grammar else _likeliest
        written = b""
        for _ in range(max_tokens):
            (token,) = self._writing.decoder.decode([part], choose)
            if self.gguf.ends(token):
                return
            piece = self.gguf.piece(token)
            written += piece
            if not grammar and b"\n" in written.lstrip():
                yield piece.split(b"\n")[0]
                return
            yield piece
            end = part.position + len(part.tokens)
            part = replace(part, position=end, tokens=(token,))

    def _cache(self, questions: int, beside: int) -> SequenceCache:
        """Return a cache for one prompt of full length, and ``beside`` tokens more."""
        decoder = Decoder(
            self.gguf,
            Settings(
                cells=self.context + beside,
                sequences=1 + questions,
                batch=self.options.n_batch,
                threads=self.options.n_threads or cores(),
                swa_full=self.options.swa_full,
            ),
        )
        self._decoders.append(decoder)
        return SequenceCache(decoder)

    def _prefix(self, instructions: str) -> tuple[int, ...]:
        return (*self._before, *self.gguf.tokenize(instructions))

    def _tail(self, question: Question) -> tuple[int, ...]:
        after = self.gguf.tokenize(self._format.after, special=True)
        answer = self.gguf.tokenize(question.answer)
        return (*self.gguf.tokenize(question.document), *after, *answer)

    def _first(self, label: str) -> int:
        token = self.first_token(label)
        return self.gguf.tokenize(f" {label}")[0] if token is None else token

    def _tokens_before(self, gguf: Gguf) -> list[int]:
        """Return what stands before the instructions: the first token of all texts, chat marks."""
        before, bos = self._format.before, gguf.special_text("bos")
        told = bool(bos) and before.startswith(bos)
        return gguf.tokenize(before, bos=gguf.adds_bos and not told, special=True)

    def _chat_format(self, gguf: Gguf) -> ChatFormat:
        """Return what the model's own template puts around a prompt.

        Raises:
            EngineError: There is none and one was asked for, or it fails.
        """
        template = gguf.chat_template
        if self.options.chat == "off" or (self.options.chat == "auto" and not template):
            return ChatFormat()
        if not template:
            raise EngineError(f"{self._path} has no chat template: set chat to off or auto")
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        formatter = Jinja2ChatFormatter(
            template, eos_token=gguf.special_text("eos"), bos_token=gguf.special_text("bos")
        )

        def render(words: str) -> str:
            turn: Any = {"role": "user", "content": words}
            # Qwen and others take `enable_thinking`: a label must come at once.
            return str(formatter(messages=[turn], enable_thinking=False).prompt)

        return chat_format(render, template)


def _likeliest(logits: Logits) -> int:
    return int(np.argmax(logits))


def _log_shares(logits: Logits) -> NDArray[np.float64]:
    top = logits.max()
    total = np.log(np.exp(logits - top).sum(dtype=np.float64))
    shares: NDArray[np.float64] = logits.astype(np.float64) - (float(top) + total)
    return shares
