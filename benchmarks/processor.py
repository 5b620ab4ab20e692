"""What this processor multiplies, and how fast: the limits of what a network can gain on it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

FEATURES = ("avx2", "fma", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16")
"""Instructions that decide how fast products of a network are, as Linux names them."""
TOKENS, WIDTH, INNER = 1569, 768, 3072
"""Of TimeSformer: the largest product of a layer."""
ROUNDS = 10


def features() -> str:
    """Return which of ``FEATURES`` there are; Linux on x86 only, elsewhere ``unknown``."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    return " ".join(name for name in FEATURES if name in flags) or "unknown"


def float32_products() -> float:
    """Return products a second of torch's float32 matrices, on all cores."""
    import torch

    x, w = torch.randn(TOKENS, WIDTH), torch.randn(INNER, WIDTH)
    with torch.inference_mode():
        return _rate(lambda: torch.nn.functional.linear(x, w))


def int8_products() -> float:
    """Return products a second of ONNX Runtime's 8-bit matrices, quantising included."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415 - an extra

    weights = np.random.default_rng(0).integers(-63, 64, (WIDTH, INNER), np.int8)
    node = helper.make_node(
        "DynamicQuantizeMatMul", ["x", "w", "scale"], ["y"], domain="com.microsoft"
    )
    graph = helper.make_graph(
        [node],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [TOKENS, WIDTH])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [TOKENS, INNER])],
        [
            numpy_helper.from_array(weights, "w"),
            numpy_helper.from_array(np.full(INNER, 1e-3, np.float32), "scale"),
        ],
    )
    domains = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=domains, ir_version=9)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    given = {"x": np.random.default_rng(0).normal(size=(TOKENS, WIDTH)).astype(np.float32)}
    return _rate(lambda: session.run(None, given))


def _rate(product: Callable[[], Any]) -> float:
    """Return products a second of the quickest of some rounds."""
    product()
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        product()
        seconds.append(time.perf_counter() - began)
    return TOKENS * WIDTH * INNER / min(seconds)
