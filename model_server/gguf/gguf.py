"""A GGUF file run by llama.cpp, through the public C functions that llama-cpp-python binds.

Its class ``Llama`` keeps one sequence only, so it cannot go on from one prefix with many questions.
"""

from __future__ import annotations

import ctypes
import logging
import os
from collections import deque
from pathlib import Path
from typing import Any

from gleanery.errors import EngineError

logger = logging.getLogger(__name__)

_MAGIC = b"GGUF"
_ERROR = 3
_said: deque[str] = deque(maxlen=5)
"""What llama.cpp last complained of: its functions return only that they failed."""
_log_callback: Any = None


class Gguf:
    """Model and tokenizer; not for two threads at once."""

    def __init__(self, path: Path, *, gpu_layers: int = 0) -> None:
        """Load the file; seconds to minutes.

        Args:
            path: The file; of a model in several files, the first.
            gpu_layers: Layers that a GPU computes; -1 = all.

        Raises:
            EngineError: The library is missing, the file is, or llama.cpp cannot run it here.
        """
        self.library = _library()
        """The module ``llama_cpp``."""
        _check_file(path)
        _said.clear()
        options = self.library.llama_model_default_params()
        options.n_gpu_layers = gpu_layers
        self.model = self.library.llama_model_load_from_file(str(path).encode(), options)
        """llama.cpp's own; ``None`` once it is closed."""
        if self.model is None:
            raise EngineError(f"{path} cannot be loaded: {why()}")
        self._vocab = self.library.llama_model_get_vocab(self.model)
        self.vocabulary = int(self.library.llama_vocab_n_tokens(self._vocab))
        """Number of its tokens."""

    def close(self) -> None:
        """Free all memory; may be called again. Decoders over it must be closed before."""
        if self.model is not None:
            self.library.llama_model_free(self.model)
        self.model = None

    @property
    def trained_context(self) -> int:
        """Tokens that the model was made for, prompt and answer together."""
        return int(self.library.llama_model_n_ctx_train(self.model))

    @property
    def adds_bos(self) -> bool:
        """Whether the model expects a token that begins every text."""
        return bool(self.library.llama_vocab_get_add_bos(self._vocab))

    @property
    def chat_template(self) -> str:
        """Jinja source of the model's chat format; empty if it has none."""
        found = self.library.llama_model_chat_template(self.model, None)
        return found.decode("utf-8", "replace") if found else ""

    def special_text(self, kind: str) -> str:
        """Return the text of the token ``bos`` or ``eos``; empty if there is none."""
        token = getattr(self.library, f"llama_vocab_{kind}")(self._vocab)
        text = self.library.llama_vocab_get_text(self._vocab, token) if token >= 0 else b""
        return (text or b"").decode("utf-8", "replace")

    def tokenize(self, text: str, *, bos: bool = False, special: bool = False) -> list[int]:
        """Return the tokens of ``text``.

        Args:
            text: Lone surrogates become question marks.
            bos: Begin with the model's first token, if it has one.
            special: Read ``<eos>`` and the like as control tokens: never for strangers' words.
        """
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        found = (self.library.llama_token * room)()
        count = self.library.llama_tokenize(self._vocab, data, len(data), found, room, bos, special)
        if count < 0:
            raise EngineError(f"the model's tokenizer fails on {len(data)} bytes")
        return list(found[:count])

    def piece(self, token: int) -> bytes:
        """Return the bytes that a token writes; nothing for control tokens."""
        room = 256
        found = ctypes.create_string_buffer(room)
        count = self.library.llama_token_to_piece(self._vocab, token, found, room, 0, False)
        return found.raw[:count] if count > 0 else b""

    def ends(self, token: int) -> bool:
        """Whether an answer is over with ``token``."""
        return bool(self.library.llama_vocab_is_eog(self._vocab, token))

    def grammar_sampler(self, gbnf: str) -> Any:
        """Return llama.cpp's sampler for a grammar; the caller frees it.

        Raises:
            EngineError: The grammar is malformed.
        """
        sampler = self.library.llama_sampler_init_grammar(self._vocab, gbnf.encode(), b"root")
        if sampler is None:
            raise EngineError(f"llama.cpp refuses the grammar: {why()}")
        return sampler


def _library() -> Any:
    """Import llama.cpp once, and keep what it logs off the standard error stream.

    Raises:
        EngineError: It is not installed.
    """
    global _log_callback  # noqa: PLW0603 - C code calls it as long as the process lives
    # Read once, when the OpenMP runtime loads: spinning threads would starve the crawl.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import llama_cpp
    except (ImportError, OSError, RuntimeError) as error:
        raise EngineError(
            f"llama-cpp-python does not run here ({error}): pip install 'gleanery[models]'"
        ) from error
    if _log_callback is None:
        _log_callback = llama_cpp.llama_log_callback(_log)
        llama_cpp.llama_log_set(_log_callback, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
    return llama_cpp


def _log(level: int, text: bytes, _: object) -> None:
    line = text.decode("utf-8", "replace").strip()
    if line:
        logger.debug("llama.cpp: %s", line)
    if level == _ERROR and line:
        _said.append(line)


def why() -> str:
    """Return what llama.cpp last complained of."""
    return "; ".join(_said) or "llama.cpp does not say why"


def _check_file(path: Path) -> None:
    """Refuse what is no GGUF file.

    Raises:
        EngineError: It is missing, unreadable or of another kind.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as error:
        raise EngineError(f"Cannot read the model {path}: {error.strerror or error}") from error
    if magic != _MAGIC:
        raise EngineError(
            f"{path} is not a GGUF file: convert it with llama.cpp's convert_hf_to_gguf"
        )
