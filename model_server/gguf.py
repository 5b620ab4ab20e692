"""A GGUF file run by llama.cpp, through the public C functions that llama-cpp-python binds.

Its class ``Llama`` keeps one sequence only; with several in one cache a prefix is computed once and
every question goes on from it (``llama_memory_seq_cp``, which shares cells in a unified cache).
"""

from __future__ import annotations

import ctypes
import logging
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gleanery.errors import EngineError

logger = logging.getLogger(__name__)

T = TypeVar("T")
Logits = NDArray[np.float32]
"""Shape ``(vocabulary,)``; valid until the next call of :meth:`Gguf.decode`."""

_MAGIC = b"GGUF"
_ERROR = 3
_said: deque[str] = deque(maxlen=5)
"""What llama.cpp last complained of: its functions return only that they failed."""
_log_callback: Any = None


@dataclass(slots=True, kw_only=True, frozen=True)
class Settings:
    """How a file is run."""

    cells: int
    """Tokens that the cache holds, of all sequences together."""
    sequences: int
    """Sequences in the cache at most; their numbers begin at 0."""
    batch: int
    """Tokens computed at once at most."""
    threads: int
    gpu_layers: int
    swa_full: bool


@dataclass(slots=True, kw_only=True, frozen=True)
class Part:
    """Tokens to be added to a sequence."""

    sequence: int
    position: int
    """How many tokens the sequence has already."""
    tokens: Sequence[int]
    """At least one."""


class Gguf:
    """Model, tokenizer and cache; not for two threads at once."""

    def __init__(self, path: Path, settings: Settings) -> None:
        """Load the file; seconds to minutes.

        Raises:
            EngineError: The library is missing, the file is, or llama.cpp cannot run it here.
        """
        self.library = _library()
        """The module ``llama_cpp``."""
        _check_file(path)
        self.settings = settings
        self._model: Any = None
        self._vocab: Any = None
        self._context: Any = None
        self._memory: Any = None
        self._batch: Any = None
        _said.clear()
        try:
            self._open(path)
        except EngineError:
            self.close()
            raise

    def _open(self, path: Path) -> None:
        lib, settings = self.library, self.settings
        of_model = lib.llama_model_default_params()
        of_model.n_gpu_layers = settings.gpu_layers
        self._model = lib.llama_model_load_from_file(str(path).encode(), of_model)
        if self._model is None:
            raise EngineError(f"{path} cannot be loaded: {_why()}")
        self._vocab = lib.llama_model_get_vocab(self._model)
        self.vocabulary = int(lib.llama_vocab_n_tokens(self._vocab))
        wanted = lib.llama_context_default_params()
        wanted.n_ctx = settings.cells
        wanted.n_batch = wanted.n_ubatch = settings.batch
        wanted.n_seq_max = settings.sequences
        wanted.n_threads = wanted.n_threads_batch = settings.threads
        wanted.swa_full = settings.swa_full
        wanted.kv_unified = True
        self._context = lib.llama_init_from_model(self._model, wanted)
        if self._context is None:
            raise EngineError(f"{path}: no cache of {settings.cells} tokens: {_why()}")
        self._memory = lib.llama_get_memory(self._context)
        self._batch = lib.llama_batch_init(settings.batch, 0, 1)

    def close(self) -> None:
        """Free all memory; may be called again."""
        if self._batch is not None:
            self.library.llama_batch_free(self._batch)
        if self._context is not None:
            self.library.llama_free(self._context)
        if self._model is not None:
            self.library.llama_model_free(self._model)
        self._model = self._context = self._batch = None

    # --- words
    @property
    def adds_bos(self) -> bool:
        """Whether the model expects a token that begins every text."""
        return bool(self.library.llama_vocab_get_add_bos(self._vocab))

    @property
    def chat_template(self) -> str:
        """Jinja source of the model's chat format; empty if it has none."""
        found = self.library.llama_model_chat_template(self._model, None)
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
            raise EngineError(f"llama.cpp refuses the grammar: {_why()}")
        return sampler

    # --- sequences
    def copy(self, sequence: int, to: int) -> None:
        """Let the empty sequence ``to`` begin with all of ``sequence``; takes no cells."""
        self.library.llama_memory_seq_cp(self._memory, sequence, to, -1, -1)

    def forget(self, sequence: int) -> None:
        """Empty a sequence."""
        self.library.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def decode(
        self, parts: Sequence[Part], read: Callable[[Logits], T], *, every: bool = False
    ) -> list[T]:
        """Add tokens to sequences and read what comes next.

        Args:
            parts: Of different sequences.
            read: Called with the logits after a part's last token.
            every: Read the logits after every token instead.

        Returns:
            One value per part, in order; with ``every``, one per token.

        Raises:
            EngineError: The cache is full, or llama.cpp failed.
        """
        values: list[T] = []
        rows = [row for part in parts for row in _rows(part, every=every)]
        for start in range(0, len(rows), self.settings.batch):
            values += self._run(rows[start : start + self.settings.batch], read)
        return values

    def _run(
        self, rows: Sequence[tuple[int, int, int, bool]], read: Callable[[Logits], T]
    ) -> list[T]:
        batch = self._batch
        batch.n_tokens = len(rows)
        for n, (token, position, sequence, wanted) in enumerate(rows):
            batch.token[n] = token
            batch.pos[n] = position
            batch.n_seq_id[n] = 1
            batch.seq_id[n][0] = sequence
            batch.logits[n] = wanted
        if status := self.library.llama_decode(self._context, batch):
            why = "the cache is full" if status == 1 else _why()
            raise EngineError(f"llama.cpp fails on {len(rows)} tokens ({status}): {why}")
        wanted_rows = [n for n, row in enumerate(rows) if row[3]]
        return [read(self._logits(n)) for n in wanted_rows]

    def _logits(self, row: int) -> Logits:
        pointer = self.library.llama_get_logits_ith(self._context, row)
        return np.ctypeslib.as_array(pointer, (self.vocabulary,))


def _rows(part: Part, *, every: bool) -> Iterator[tuple[int, int, int, bool]]:
    """Yield token, position, sequence, and whether its logits are wanted."""
    last = len(part.tokens) - 1
    for n, token in enumerate(part.tokens):
        yield token, part.position + n, part.sequence, every or n == last


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


def _why() -> str:
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
