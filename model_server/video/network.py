"""TimeSformer in torch: from uint8 frames to what leaves the network, and nothing more.

Bertasius et al., 2021, arXiv:2102.05095. Imports torch: import it where torch is needed.
"""

from __future__ import annotations

from typing import Any

import torch  # noqa: TID253 - see above
from safetensors import SafetensorError  # noqa: TID253
from torch import nn  # noqa: TID253
from transformers import TimesformerForVideoClassification  # noqa: TID253
from transformers.utils.logging import disable_progress_bar  # noqa: TID253

from gleanery.errors import EngineError
from model_server.video.checkpoint import Checkpoint

MEAN, STD = 0.45, 0.225
"""Of each colour, in [0, 1]: as the checkpoint was trained (its ``preprocessor_config.json``)."""


class ClipNetwork(nn.Module):  # type: ignore[misc]
    """``(b, 8, 224, 224, 3)`` uint8 → frames ``(b, 8, dim)``, clips ``(b, dim)``, logits."""

    def __init__(self, model: TimesformerForVideoClassification) -> None:
        super().__init__()
        self.model = model
        config = model.config
        self.frames = config.num_frames
        self.patches = (config.image_size // config.patch_size) ** 2

    def forward(self, clips: Any) -> tuple[Any, Any, Any]:
        """See the class."""
        pixels = (clips.to(torch.float32) / 255 - MEAN) / STD
        pixels = pixels.permute(0, 1, 4, 2, 3).to(self.model.dtype)
        hidden = self.hidden(pixels)
        # (b, 1 + patches · frames, dim), patch by patch: the frames of a patch are neighbours
        frames = hidden[:, 1:].unflatten(1, (self.patches, self.frames)).mean(1)
        clip = hidden[:, 0]
        return frames.float(), clip.float(), self.model.classifier(clip).float()

    def hidden(self, pixels: Any) -> Any:
        """``(b, 8, 3, 224, 224)`` → ``last_hidden_state``."""
        return self.model.timesformer(pixels).last_hidden_state


def load_network(checkpoint: Checkpoint, *, fused: bool = True) -> ClipNetwork:
    """Return the network with its weights, in float32, on the CPU.

    Args:
        checkpoint: Found before.
        fused: Whether to merge what can be merged without changing a result.

    Raises:
        EngineError: The weights cannot be loaded, or some are missing.
    """
    disable_progress_bar()
    try:
        model, report = TimesformerForVideoClassification.from_pretrained(
            checkpoint.folder, dtype=torch.float32, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise EngineError(f"{checkpoint.folder} cannot be loaded: {error}") from error
    if missing := sorted(report["missing_keys"]):
        raise EngineError(f"{checkpoint.folder} lacks weights: {', '.join(missing[:3])} …")
    model = model.eval()
    if fused:
        fuse(model)
    return ClipNetwork(model)


def fuse(model: TimesformerForVideoClassification) -> None:
    """Merge the two matrices that follow temporal attention: one matrix does what both do.

    Nothing lies between ``temporal_attention.output.dense`` and ``temporal_dense``; that is a
    seventeenth of a layer's products.
    """
    with torch.no_grad():
        for layer in model.timesformer.encoder.layer:
            inner, outer = layer.temporal_attention.output.dense, layer.temporal_dense
            bias = outer.weight.double() @ inner.bias.double() + outer.bias.double()
            weight = outer.weight.double() @ inner.weight.double()
            inner.bias.copy_(bias.float())
            inner.weight.copy_(weight.float())
            layer.temporal_dense = nn.Identity()
