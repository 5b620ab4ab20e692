"""Files of weights: whether a name is a path, what is in one, what is missing."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path

from gleanery.errors import EngineError

EXTRA = "pip install 'gleanery[models]'"
_HASHED = 1 << 20


def require(library: str) -> None:
    """Import a library of the extra ``models``.

    Raises:
        EngineError: It is not installed.
    """
    try:
        import_module(library)
    except ImportError as error:
        raise EngineError(f"needs {library}: {EXTRA} ({error})") from error


def is_path(model: str) -> bool:
    """Whether ``model`` means a place on this machine, and never a name that could be fetched."""
    return Path(model).expanduser().exists() or model.startswith(("/", ".", "~"))


def existing_file(path: str, *suffixes: str) -> Path:
    """Return the file.

    Raises:
        EngineError: It is not there, or of another kind.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise EngineError(f"there is no file {file}")
    if suffixes and file.suffix not in suffixes:
        raise EngineError(f"{file}: expected a file of {', '.join(suffixes)}")
    return file


def fingerprint(file: Path) -> str:
    """Return 8 hexadecimal digits of a file's size, beginning and end: other weights, another."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(_HASHED)
        stream.seek(max(0, size - _HASHED))
        end = stream.read(_HASHED)
    return hashlib.sha256(str(size).encode() + start + end).hexdigest()[:8]
