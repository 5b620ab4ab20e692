"""TimeSformer's forward pass for a GPU: the same numbers with fewer passes over memory.

transformers' own computes attention as two products with a softmax between, each written out, and
copies the tokens between its steps. Here attention is one operation and tokens are copied where a
frame's have to be together and back. Weights are those of the model given.
"""

from __future__ import annotations

from math import gcd
from typing import Any

import torch  # noqa: TID253 - imported where torch is needed
from torch import nn  # noqa: TID253
from transformers import TimesformerForVideoClassification  # noqa: TID253

from model_server.video.network import ClipNetwork

PLACES = 14
"""Places whose frames go through one attention together, each seeing only its own: an attention
over eight tokens leaves a GPU idle. 14 · 8 tokens fill a block of 128, and 14 divides the 196
places of patches of 16 pixels; for other patches fewer go together."""


class GpuNetwork(ClipNetwork):
    """See :class:`ClipNetwork`, whose answers these are, up to rounding."""

    def __init__(self, model: TimesformerForVideoClassification) -> None:
        super().__init__(model)
        own = torch.arange(gcd(PLACES, self.patches) * self.frames) // self.frames
        apart = torch.zeros(len(own), len(own), dtype=model.dtype)
        apart[own[:, None] != own] = -torch.inf
        self.register_buffer("_apart", apart, persistent=False)

    def hidden(self, pixels: Any) -> Any:
        """See :meth:`ClipNetwork.hidden`."""
        whole = self.model.timesformer
        tokens = whole.embeddings(pixels)
        for layer in whole.encoder.layer:
            tokens = self._layer(layer, tokens)
        return whole.layernorm(tokens)

    def _layer(self, layer: Any, tokens: Any) -> Any:
        """Attention over time, over space, then the MLP; ``(b, 1 + patches · frames, dim)``."""
        whole, patches = tokens[:, :1], tokens[:, 1:]
        groups = patches.unflatten(1, (-1, len(self._apart)))  # (b, 14, 14 · t, dim)
        places = patches + layer.temporal_dense(
            _attend(layer.temporal_attention, layer.temporal_layernorm(groups), self._apart)
        ).flatten(1, 2)
        places = places.unflatten(1, (self.patches, self.frames))  # (b, p, t, dim)
        seen = torch.cat(
            [whole.unsqueeze(1).expand(-1, self.frames, -1, -1), places.transpose(1, 2)], 2
        )  # (b, t, 1 + p, dim)
        found = _attend(layer.attention, layer.layernorm_before(seen))
        whole = whole + found[:, :, 0].mean(1, keepdim=True)
        places = places + found[:, :, 1:].transpose(1, 2)
        tokens = torch.cat([whole, places.flatten(1, 2)], 1)
        inner = layer.intermediate(layer.layernorm_after(tokens))
        return tokens + layer.output(inner)


def _attend(attention: Any, tokens: Any, mask: Any = None) -> Any:
    """Let the tokens of each row see one another; ``(b, rows, tokens, dim)``."""
    heads = attention.attention.num_heads
    asked = attention.attention.qkv(tokens).flatten(0, 1).unflatten(-1, (3, heads, -1))
    query, key, value = asked.permute(2, 0, 3, 1, 4)
    seen = nn.functional.scaled_dot_product_attention(query, key, value, mask)
    return attention.output(seen.transpose(1, 2).flatten(-2).unflatten(0, tokens.shape[:2]))
