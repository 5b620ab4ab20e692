"""Any causal language model that ``transformers`` can run: BitNet, Llama 1.58, gpt-oss and others.

The instructions of a prompt are computed once; every question goes on from a copy of their keys and
values. A single question's own keys and values serve the next call too, if it goes on from there.
"""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Sequence
from importlib.metadata import version as installed
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from model_server.causal_lm.causal_lm import CausalLM, Source, fingerprint, load_causal_lm
from model_server.causal_lm.json_guide import JsonGuides
from model_server.causal_lm.prefix import Prefix
from model_server.language.language_model import LanguageModel, LanguageModelOptions, Question
from model_server.language.runtime_test import PASSAGE
from model_server.language.token_prompt import TokenPrompts


class TransformersOptions(LanguageModelOptions):
    """What an operator may tell it."""

    model: str
    """Folder of a checkpoint (config.json, safetensors, tokenizer), or its name on the hub."""
    tokenizer: str = ""
    """Folder or name of the tokenizer, where the checkpoint has none of its own."""
    revision: str = "main"
    """Branch, tag or commit on the hub; a commit makes sure that nothing changes unseen."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """How weights are held; ``auto`` = as in the checkpoint."""
    device: str = "auto"
    """``auto`` = a GPU if there is one, else ``cpu``; or ``cuda:1`` and the like."""
    chat: Literal["auto", "on", "off"] = "auto"
    """Use the tokenizer's chat template; auto = if it has one."""
    cached_prefixes: int = Field(4, ge=1)
    """Instructions whose keys and values are kept: as many as there are tools in use."""
    unpack_ternary: bool = True
    """Round and unpack BitNet weights once, at load; off = in every call, in 1/8 of the memory."""


class TransformersEngine(LanguageModel):
    """A model in this process, on a CPU or a GPU; code that comes with a checkpoint never runs."""

    name: ClassVar[str] = "transformers"
    Options: ClassVar[type[LanguageModelOptions]] = TransformersOptions
    options: TransformersOptions

    def load_model(self) -> None:
        """See :meth:`LanguageModel.load_model`."""
        told = self.options
        self._source = Source(
            model=told.model,
            tokenizer=told.tokenizer,
            revision=told.revision,
            dtype=told.dtype,
            device=told.device,
            unpack_ternary=told.unpack_ternary,
        )
        self._lm: CausalLM | None = load_causal_lm(self._source)
        self._prompts = TokenPrompts(self._lm.tokenizer, chat=told.chat)
        width = self._lm.model.get_output_embeddings().weight.shape[0]
        self._guides = JsonGuides(self._lm.tokenizer, vocabulary=width, ends=self._lm.ends)
        self._prefixes: OrderedDict[str, Prefix] = OrderedDict()
        self._last: Prefix | None = None
        self._lm.check_cache(self._prompts.plain(PASSAGE)[:64])

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        self._lm = self._last = None
        self._prefixes = OrderedDict()
        gc.collect()  # modules of torch refer to one another in circles

    @property
    def weights(self) -> str:
        return Path(self.options.model).name

    @property
    def fingerprint(self) -> str:
        runtime = f"transformers-{installed('transformers')}/torch-{installed('torch')}"
        return f"{runtime}/{fingerprint(self._source)}"

    @property
    def context(self) -> int:
        return min(self.options.context, self._model.context)

    def count_tokens(self, text: str) -> int:
        """See :meth:`Engine.count_tokens`."""
        return len(self._prompts.plain(text))

    def first_token(self, word: str) -> int | None:
        """See :meth:`LanguageModel.first_token`."""
        return self._prompts.first_token(word)

    def perplexity(self, text: str) -> float | None:
        """See :meth:`LanguageModel.perplexity`."""
        return self._model.perplexity([*self._prompts.start, *self._prompts.plain(text)])

    def score(self, questions: Sequence[Question], labels: Sequence[str]) -> NDArray[np.float64]:
        """See :meth:`LanguageModel.score`."""
        wanted = [self._prompts.first_token(label) for label in labels]
        step = self.options.documents_at_once
        rows: list[NDArray[np.float64]] = []
        for _, same in groupby(questions, key=lambda question: question.instructions):
            alike = list(same)
            starts = range(0, len(alike), step)
            rows += [self._scores(alike[start : start + step], wanted) for start in starts]
        return np.concatenate(rows)

    def generate(
        self, question: Question, *, max_tokens: int, schema: dict[str, Any] | None = None
    ) -> str:
        """See :meth:`LanguageModel.generate`."""
        model, tokenizer = self._model, self._model.tokenizer
        after = self._beginning(question)
        guide = self._guides.guide(schema) if schema is not None else None
        choose = guide.choose if guide else _likeliest
        written: list[int] = []
        text = ""
        for tokens in model.go_on(self._prompts.rest(question), choose, after):
            written += [token for token in tokens if token not in model.ends]
            text = tokenizer.decode(written, skip_special_tokens=True)
            if model.ends & set(tokens) or len(written) >= max_tokens:
                break
            if (guide and guide.over) or (not guide and "\n" in text.lstrip()):
                break
        return text if guide else (text.lstrip().splitlines() or [""])[0].strip()

    @property
    def _model(self) -> CausalLM:
        assert self._lm is not None, "not loaded, or closed"
        return self._lm

    def _scores(self, questions: Sequence[Question], wanted: Sequence[int]) -> NDArray[np.float64]:
        """Score questions with the same instructions, in one run."""
        after = self._beginning(questions[0])
        rows = [self._prompts.rest(question) for question in questions]
        if len(rows) > 1:
            return self._model.logprobs(rows, wanted, after)[0]
        whole = (*after.ids, *rows[0])
        if self._last and self._last.begins(whole):
            after = self._last
        scores, cache = self._model.logprobs([whole[len(after.ids) :]], wanted, after)
        self._last = Prefix(ids=whole, cache=cache)
        return scores

    def _beginning(self, question: Question) -> Prefix:
        """Return the part of a prompt that other questions share, computed before or now."""
        key = question.instructions
        if key not in self._prefixes:
            while len(self._prefixes) >= self.options.cached_prefixes:
                self._prefixes.popitem(last=False)
            self._prefixes[key] = self._model.remember(self._prompts.beginning(key))
        self._prefixes.move_to_end(key)
        return self._prefixes[key]


def _likeliest(logits: Any) -> list[int]:
    return [int(logits.argmax())]
