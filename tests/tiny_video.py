"""TimeSformers of the real architecture with random weights, small or of full size."""

from __future__ import annotations

import torch  # noqa: TID253 - tests import this file where they use it
from transformers import TimesformerConfig, TimesformerForVideoClassification  # noqa: TID253

LABELS = 12
SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "num_labels": LABELS,
    "initializer_range": 0.15,  # random vectors far apart, so that mistakes show
    "id2label": {n: f"action {n}" for n in range(LABELS)},
}
FULL = {"num_labels": 400}


def timesformer(folder, *, seed=0, head=1.0, **shape):
    """Write a checkpoint; ``head`` scales the classifier, so that labels differ clearly."""
    torch.manual_seed(seed)
    model = TimesformerForVideoClassification(TimesformerConfig(**shape or SMALL)).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(
                ("bias", "time_embeddings")
            ):  # zero at first: they would hide mistakes
                weight.normal_(std=0.1)
        model.classifier.weight.mul_(head)
    model.save_pretrained(folder)
    return folder


def hub_answer(folder, clips):
    """Hidden states, the last one normalised, and logits, by transformers' own forward pass."""
    model = TimesformerForVideoClassification.from_pretrained(folder).eval()
    pixels = (torch.from_numpy(clips).float() / 255 - 0.45) / 0.225
    pixels = pixels.permute(0, 1, 4, 2, 3)
    with torch.inference_mode():
        answer = model(pixels, output_hidden_states=True)
        last = model.timesformer.layernorm(answer.hidden_states[-1])
    return answer.hidden_states, last.numpy(), answer.logits.numpy()
