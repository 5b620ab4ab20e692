"""A causal language model of ``transformers``: loads it, scores what comes next, goes on."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleanery.errors import EngineError
from model_server.causal_lm.prefix import Prefix
from model_server.causal_lm.ternary import settle_ternary

CHUNK = 512
"""Tokens of a prefix that are computed at once: eager attention needs their square in memory."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Source:
    """Where a model comes from and how it is held."""

    model: str
    """Folder, or name on the Hugging Face hub."""
    tokenizer: str = ""
    """The same for its tokenizer; empty = as the model."""
    revision: str = "main"
    """Branch, tag or commit on the hub."""
    dtype: str = "auto"
    """``auto`` = that of the checkpoint; ``float32`` or ``bfloat16``."""
    device: str = "auto"
    """``auto`` = ``cuda`` if there is one, else ``cpu``; or a device as torch names them."""
    unpack_ternary: bool = True
    """See :mod:`model_server.causal_lm.ternary`."""


class CausalLM:
    """Model and tokenizer; every call works without gradients and without ``torch.compile``."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer

    @property
    def context(self) -> int:
        """Tokens of prompt and answer together, at most."""
        config = self.model.config.get_text_config(decoder=True)
        return int(getattr(config, "max_position_embeddings", 0) or 1_000_000)

    @property
    def ends(self) -> frozenset[int]:
        """Tokens after which an answer is over."""
        told = self.model.generation_config.eos_token_id
        ends = told if isinstance(told, list) else [told]
        return frozenset(e for e in [*ends, self.tokenizer.eos_token_id] if e is not None)

    def remember(self, ids: Sequence[int]) -> Prefix:
        """Compute the beginning of many prompts, at least one token."""
        from transformers import DynamicCache

        cache = DynamicCache(config=self.model.config)
        for start in range(0, len(ids), CHUNK):
            self._run([ids[start : start + CHUNK]], cache, keep=[0])
        return Prefix(ids=tuple(ids), cache=cache)

    def logprobs(
        self, rows: Sequence[Sequence[int]], wanted: Sequence[int], after: Prefix | None = None
    ) -> tuple[NDArray[np.float64], Any]:
        """Return log-probabilities of the ``wanted`` tokens as the next one of each row.

        Rows are filled up at their ends: no token attends to what follows it, and positions and
        sliding windows stay as they are, so a row does not see what it is computed beside.

        Args:
            rows: Token ids, none empty; what stands in memory at once.
            wanted: Token ids.
            after: What every row continues.

        Returns:
            Shape ``(len(rows), len(wanted))``; and the cache of the rows, with what fills them up.
        """
        from transformers import DynamicCache

        ends = [len(row) - 1 for row in rows]
        keep = sorted(set(ends))
        cache = after.branch(len(rows)) if after else DynamicCache(config=self.model.config)
        logits = self._run(rows, cache, keep=keep)
        last = logits[list(range(len(rows))), [keep.index(end) for end in ends]]
        chosen = last.float().log_softmax(-1)[:, list(wanted)]
        return np.asarray(chosen.double().cpu().numpy()), cache

    def go_on(
        self, ids: Sequence[int], choose: Callable[[Any], list[int]], after: Prefix | None = None
    ) -> Iterator[list[int]]:
        """Yield tokens one after the other, or several that are sure; stop asking to stop it.

        Args:
            ids: Token ids of the prompt after the prefix, not empty.
            choose: Given logits of shape ``(vocabulary,)``, returns the next token, or tokens.
            after: What ``ids`` continue.
        """
        from transformers import DynamicCache

        cache = after.branch(1) if after else DynamicCache(config=self.model.config)
        feed = list(ids)
        while True:
            feed = choose(self._run([feed], cache, keep=[len(feed) - 1])[0, -1].float().clone())
            yield feed

    def check_cache(self, ids: Sequence[int]) -> None:
        """Compare the last logits with those that go on from a cache of all but two tokens.

        Mamba 2 forgets its state when more than one token follows, and says nothing: they are then
        apart by 0.66 of their spread, where rounding moves them by some 0.02 (bfloat16).

        Args:
            ids: Any text, some tens of tokens.

        Raises:
            EngineError: They have little in common.
        """
        cache = self.remember(ids[:-2]).branch(1)
        whole = self._run([ids], None, keep=[len(ids) - 1])[0, -1].float()
        parts = self._run([ids[-2:]], cache, keep=[1])[0, -1].float()
        if not (whole - parts).abs().mean() <= 0.25 * whole.std():
            raise EngineError(
                f"{type(self.model).__name__} goes on wrongly from a cached prompt in this version "
                "of transformers: run the model by llama_cpp or behind an endpoint (openai)"
            )

    def perplexity(self, ids: Sequence[int]) -> float:
        """Return how surprised the model is by ``ids``, at least 2: exp of the mean loss."""
        logits = self._run([ids], None, keep=list(range(len(ids) - 1)))
        losses = -logits[0].float().log_softmax(-1)
        mean = float(losses[list(range(len(ids) - 1)), list(ids[1:])].mean())
        return math.exp(min(mean, 700.0))

    def _run(self, rows: Sequence[Sequence[int]], cache: Any, *, keep: Sequence[int]) -> Any:
        """Return logits at the positions ``keep``, shape ``(rows, len(keep), vocabulary)``."""
        import torch

        length = max(len(row) for row in rows)
        padded = [[*row, *[0] * (length - len(row))] for row in rows]
        device = self.model.device
        with _plain_inference():
            logits = self.model(
                input_ids=torch.tensor(padded, device=device),
                past_key_values=cache,
                use_cache=cache is not None,
                logits_to_keep=torch.tensor(keep, device=device),
            ).logits
        # A model that knows no ``logits_to_keep`` gives them all.
        return logits[:, list(keep)] if logits.shape[1] == length > len(keep) else logits


def load_causal_lm(source: Source) -> CausalLM:
    """Load model and tokenizer; code that comes with a checkpoint is never run.

    Raises:
        EngineError: A library is missing, there is no such model, or it is broken.
    """
    try:
        import torch
        import transformers
        from safetensors import SafetensorError
    except ImportError as error:
        raise EngineError(
            f"{error}: install what the engine needs, pip install 'gleanery[models]'"
        ) from error
    transformers.utils.logging.disable_progress_bar()
    device = source.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    options = {"dtype": source.dtype, "device_map": device, "trust_remote_code": False}
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(
            **_whence(source.model, source.revision), **options
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            **_whence(source.tokenizer or source.model, source.revision), trust_remote_code=False
        )
        if source.unpack_ternary:
            with _plain_inference():
                settle_ternary(model)
    except (OSError, ValueError, ImportError, RuntimeError, KeyError, SafetensorError) as error:
        raise EngineError(f"{source.model} cannot be loaded{_hint(source, error)}") from error
    return CausalLM(model, tokenizer)


def fingerprint(source: Source) -> str:
    """Return what the weights in a folder can be told by: names, sizes and times of its files."""
    folder = Path(source.model).expanduser()
    files = sorted(path for path in folder.glob("*") if path.is_file()) if folder.is_dir() else []
    stats = ((path.name, path.stat()) for path in files)
    return repr((source, [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]))


def _whence(name: str, revision: str) -> dict[str, Any]:
    """Return arguments of ``from_pretrained`` that say where to look.

    Raises:
        EngineError: ``name`` is a path to nothing, or a GGUF file.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return {"pretrained_model_name_or_path": str(path), "local_files_only": True}
    if path.suffix == ".gguf":
        raise EngineError(f"{name} is a GGUF file: use the engine llama_cpp, llama_cpp:{name}")
    if path.exists() or path.is_absolute() or name.startswith((".", "~")):
        raise EngineError(f"{name} is not a folder with config.json, weights and tokenizer")
    return {
        "pretrained_model_name_or_path": name,
        "local_files_only": _offline(),
        "revision": revision,
    }


def _hint(source: Source, error: Exception) -> str:
    """Return what went wrong, on one line, and what to do about a name that is no folder."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = f": {type(error).__name__}: {lines[0] if lines else 'no reason given'}"
    names = (source.model, source.tokenizer or source.model)
    if not isinstance(error, OSError) or all(Path(name).expanduser().is_dir() for name in names):
        return reason
    if _offline():
        return ", it is not on this machine and HF_HUB_OFFLINE is set: unset it, or give a folder"
    return f" from the hub; with no way there, give the folder of a copy{reason}"


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


@contextmanager
def _plain_inference() -> Iterator[None]:
    """No gradients; no ``torch.compile``: BitNet layers ask for it, and it needs a C++ compiler."""
    import torch

    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode())
        stack.enter_context(torch.compiler.set_stance("force_eager"))
        yield
