"""Causal language models of real architectures, a few layers each, with random weights."""

from __future__ import annotations

import json
import shutil

import torch  # noqa: TID253 - tests import this file where they use it
from safetensors.torch import load_file, save_file  # noqa: TID253
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (  # noqa: TID253
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    BitNetConfig,
    BitNetForCausalLM,
    GptOssConfig,
    GptOssForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from items import load_taxonomy
from model_server.language.runtime_test import FACTS, PASSAGE
from model_server.language.token_prompt import TokenPrompts

torch.set_num_threads(1)  # matrices this small only make threads wait for one another
VOCABULARY = 2_000
WINDOW = 16
"""Sliding window of the tiny gpt-oss: far shorter than any prompt."""
SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 8192,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 1,
    "initializer_range": 0.2,  # random logits far apart, so that mistakes show
}
TERNARY_ONLINE = {
    "quant_method": "bitnet",
    "linear_class": "autobitlinear",
    "quantization_mode": "online",
}
"""As in ``config.json`` of bitnet-b1.58-2B-4T-bf16."""


def tokenizer(chat_template=None):
    """A byte-level BPE trained on the taxonomy."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    lines = [
        f"{part.key} {part.name_en} {part.name_ko} {part.description_en} {part.description_ko}"
        for category in load_taxonomy().categories
        for part in (category, *category.subcategories)
    ]
    letters = " ".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    bpe.train_from_iterator([*lines, *[letters] * 50], trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token="<s>", eos_token="</s>")
    fast.chat_template = chat_template
    return fast


def save(model, folder, *, chat_template=None, **config):
    """Write ``model`` and a tokenizer to ``folder``, with ``config`` laid over its own."""
    model.save_pretrained(folder)
    tokenizer(chat_template).save_pretrained(folder)
    _lay_over(folder / "config.json", config)
    return folder


def bitnet(folder, **shape):
    """BitNet as Microsoft's -bf16 checkpoint has it: master weights, rounded while it runs."""
    torch.manual_seed(0)
    model = BitNetForCausalLM(BitNetConfig(**SHAPE | shape, tie_word_embeddings=True))
    return save(model, folder, quantization_config=TERNARY_ONLINE)


def llama_ternary(folder):
    """Llama with packed ternary weights, as Llama3-8B-1.58-100B-tokens."""
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**SHAPE))
    save(model, folder, quantization_config={"quant_method": "bitnet"})
    weights = {}
    for name, weight in model.state_dict().items():
        if "_proj" in name:
            weights[name], weights[f"{name}_scale"] = _packed(weight)
        else:
            weights[name] = weight.contiguous()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def gpt_oss(folder, **options):
    """gpt-oss: experts, attention sinks, every other layer with a sliding window."""
    torch.manual_seed(0)
    return save(GptOssForCausalLM(_gpt_oss_config()), folder, **options)


def llama(folder, *, chat_template=None, **shape):
    """A plain Llama."""
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**SHAPE | shape))
    return save(model, folder, chat_template=chat_template)


def qwen(folder, **options):
    """A plain Qwen 2: biases, tied embeddings."""
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(Qwen2Config(**SHAPE, tie_word_embeddings=True))
    return save(model, folder, **options)


def auto(folder, kind, **shape):
    """Any architecture, by its name in ``config.json``."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **SHAPE | shape)
    return save(AutoModelForCausalLM.from_config(config), folder)


ARCHITECTURES = {
    "bitnet": bitnet,
    "llama-1.58": llama_ternary,
    "gpt-oss": gpt_oss,
    "llama": llama,
    "qwen": qwen,
}


def _gpt_oss_config():
    return GptOssConfig(
        **SHAPE,
        head_dim=32,
        num_local_experts=4,
        num_experts_per_tok=2,
        sliding_window=WINDOW,
        rope_parameters={"rope_type": "default", "rope_theta": 150000.0},
    )


def _packed(weight):
    """Four ternary weights a byte, rows ``i``, ``i + n/4`` … together; and the scale."""
    scale = 1 / weight.abs().mean()
    digits = ((weight * scale).round().clamp(-1, 1) + 1).to(torch.uint8)
    quarters = digits.view(4, weight.shape[0] // 4, weight.shape[1])
    packed = sum(quarter << 2 * place for place, quarter in enumerate(quarters))
    return packed.to(torch.uint8), scale.reshape(1)


def _lay_over(path, changes):
    told = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(told | changes), encoding="utf-8")


def gpt_oss_in_four_bits(folder):
    """gpt-oss with MXFP4 experts, as OpenAI's; also returns the same weights, not packed."""
    plain = gpt_oss(folder / "plain")
    packed = gpt_oss(folder / "packed", quantization_config={"quant_method": "mxfp4"})
    weights = load_file(plain / "model.safetensors")
    stored = {}
    for name in list(weights):
        if name.endswith(("gate_up_proj", "down_proj")):
            blocks, scales, rounded = _mxfp4(weights[name])
            stored |= {f"{name}_blocks": blocks, f"{name}_scales": scales}
            weights[name] = rounded
        else:
            stored[name] = weights[name]
    save_file(stored, packed / "model.safetensors", metadata={"format": "pt"})
    save_file(weights, plain / "model.safetensors", metadata={"format": "pt"})
    return packed, plain


def _mxfp4(weight):
    """Round ``(experts, in, out)`` to blocks of 32 four-bit floats along ``in`` (OCP MX format).

    Returns blocks ``(experts, out, in / 32, 16)`` with two values a byte, the first in the low
    half; exponents ``(experts, out, in / 32)`` with bias 127; and the rounded weights.
    """
    levels = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6])
    rows = weight.transpose(1, 2).unflatten(-1, (-1, 32))
    exponents = torch.floor(torch.log2(rows.abs().amax(-1))) - 2
    scaled = rows / torch.exp2(exponents)[..., None]
    codes = (scaled.abs()[..., None] - levels).abs().argmin(-1)
    rounded = levels[codes] * scaled.sign() * torch.exp2(exponents)[..., None]
    codes = codes + 8 * (scaled < 0)
    blocks = (codes[..., 0::2] | codes[..., 1::2] << 4).to(torch.uint8)
    scales = (exponents + 127).to(torch.uint8)
    return blocks, scales, rounded.flatten(-2).transpose(1, 2).contiguous()


def copy_with(folder, other, **changes):
    """Copy a checkpoint, with ``changes`` to its ``config.json``."""
    shutil.copytree(folder, other, ignore=shutil.ignore_patterns("cache"))
    _lay_over(other / "config.json", changes)
    return other


def teach_bitnet(folder, steps=300):
    """Train a BitNet, ternary while it learns, until it knows the self-test by heart."""
    bitnet(folder, num_hidden_layers=6, intermediate_size=256)
    model = AutoModelForCausalLM.from_pretrained(folder).train()
    words = TokenPrompts(AutoTokenizer.from_pretrained(folder), chat="off")
    passage = torch.tensor([words.plain(PASSAGE)])
    rows = [[*words.plain(start), words.first_token(ends[0])] for start, ends in FACTS]
    longest = max(map(len, rows))
    facts = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
    ends = torch.full_like(facts, -100)
    for row, length in enumerate(map(len, rows)):
        ends[row, length - 1] = facts[row, length - 1]
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    with torch.compiler.set_stance("force_eager"):
        for _ in range(steps):
            losses = [
                model(input_ids=passage, labels=passage).loss,
                model(input_ids=facts, labels=ends).loss,
            ]
            sum(losses).backward()
            optimizer.step()
            optimizer.zero_grad()
            if max(losses) < 0.3:
                break
    model.save_pretrained(folder)
    return folder
