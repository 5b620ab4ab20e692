"""Keys of what may be longer than a key may be."""

from __future__ import annotations

from hashlib import sha256


def hash_of(text: str) -> bytes:
    """Return the key of an identity or a name, 32 bytes.

    Raises:
        UnicodeEncodeError: It holds a lone surrogate.
    """
    return sha256(text.encode()).digest()


def hash_or_none(text: str | None) -> bytes | None:
    """Return the key of ``text``, or ``None`` for none."""
    return None if text is None else hash_of(text)
