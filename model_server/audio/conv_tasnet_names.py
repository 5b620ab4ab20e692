"""Checkpoints of asteroid and torchaudio under the names of ``conv_tasnet.py``.

asteroid packs ``{"state_dict", "model_args", …}``, torchaudio the state dict alone; safetensors
have no arguments beside the tensors but what their metadata say. Pickle's code never runs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gleanery.errors import EngineError
from model_server.audio.conv_tasnet import Shape, Weights

ASTEROID = (
    (r"(?:model\.)?encoder\.(?:filterbank\.)?_filters", "encoder"),
    (r"(?:model\.)?decoder\.(?:filterbank\.)?_filters", "decoder"),
    (r"mask(?:er|net)\.bottleneck\.0\.gamma", "input_norm.weight"),
    (r"mask(?:er|net)\.bottleneck\.0\.beta", "input_norm.bias"),
    (r"mask(?:er|net)\.bottleneck\.1\.", "bottleneck."),
    (r"mask(?:er|net)\.mask_net\.0\.weight", "mask_prelu"),
    (r"mask(?:er|net)\.mask_net\.1\.", "mask."),
    (r"mask(?:er|net)\.TCN\.(\d+)\.shared_block\.0\.", r"blocks.\1.expand."),
    (r"mask(?:er|net)\.TCN\.(\d+)\.shared_block\.1\.weight", r"blocks.\1.prelu1"),
    (r"mask(?:er|net)\.TCN\.(\d+)\.shared_block\.2\.gamma", r"blocks.\1.norm1.weight"),
    (r"mask(?:er|net)\.TCN\.(\d+)\.shared_block\.2\.beta", r"blocks.\1.norm1.bias"),
    (r"mask(?:er|net)\.TCN\.(\d+)\.shared_block\.3\.(?:0\.)?", r"blocks.\1.depth."),
    (r"mask(?:er|net)\.TCN\.(\d+)\.shared_block\.4\.weight", r"blocks.\1.prelu2"),
    (r"mask(?:er|net)\.TCN\.(\d+)\.shared_block\.5\.gamma", r"blocks.\1.norm2.weight"),
    (r"mask(?:er|net)\.TCN\.(\d+)\.shared_block\.5\.beta", r"blocks.\1.norm2.bias"),
    (r"mask(?:er|net)\.TCN\.(\d+)\.res_conv\.", r"blocks.\1.residual."),
    (r"mask(?:er|net)\.TCN\.(\d+)\.skip_conv\.", r"blocks.\1.skip."),
)  # fmt: skip
TORCHAUDIO = (
    (r"encoder\.weight", "encoder"),
    (r"decoder\.weight", "decoder"),
    (r"mask_generator\.input_norm\.", "input_norm."),
    (r"mask_generator\.input_conv\.", "bottleneck."),
    (r"mask_generator\.output_prelu\.weight", "mask_prelu"),
    (r"mask_generator\.output_conv\.", "mask."),
    (r"mask_generator\.conv_layers\.(\d+)\.conv_layers\.0\.", r"blocks.\1.expand."),
    (r"mask_generator\.conv_layers\.(\d+)\.conv_layers\.1\.weight", r"blocks.\1.prelu1"),
    (r"mask_generator\.conv_layers\.(\d+)\.conv_layers\.2\.", r"blocks.\1.norm1."),
    (r"mask_generator\.conv_layers\.(\d+)\.conv_layers\.3\.", r"blocks.\1.depth."),
    (r"mask_generator\.conv_layers\.(\d+)\.conv_layers\.4\.weight", r"blocks.\1.prelu2"),
    (r"mask_generator\.conv_layers\.(\d+)\.conv_layers\.5\.", r"blocks.\1.norm2."),
    (r"mask_generator\.conv_layers\.(\d+)\.res_out\.", r"blocks.\1.residual."),
    (r"mask_generator\.conv_layers\.(\d+)\.skip_out\.", r"blocks.\1.skip."),
)  # fmt: skip


def read_checkpoint(file: Path) -> tuple[Weights, Shape, int | None]:
    """Return weights under our names, their shape, and the rate they were trained at if told.

    Raises:
        EngineError: It cannot be read without running its code, or is no Conv-TasNet.
    """
    tensors, told = _read(file)
    if any(re.match(r"(?:model\.)?mask(?:er|net)\.", name) for name in tensors):
        weights, shape = (
            _renamed(tensors, ASTEROID, file),
            Shape(stride=_half(tensors), mask="relu"),
        )
    elif any(name.startswith("mask_generator.") for name in tensors):
        half = _half(tensors)
        weights, shape = _renamed(tensors, TORCHAUDIO, file), Shape(stride=half, padding=half)
    else:
        raise EngineError(f"{file} is no Conv-TasNet of asteroid or torchaudio: {_some(tensors)}")
    rate = told.get("sample_rate")
    return weights, _told(shape, told, file), int(float(rate)) if rate else None


def _read(file: Path) -> tuple[dict[str, Any], Mapping[str, Any]]:
    if file.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(file, framework="pt") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            return tensors, _parsed(opened.metadata() or {})
    import torch

    try:
        packed = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch has many for a broken file, and one for code inside
        raise EngineError(f"{file}: {type(error).__name__}: {error}") from error
    if not isinstance(packed, Mapping):
        raise EngineError(f"{file} holds a {type(packed).__name__}, no state dict")
    state = packed.get("state_dict", packed)
    return dict(state), packed.get("model_args") or {}


def _parsed(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Safetensors' metadata are strings; ``model_args`` may be one in JSON, as asteroid's are."""
    return {**metadata, **json.loads(metadata.get("model_args", "{}"))}


def _renamed(
    tensors: Mapping[str, Any], names: tuple[tuple[str, str], ...], file: Path
) -> dict[str, Any]:
    found = {}
    for old, tensor in tensors.items():
        bare = re.sub(r"^model\.(?=mask)", "", old)
        for pattern, new in names:
            if match := re.match(pattern, bare):
                found[match.expand(new) + bare[match.end() :]] = tensor.float()
                break
        else:
            if "filterbank" not in bare:  # buffers of filterbanks that are not learnt
                raise EngineError(f"{file}: no place for {old!r} in a Conv-TasNet that we know")
    if missing := {"encoder", "decoder", "mask.weight", "bottleneck.weight"} - set(found):
        raise EngineError(f"{file} lacks {', '.join(sorted(missing))}; only learnt filters are run")
    return found


def _told(shape: Shape, told: Mapping[str, Any], file: Path) -> Shape:
    """Return ``shape`` with what the checkpoint says of itself."""
    known: dict[str, Any] = {}
    for ours, theirs in (("blocks", "n_blocks"), ("stride", "stride")):
        if told.get(theirs):
            known[ours] = int(told[theirs])
    for ours, theirs in (("mask", "mask_act"), ("encoder", "encoder_activation")):
        if told.get(theirs):
            known[ours] = str(told[theirs])
    if told.get("norm_type"):
        known["norm"] = str(told["norm_type"])
    known["causal"] = str(told.get("causal", False)).lower() == "true"
    if known.get("norm", "gLN") not in ("gLN", "cLN"):
        raise EngineError(f"{file}: norm {known['norm']} is not run; gLN and cLN are")
    return replace(shape, **known)


def _half(tensors: Mapping[str, Any]) -> int:
    filters = next(x for name, x in tensors.items() if "encoder" in name and x.ndim == 3)
    return int(filters.shape[-1] // 2)


def _some(tensors: Mapping[str, Any]) -> str:
    return f"it has {', '.join(list(tensors)[:3])} …"
