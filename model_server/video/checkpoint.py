"""A TimeSformer checkpoint: where it lies, whose it is, what it can tell apart."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gleanery.errors import EngineError

WEIGHTS = ("model*.safetensors", "pytorch_model*.bin")
"""Files that hold weights, the better kind first."""
EXPECTED = {
    "model_type": "timesformer",
    "num_frames": 8,
    "image_size": 224,
    "attention_type": "divided_space_time",
}
"""What ``config.json`` must say; what it leaves out is as here."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Checkpoint:
    """A folder with ``config.json`` and weights."""

    name: str
    """The hub's name, or that of the folder."""
    folder: Path
    digest: str
    """SHA-256 of configuration and weights."""
    labels: tuple[str, ...]
    """Name of each logit."""
    dim: int


def find_checkpoint(name: str, revision: str) -> Checkpoint:
    """Return the checkpoint at a path or of that name on the Hugging Face hub.

    Raises:
        EngineError: It is not there, or no TimeSformer that we know.
    """
    folder = Path(name)
    if not folder.is_dir():
        if folder.exists() or name.startswith((".", "/", "~")):
            raise EngineError(f"{name} is no folder with config.json and weights")
        folder = _download(name, revision)
    config = _read_config(folder)
    weights = next((found for kind in WEIGHTS if (found := sorted(folder.glob(kind)))), None)
    if not weights:
        raise EngineError(f"{folder} has no weights: {' or '.join(WEIGHTS)}")
    labels = _labels(config)
    return Checkpoint(
        name=name.rstrip("/") if folder != Path(name) else folder.resolve().name,
        folder=folder,
        digest=_digest([folder / "config.json", *weights]),
        labels=labels,
        dim=int(config.get("hidden_size", 768)),
    )


def _download(name: str, revision: str) -> Path:
    try:
        from huggingface_hub import snapshot_download  # noqa: PLC0415 - an extra
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415
    except ImportError as error:
        raise EngineError(
            f"{name} is no folder, and to fetch it needs gleanery[models]: {error}"
        ) from error
    try:
        found = snapshot_download(name, revision=revision, allow_patterns=["config.json", *WEIGHTS])
    except (OSError, HfHubHTTPError, HFValidationError, ValueError) as error:
        raise EngineError(
            f"{name} is neither a folder nor to be had from the Hugging Face hub: {error}"
        ) from error
    return Path(found)


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError(f"{folder}/config.json cannot be read: {error}") from error
    if not isinstance(config, dict) or "model_type" not in config:
        raise EngineError(f"{folder}/config.json names no model_type")
    for key, value in EXPECTED.items():
        if config.get(key, value) != value:
            raise EngineError(f"{folder}: {key} is {config[key]!r}, only {value!r} is known")
    return config


def _labels(config: dict[str, Any]) -> tuple[str, ...]:
    named = config.get("id2label") or {str(n): f"LABEL_{n}" for n in range(2)}
    return tuple(named[key] for key in sorted(named, key=int))


def _digest(files: list[Path]) -> str:
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()
