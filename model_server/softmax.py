"""Scores to shares."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def softmax(rows: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return each row as shares in [0, 1] that sum to 1."""
    raised = np.exp(rows.astype(np.float64) - rows.max(axis=-1, keepdims=True))
    shares: NDArray[np.float64] = raised / raised.sum(axis=-1, keepdims=True)
    return shares
