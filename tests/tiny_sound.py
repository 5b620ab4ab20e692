"""Small checkpoints of the engines for sound and of what sums it up, made here.

Each needs libraries that not every installation has; a test that asks for one is skipped by name.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

SOURCES = ["drums", "bass", "other", "vocals"]
SIX_SOURCES = [*SOURCES, "guitar", "piano"]
"""Those of ``htdemucs_6s``."""


def spleeter(folder: Path) -> Path:
    """Two networks in sherpa-onnx's form: each gives back its input, louder or quieter."""
    told = {"model_type": "spleeter", "stems": "2", "sample_rate": "44100", "version": "1"}
    for stem, gain in (("vocals", 0.9), ("accompaniment", 0.3)):
        save_gain(folder / f"{stem}.onnx", gain, told)
    return folder


def save_gain(path, gain, told, shape=(2, "n", 512, 1024)):
    onnx = pytest.importorskip("onnx", reason="needs onnx: make test-models")
    kind = onnx.TensorProto.FLOAT
    ends = [onnx.helper.make_tensor_value_info(name, kind, list(shape)) for name in "xy"]
    factor = onnx.helper.make_tensor("gain", kind, [], [gain])
    node = onnx.helper.make_node("Mul", ["x", "gain"], ["y"])
    graph = onnx.helper.make_graph([node], "gain", ends[:1], ends[1:], [factor])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.helper.set_model_props(model, told)
    onnx.save(model, path)


def demucs(folder: Path, sources: list[str] = SOURCES) -> Path:
    """A small HTDemucs of random weights, packed as its makers pack theirs."""
    torch = pytest.importorskip("torch", reason="needs torch: make test-models")
    htdemucs = pytest.importorskip("demucs_infer.htdemucs", reason="make test-models")
    arguments = {
        "sources": sources, "channels": 4, "depth": 2, "nfft": 512, "t_layers": 1,
        "t_heads": 2, "bottom_channels": 16, "dconv_mode": 0, "segment": Fraction(2),
    }  # fmt: skip
    torch.manual_seed(0)
    network = htdemucs.HTDemucs(**arguments)
    packed = {"klass": htdemucs.HTDemucs, "args": (), "kwargs": arguments}
    torch.save(packed | {"state": network.state_dict()}, folder / "tiny.th")
    return folder / "tiny.th"


def conv_tasnet(folder: Path) -> Path:
    """A small Conv-TasNet of random weights, named as torchaudio names its parts."""
    torch = pytest.importorskip("torch", reason="needs torch: make test-models")
    from tests.conv_tasnet_modules import Torchaudio  # noqa: PLC0415 - it needs torch

    torch.manual_seed(0)
    sizes = {"filters": 16, "length": 16, "neck": 8, "hidden": 8, "blocks": 8, "repeats": 1}
    torch.save(Torchaudio(sources=1, **sizes).state_dict(), folder / "tiny.pt")
    return folder / "tiny.pt"


def pegasus(folder: Path) -> Path:
    """Two layers of random weights, and a tokenizer of words."""
    torch = pytest.importorskip("torch", reason="needs torch: make test-models")
    transformers = pytest.importorskip("transformers", reason="make test-models")
    from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: PLC0415 - see above

    words = ["<pad>", "</s>", "<unk>", *(f"w{n}" for n in range(60)), "the", "weather", "is"]
    tokenizer = Tokenizer(models.WordLevel({w: n for n, w in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.PegasusConfig(
        vocab_size=len(words), d_model=32, encoder_layers=2, decoder_layers=2,
        encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=32,
        decoder_ffn_dim=32, max_position_embeddings=64, forced_eos_token_id=1,
    )  # fmt: skip
    transformers.PegasusForConditionalGeneration(config).save_pretrained(folder)
    return folder
