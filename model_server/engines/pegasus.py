"""PEGASUS (arXiv:1912.08777) sums English texts up, through ``transformers``."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from gleanery.errors import EngineError
from model_server.audio.weights import require
from model_server.engine import Engine, EngineOptions
from model_server.schema import Document


class PegasusOptions(EngineOptions):
    """What an operator may tell it."""

    model: str
    """Folder of a checkpoint and its tokenizer, or a name on the hub: ``google/pegasus-large``."""
    revision: str = "main"
    """Branch, tag or commit on the hub; a commit makes sure that nothing changes unseen."""
    device: str = "auto"
    """``auto`` = a GPU if there is one, else ``cpu``; or ``cuda:1`` and the like."""
    beams: int = Field(4, ge=1)
    """Summaries tried side by side; 1 = quicker and a little worse."""
    max_tokens: int = Field(96, ge=8)
    """Length of a summary at most."""
    max_batch: int = Field(4, ge=1)
    """Texts that run at once at most."""


class PegasusEngine(Engine):
    """English only: for Korean use a language model."""

    name: ClassVar[str] = "pegasus"
    Options: ClassVar[type[EngineOptions]] = PegasusOptions
    main_option: ClassVar[str] = "model"
    options: PegasusOptions

    @property
    def version(self) -> str:
        weights = f"{Path(self.options.model).name}-{self.options.revision}"
        return f"pegasus/transformers-{installed('transformers')}/{weights}"

    def load(self) -> None:
        """See :meth:`Engine.load`."""
        require("transformers")
        require("torch")
        import torch
        from transformers import AutoTokenizer, PegasusForConditionalGeneration

        told = self.options
        chosen = "cuda" if torch.cuda.is_available() else "cpu"
        self._device = chosen if told.device == "auto" else told.device
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(told.model, revision=told.revision)
            self._model: Any = PegasusForConditionalGeneration.from_pretrained(
                told.model, revision=told.revision
            )
        except (OSError, ValueError) as error:
            raise EngineError(f"{told.model}: {error}") from error
        self._model.to(self._device).eval()
        self.summarize([Document(text="The weather is fine.")])

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        self._model = None
        gc.collect()  # modules of torch refer to one another in circles

    def count_tokens(self, text: str) -> int:
        """See :meth:`Engine.count_tokens`."""
        return len(self._tokenizer(text, truncation=False)["input_ids"])

    def summarize(self, documents: Sequence[Document]) -> list[str]:
        """See :meth:`Engine.summarize`."""
        import torch

        texts = [f"{d.title}\n{d.text}".strip() for d in documents]
        longest = int(self._model.config.max_position_embeddings)
        given = self._tokenizer(
            texts, truncation=True, max_length=longest, padding=True, return_tensors="pt"
        ).to(self._device)
        with torch.inference_mode():
            written = self._model.generate(
                input_ids=given["input_ids"],
                attention_mask=given["attention_mask"],
                num_beams=self.options.beams,
                max_new_tokens=min(self.options.max_tokens, longest - 1),
                do_sample=False,
            )
        answers = self._tokenizer.batch_decode(written, skip_special_tokens=True)
        # Its tokenizer writes a line break as <n>.
        return [str(answer).replace("<n>", " ").strip() for answer in answers]
