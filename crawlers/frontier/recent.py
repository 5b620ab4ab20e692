"""A mapping that forgets."""

from __future__ import annotations

from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """Keeps what was set or asked for last: ``size`` entries at most, no less than half of them.

    Two halves, of which the older is forgotten as a whole: to take the first entry out of a dict,
    Python walks over the places of all that were taken out before it.
    """

    def __init__(self, size: int) -> None:
        """Prepare for ``size`` entries, 2 or more."""
        self._half = size // 2
        self._young: dict[Key, Value] = {}
        self._old: dict[Key, Value] = {}

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def __setitem__(self, key: Key, value: Value) -> None:
        if len(self._young) >= self._half and key not in self._young:
            self._young, self._old = {}, self._young
        self._young[key] = value

    def get(self, key: Key) -> Value | None:
        """Return a value, ``None`` if it is not known or was forgotten."""
        value = self._young.get(key)
        if value is None and (value := self._old.get(key)) is not None:
            self[key] = value
        return value
