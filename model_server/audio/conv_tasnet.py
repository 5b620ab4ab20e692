"""Conv-TasNet in plain torch (Luo and Mesgarani, 2019, arXiv:1809.07454).

An encoder of learnt filters, a stack of dilated convolutions that computes a mask for each source,
and a decoder back to samples. Weights are a dictionary of tensors under our own names
(:mod:`model_server.audio.conv_tasnet_names` gives them from those of others); what shapes do not
tell is in :class:`Shape`. Only inference: no modules, no state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Weights = Mapping[str, Any]
EPSILON = 1e-8


@dataclass(slots=True, kw_only=True, frozen=True)
class Shape:
    """What cannot be read off the weights; letters are the paper's."""

    stride: int
    """Samples between two frames; half of the filters' length L."""
    padding: int = 0
    """Zeros at both ends of the sound: 0 in asteroid, the stride in torchaudio."""
    blocks: int = 8
    """Blocks in a repeat, X; the dilation doubles from one to the next."""
    mask: Literal["sigmoid", "relu", "softmax", "linear"] = "sigmoid"
    """What bounds the masks."""
    encoder: Literal["linear", "relu"] = "linear"
    """What bounds the encoder's output."""
    causal: bool = False
    """Whether a frame sees only those before it."""
    norm: Literal["gLN", "cLN"] = "gLN"
    """Over all channels and frames, or over the channels of each frame."""


def sources_of(weights: Weights) -> int:
    """Return how many sources these weights give."""
    return int(weights["mask.weight"].shape[0] // weights["encoder"].shape[0])


def separate(weights: Weights, shape: Shape, sound: Any) -> Any:
    """Return the sources of a sound.

    Args:
        weights: By our names, float32.
        shape: What they do not tell.
        sound: Tensor ``(n,)``, at least one sample.

    Returns:
        Tensor ``(sources, n)``.
    """
    from torch.nn import functional as F  # noqa: N812 - as everybody calls it

    count = sound.shape[-1]
    padded = F.pad(sound, (0, _missing(count, weights["encoder"].shape[-1], shape)))
    frames = F.conv1d(
        padded[None, None], weights["encoder"], stride=shape.stride, padding=shape.padding
    )
    if shape.encoder == "relu":
        frames = F.relu(frames)
    masks = _bounded(_masks(weights, shape, frames), shape.mask)
    out = F.conv_transpose1d(
        masks * frames, weights["decoder"], stride=shape.stride, padding=shape.padding
    )
    return F.pad(out[:, 0], (0, max(0, count - out.shape[-1])))[:, :count]


def _masks(weights: Weights, shape: Shape, frames: Any) -> Any:
    """Return what the masks are before they are bounded, ``(sources, N, frames)``."""
    from torch.nn import functional as F  # noqa: N812

    x = _norm(weights, "input_norm", frames, shape)
    x = _conv(weights, "bottleneck", x)
    skips, number = None, 0
    while f"blocks.{number}.expand.weight" in weights:
        residual, skip = _block(weights, number, x, shape)
        x = x if residual is None else x + residual
        if skip is not None:
            skips = skip if skips is None else skips + skip
        number += 1
    out = F.prelu(x if skips is None else skips, weights["mask_prelu"])
    return _conv(weights, "mask", out).reshape(sources_of(weights), -1, frames.shape[-1])


def _block(weights: Weights, number: int, x: Any, shape: Shape) -> tuple[Any, Any]:
    """Return what is added to the block's input, and to the sum of all blocks; ``None`` = none."""
    from torch.nn import functional as F  # noqa: N812

    name, dilation = f"blocks.{number}", 2 ** (number % shape.blocks)
    x = F.prelu(_conv(weights, f"{name}.expand", x), weights[f"{name}.prelu1"])
    x = _norm(weights, f"{name}.norm1", x, shape)
    kernel = weights[f"{name}.depth.weight"]
    reach = (kernel.shape[-1] - 1) * dilation
    x = F.pad(x, (reach, 0) if shape.causal else (reach // 2, reach - reach // 2))
    x = F.conv1d(
        x, kernel, weights[f"{name}.depth.bias"], dilation=dilation, groups=kernel.shape[0]
    )
    x = _norm(weights, f"{name}.norm2", F.prelu(x, weights[f"{name}.prelu2"]), shape)
    ways = (f"{name}.residual", f"{name}.skip")
    residual, skip = (_conv(weights, w, x) if f"{w}.weight" in weights else None for w in ways)
    return residual, skip


def _conv(weights: Weights, name: str, x: Any) -> Any:
    """Mix the channels of each frame."""
    from torch.nn import functional as F  # noqa: N812

    return F.conv1d(x, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _norm(weights: Weights, name: str, x: Any, shape: Shape) -> Any:
    axes = (1, 2) if shape.norm == "gLN" else (1,)
    centred = x - x.mean(axes, keepdim=True)
    unit = centred / (centred.square().mean(axes, keepdim=True) + EPSILON).sqrt()
    scale, shift = (weights[f"{name}.{part}"].reshape(1, -1, 1) for part in ("weight", "bias"))
    return unit * scale + shift


def _bounded(masks: Any, how: str) -> Any:
    if how == "softmax":
        return masks.softmax(0)
    if how == "linear":
        return masks
    return masks.sigmoid() if how == "sigmoid" else masks.relu()


def _missing(count: int, length: int, shape: Shape) -> int:
    """Return the zeros after which the last filter ends with the sound.

    asteroid has none: it loses what does not fill a filter, up to ``stride`` samples of silence.
    """
    covered = count + 2 * shape.padding
    if not shape.padding:
        return max(0, length - covered)
    return max(0, length - covered, -(covered - length) % shape.stride)
