"""Sound files of this machine through the model server, for commands."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.counting import counting_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from media.store import MediaStore
    from model_server.client import ModelClient

KINDS = frozenset(
    {".aac", ".aiff", ".avi", ".flac", ".m4a", ".mka", ".mkv", ".mov", ".mp3", ".mp4"}
    | {".mpeg", ".mpg", ".oga", ".ogg", ".opus", ".wav", ".webm"}
)
"""Names of files with sound end so."""


@contextmanager
def opened(tools: Mapping[str, str]) -> Iterator[tuple[ModelClient, MediaStore]]:
    """Yield a client, not yet open, and the media store that its server reads.

    Without MODEL_SERVER_URL the server is in this process and its store is a folder that goes.

    Args:
        tools: Capability → engine, laid over the settings; an empty one counts for nothing.
    """
    import tempfile

    from gleanery.config import load_config
    from media.store import open_media
    from model_server.client import ModelClient
    from model_server.embedded import embedded_server
    from pipelines.classify import client_from_config

    config = load_config()
    if config.model_server_url:
        yield client_from_config(config), open_media(config.media_place)
        return
    chosen = config.tool_engines | {tool: name for tool, name in tools.items() if name}
    with tempfile.TemporaryDirectory(prefix="gleanery-") as folder:
        store = open_media(folder)
        server = embedded_server(
            config.model_engine,
            config.home,
            engines_file=config.model_engines_file,
            tools=chosen,
            media=store,
        )
        yield ModelClient(server, timeout=config.model_timeout_seconds), store


@contextmanager
def step_bar(name: str) -> Iterator[Callable[[str, float, float | None], None]]:
    """Yield what shows how many seconds of ``name`` are done."""
    with counting_bar(f"{name}: seconds") as bar:

        def told(_step: str, done: float, total: float | None) -> None:
            bar(int(done), None if total is None else round(total))

        yield told


def to_json(result: Any) -> dict[str, Any]:
    """Return what a plan made, ready for JSON; steps that were not in it are left out."""
    parts = {
        "transcript": result.transcript,
        "stems": result.stems,
        "clean": result.clean,
    }
    made = {name: part.model_dump(mode="json") for name, part in parts.items() if part}
    return made | ({"summary": result.summary} if result.summary is not None else {})


def texts_beside(folder: Path) -> list[tuple[Path, str]]:
    """Return the sound files of a folder that have a text of the same name, with that text.

    Raises:
        ConfigError: There is none, or a text cannot be read.
    """
    from gleanery.errors import ConfigError

    try:
        files = sorted(f for f in folder.iterdir() if f.suffix.lower() in KINDS)
        pairs = [
            (f, f.with_suffix(".txt").read_text("utf-8"))
            for f in files
            if f.with_suffix(".txt").is_file()
        ]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read {folder}: {error}") from error
    if not pairs:
        raise ConfigError(f"{folder} has no sound file with its text beside it: x.wav and x.txt")
    return pairs
