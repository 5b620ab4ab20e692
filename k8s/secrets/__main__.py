"""``python -m k8s.secrets [FOLDER]``: write the passwords that ``k8s/secrets`` hands out, once."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = (
    *("mysql-root", "mongodb-root", "redis", "scrapyd", "model"),
    *("migrator", "crawl", "admin", "client", "exporter", "monitor"),
    "metrics",
)
"""Keys of the Secret ``passwords``: servers, accounts of ``gleanery db accounts``, Prometheus."""
PLATFORMS = """\
# Keys of platforms, for crawls and workers; all are in docs/settings.md. A change restarts both:
# GLEANERY_REDDIT_CLIENT_ID=
# GLEANERY_REDDIT_CLIENT_SECRET=
# GLEANERY_YOUTUBE_API_KEY=
# GLEANERY_CSE_KEY=
"""


def main(folder: Path) -> None:
    """Write ``passwords.env`` and ``platforms.env``, mode 0600; only what is missing."""
    passwords = folder / "passwords.env"
    known = passwords.read_text(encoding="utf-8").rstrip("\n") if passwords.exists() else ""
    there = {line.partition("=")[0] for line in known.splitlines()}
    # Hexadecimal: a password becomes part of an address, and nothing in it may need escaping there.
    new = [f"{name}={secrets.token_hex(32)}\n" for name in NAMES if name not in there]
    if new:
        _write(passwords, (f"{known}\n" if known else "") + "".join(new))
    if not (platforms := folder / "platforms.env").exists():
        _write(platforms, PLATFORMS)


def _write(path: Path, text: str) -> None:
    """Write a file that was never open to others."""
    part = path.with_name(f"{path.name}.new")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
