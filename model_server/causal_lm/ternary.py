"""BitNet layers of ``transformers``, freed from work that each call repeats.

``AutoBitLinear`` in online mode (the ``-bf16`` checkpoints) rounds its weights to -1, 0, 1 in every
forward pass; ``BitLinear`` (Llama3-8B-1.58) unpacks four weights from each byte in every pass.
Weights do not change here, so both are done once: the same numbers come out, bit for bit.
"""

from __future__ import annotations

from types import MethodType
from typing import Any


def settle_ternary(model: Any) -> int:
    """Round and unpack the ternary weights of ``model`` in place; return of how many layers.

    An unpacked layer takes 16 (float32: 32) bits a weight where the packed one took 2.
    """
    config = getattr(model.config, "quantization_config", None)
    if str(getattr(config, "quant_method", "")).rpartition(".")[2].lower() != "bitnet":
        return 0
    # Imported here alone: it loads torch's compiler, some seconds that other models are spared.
    from transformers.integrations.bitnet import AutoBitLinear, BitLinear

    count = 0
    for module in model.modules():
        if isinstance(module, AutoBitLinear) and module.online_quant:
            _round(module)
            count += 1
        elif isinstance(module, BitLinear):
            _unpack(module)
            count += 1
    return count


def _round(layer: Any) -> None:
    from torch import ones
    from transformers.integrations.bitnet import WeightQuant

    weight = layer.weight
    weight.data = WeightQuant.apply(weight.data)
    layer.online_quant = False
    layer.register_buffer("weight_scale", ones(1, dtype=weight.dtype, device=weight.device))


def _unpack(layer: Any) -> None:
    from torch.nn import Buffer
    from transformers.integrations.bitnet import unpack_weights

    layer.weight = Buffer(unpack_weights(layer.weight, dtype=layer.dtype))
    layer.forward = MethodType(_forward_unpacked, layer)


def _forward_unpacked(layer: Any, activations: Any) -> Any:
    """``BitLinear.forward`` of transformers 5 without its first step, the unpacking."""
    from torch.nn.functional import linear

    if layer.rms_norm is not None:
        activations = layer.rms_norm(activations)
    rounded, scale = layer.activation_quant(activations)
    result = layer.post_quant_process(
        linear(rounded.to(layer.dtype), layer.weight), layer.weight_scale, scale
    )
    return result if layer.bias is None else result + layer.bias
