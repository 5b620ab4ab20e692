"""The beginning of a prompt, computed once: every question goes on from a copy of its cache."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any


@dataclass(slots=True, kw_only=True, frozen=True)
class Prefix:
    """Token ids and the keys and values that a model of ``transformers`` computed for them."""

    ids: tuple[int, ...]
    cache: Any
    """A ``DynamicCache`` of one row; never handed to the model itself, which would write to it."""

    def begins(self, ids: Sequence[int]) -> bool:
        """Whether ``ids`` begin with this prefix and go on after it."""
        return len(ids) > len(self.ids) and tuple(ids[: len(self.ids)]) == self.ids

    def branch(self, rows: int) -> Any:
        """Return a cache of ``rows`` rows that continue from here.

        Cutting a used cache back would be cheaper still, but a layer with a sliding window has
        forgotten by then what it would need (``DynamicSlidingWindowLayer.crop`` refuses).
        """
        twin = copy.copy(self.cache)
        twin.layers = [_branch(layer, rows) for layer in self.cache.layers]
        return twin


def _branch(layer: Any, rows: int) -> Any:
    from torch import zeros
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

    if type(layer) in {DynamicLayer, DynamicSlidingWindowLayer} and layer.is_initialized:
        twin = copy.copy(layer)  # these never write in place: a view of the one row will do
        twin.keys = layer.keys.expand(rows, -1, -1, -1)
        twin.values = layer.values.expand(rows, -1, -1, -1)
        return twin
    twin = copy.deepcopy(layer)
    twin.reorder_cache(zeros(rows, dtype=int))
    return twin


def common_beginning(one: Sequence[Any], other: Sequence[Any]) -> int:
    """Return how many elements at the beginning of both are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
