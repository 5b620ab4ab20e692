"""The lock of weights: which files, from where, how large, and their SHA-256.

.. code-block:: yaml

    models:
      bitnet-2b:
        source: hf:microsoft/BitNet-b1.58-2B-4T-gguf@<revision>
        files:
          ggml-model-i2_s.gguf: {size: 1187801280, sha256: 4221b252fdd5fd25…}
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

from gleanery.errors import ConfigError
from gleanery.files import write_whole
from gleanery.yaml_text import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One file of a model."""

    name: str
    """Its place in the model's folder, with slashes."""
    size: int | None = None
    """Bytes; ``None`` = not locked yet."""
    sha256: str = ""
    """64 hexadecimal digits; empty = not locked yet."""

    @property
    def is_locked(self) -> bool:
        """Whether it is known what the file must be."""
        return self.size is not None and bool(self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One folder of weights."""

    name: str
    """Of the folder."""
    source: str
    """``hf:OWNER/NAME@REVISION``, or the address of a folder: ``https://…``, ``file:///…``."""
    files: tuple[Weights, ...]


def read_lock(path: Path) -> list[Model]:
    """Read a lock.

    Raises:
        ConfigError: It is missing or malformed, or a name would lead out of the folder.
    """
    try:
        data = read_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"There is no lock of weights in {path}; docs/models.md shows one"
            " (가중치 목록 파일이 없습니다)"
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {_one_line(error)} (읽을 수 없습니다)") from error
    models = data.get("models") if isinstance(data, dict) else None
    if not isinstance(models, dict) or not models:
        raise ConfigError(f"{path}: `models:` is missing or empty (models 항목이 없습니다)")
    return [_model(path, str(name), value) for name, value in models.items()]


def write_lock(path: Path, models: Iterable[Model]) -> None:
    """Write a lock, whole or not at all."""
    data = {
        m.name: {"source": m.source, "files": {f.name: _shown(f) for f in m.files}} for m in models
    }
    text = yaml.safe_dump({"models": data}, sort_keys=False, allow_unicode=True, width=200)
    write_whole(path, text.encode())


def _shown(file: Weights) -> dict[str, Any]:
    return {"size": file.size, "sha256": file.sha256} if file.is_locked else {}


def _model(path: Path, name: str, value: object) -> Model:
    where = f"{path}: {name}"
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{where}: letters, digits, `.`, `_` and `-` only (이름이 잘못되었습니다)"
        )
    if not isinstance(value, dict) or not isinstance(value.get("source"), str):
        raise ConfigError(f"{where}: `source:` is missing (source 항목이 없습니다)")
    files = value.get("files")
    if not isinstance(files, dict) or not files:
        raise ConfigError(f"{where}: `files:` is missing or empty (files 항목이 없습니다)")
    locked = tuple(_weights(where, str(file), facts) for file, facts in files.items())
    return Model(name=name, source=value["source"], files=locked)


def _weights(where: str, name: str, facts: object) -> Weights:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or any(p == ".." or p.startswith(".") for p in parts):
        raise ConfigError(f"{where}: {name!r} leads out of its folder, or is hidden (잘못된 경로)")
    facts = facts or {}
    if not isinstance(facts, dict) or set(facts) - {"size", "sha256"}:
        raise ConfigError(f"{where}: {name}: only `size` and `sha256` (항목이 잘못되었습니다)")
    size, digest = facts.get("size"), str(facts.get("sha256", ""))
    if size is not None and (not isinstance(size, int) or size < 0):
        raise ConfigError(f"{where}: {name}: `size` is a number of bytes (바이트 수가 아닙니다)")
    if digest and not _DIGEST.fullmatch(digest):
        raise ConfigError(f"{where}: {name}: `sha256` has 64 hexadecimal digits (16진수 64자리)")
    return Weights(name=name, size=size, sha256=digest)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
