"""Self-contained HTML pages out of the templates beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def write_page(template: str, path: Path, **values: Any) -> None:
    """Fill ``template`` with ``values`` and write it to ``path``.

    Raises:
        ConfigError: The file cannot be written.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from gleanery.errors import ConfigError
    from gleanery.files import write_whole

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template(template).render(**values)
    try:
        write_whole(path, page.encode())
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror}") from error
