"""Any OpenAI-compatible endpoint: llama-server, bitnet.cpp, vLLM, Ollama, LM Studio and others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

import numpy as np
from pydantic import Field, SecretStr, field_validator

from gleanery.config import load_config, reveal
from gleanery.errors import EngineError, ModelToolError, ModelUnavailableError
from model_server.endpoint.asker import Asker
from model_server.endpoint.connection import Endpoint
from model_server.endpoint.detect import (
    CHAT,
    PLAIN,
    Mode,
    find_forms,
    find_json,
    find_model,
    find_routes,
    reasons,
)
from model_server.endpoint.prompt_form import Form
from model_server.endpoint.routes import Route, Scores
from model_server.engine import KNOWN_ANSWERS, KNOWN_RIGHT, Verdict
from model_server.language.category_questions import CategoryQuestions
from model_server.language.language_model import LanguageModel, LanguageModelOptions, Question
from model_server.schema import Document

logger = logging.getLogger(__name__)

T = TypeVar("T")
ENOUGH = KNOWN_RIGHT / len(KNOWN_ANSWERS)
"""Share of known answers with which a route is good enough not to look for a lesser kind."""


class OpenAIOptions(LanguageModelOptions):
    """What an operator may tell it."""

    url: str
    """Base address, e.g. ``http://127.0.0.1:8080/v1``."""
    model: str = ""
    """Name of a model there; empty = the first one it lists."""
    api_key: SecretStr = SecretStr("")
    """Key of the endpoint; empty = ``GLEANERY_OPENAI_API_KEY``."""
    mode: Mode = "auto"
    """Way to a label: ``logprobs``, ``guided`` (held to the labels), ``json``; auto = the best."""
    chat: bool | None = None
    """Whether the model is asked as a chat; null = whichever answers plain questions better."""
    reasoning_effort: Literal["", "none", "minimal", "low", "medium", "high"] = ""
    """Sent to models that reason (gpt-oss, Qwen3); only what they say in the end counts."""
    reasoning_tokens: int = Field(1_024, ge=0)
    """Room for their thoughts."""
    concurrency: int = Field(8, ge=1, le=256)
    """Requests in flight at most; a llama-server works on as many as it has slots."""
    timeout: float = Field(120.0, gt=0)
    """Seconds without a byte after which an answer counts as lost."""
    documents_at_once: int = Field(64, ge=1, le=64)
    """Of no matter here: each document goes its own way."""
    retries: int = Field(4, ge=0, le=20)
    """Further tries when the endpoint is busy or away, after 0.5, 1, 2 … seconds."""

    @field_validator("url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("give an address such as http://127.0.0.1:8080/v1")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("keep keys out of the address: set GLEANERY_OPENAI_API_KEY")
        return value.rstrip("/") + ("" if parts.path.strip("/") else "/v1")


class OpenAIEngine(LanguageModel):
    """Asks an endpoint for the scores of labels, by the best way it offers."""

    name: ClassVar[str] = "openai"
    Options: ClassVar[type[LanguageModelOptions]] = OpenAIOptions
    main_option: ClassVar[str] = "url"
    options: OpenAIOptions

    _pool: ThreadPoolExecutor | None = None

    def load(self) -> None:
        """See :meth:`Engine.load`; an endpoint that is away may be there at the next try."""
        try:
            super().load()
        except (ModelUnavailableError, ModelToolError) as error:
            raise EngineError(str(error)) from error

    def load_model(self) -> None:
        """See :meth:`LanguageModel.load_model`."""
        told = self.options
        self._endpoint = Endpoint(
            told.url,
            key=reveal(told.api_key) or reveal(load_config().openai_api_key),
            timeout_seconds=told.timeout,
            retries=told.retries,
            connections=told.concurrency,
        )
        self._pool = ThreadPoolExecutor(told.concurrency, thread_name_prefix="openai")
        self._model = find_model(self._endpoint, told.model)
        extra = {"reasoning_effort": told.reasoning_effort} if told.reasoning_effort else {}
        self._asker = Asker(endpoint=self._endpoint, model=self._model.name, extra=extra)
        forms = find_forms(self._asker, told.chat)
        thinks = CHAT in forms and reasons(self._asker)
        self._thoughts = told.reasoning_tokens * thinks
        self._route = self._best_route(forms)
        self._form = CHAT if PLAIN not in forms or "chat" in self._route.name else PLAIN
        self._to_json = find_json(self._asker, self._form, thoughts=self._thoughts)
        if not self._route.exact:  # a choice has no bias that could be taken away from scores
            self.options = told.model_copy(update={"calibrate": False})
        logger.info("%s: model %s by %s", told.url, self._model.name, self._route.name)

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._endpoint.close()

    @property
    def weights(self) -> str:
        return f"openai-{self._model.name.rsplit('/', 1)[-1]}-{self._route.name}"

    @property
    def fingerprint(self) -> str:
        return f"{self.weights} {self.options.url}"

    @property
    def context(self) -> int:
        return min(self.options.context, self._model.context or self.options.context)

    def first_token(self, word: str) -> int | None:
        """See :meth:`LanguageModel.first_token`."""
        return self._route.first_token(word)

    def count_tokens(self, text: str) -> int:
        """See :meth:`Engine.count_tokens`; a guess: not every endpoint counts."""
        plain = sum(map(str.isascii, text))
        return plain * 2 // 7 + (len(text) - plain) * 3 // 4 + 1

    def score(self, questions: Sequence[Question], labels: Sequence[str]) -> Scores:
        """See :meth:`LanguageModel.score`."""
        ask = partial(self._route.score, labels=labels)
        if len(questions) == 1:  # perhaps in a thread of ours already: never wait for another
            return ask(questions[0])[np.newaxis]
        return self._all(ask, questions)

    def generate(
        self, question: Question, *, max_tokens: int, schema: dict[str, Any] | None = None
    ) -> str:
        """See :meth:`LanguageModel.generate`."""
        fields: dict[str, Any] = {"max_tokens": max_tokens + self._thoughts}
        if schema is not None:
            fields |= self._to_json(schema)
        elif self._form is PLAIN:
            fields["stop"] = ["\n"]
        said = self._asker.ask(self._form, question, fields).text.strip()
        return said if schema is not None else said.partition("\n")[0]

    def classify(self, documents: Sequence[Document]) -> list[Verdict]:
        """See :meth:`Engine.classify`; several at once."""
        return self._each(super().classify, documents)

    def title(self, documents: Sequence[Document]) -> list[str]:
        """See :meth:`Engine.title`; several at once."""
        return self._each(super().title, documents)

    def summarize(self, documents: Sequence[Document]) -> list[str]:
        """See :meth:`Engine.summarize`; several at once."""
        return self._each(super().summarize, documents)

    def _each(
        self, answer: Callable[[Sequence[Document]], list[T]], documents: Sequence[Document]
    ) -> list[T]:
        return [one for (one,) in self._threads.map(lambda d: answer([d]), documents)]

    def _best_route(self, forms: Sequence[Form]) -> Route:
        """Return the route that answers plain questions best; one with real scores if it may be.

        Raises:
            EngineError: The endpoint offers none.
        """
        best: tuple[float, Route] | None = None
        for route in find_routes(
            self._asker,
            forms,
            mode=self.options.mode,
            chat=self.options.chat,
            thoughts=self._thoughts,
        ):
            if best and best[0] >= ENOUGH and not route.exact:
                break
            right = self._right(route)
            logger.debug("%s: %.0f %% of the known answers are right", route.name, 100 * right)
            if best is None or right > best[0]:
                best = (right, route)
        if best is None:
            raise EngineError(
                f"{self.options.url} offers no way to a label in mode {self.options.mode}: "
                "set mode to auto"
            )
        return best[1]

    def _right(self, route: Route) -> float:
        """Return the share of known answers that a route gets right, 1 if none is known."""
        prompt, meta_prompt = self.options.prompt("classify"), self.options.meta_prompt
        questions = CategoryQuestions(
            self.taxonomy, prompt, route.first_token, meta_prompt=meta_prompt
        )
        keys = self.taxonomy.keys
        known = [(d, keys.index(key)) for d, key in KNOWN_ANSWERS if key in keys]
        asked = [questions.about(self._lead(document)) for document, _ in known]
        if not asked:
            return 1.0
        rows = self._all(partial(route.score, labels=questions.labels), asked)
        if route.exact and self.options.calibrate:
            rows = rows - rows.mean(axis=0)
        return float(np.mean(rows.argmax(axis=1) == [place for _, place in known]))

    def _all(self, ask: Callable[[Question], Scores], questions: Sequence[Question]) -> Scores:
        return np.stack(list(self._threads.map(ask, questions)))

    @property
    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            raise EngineError("the engine is not loaded")
        return self._pool
