"""Find the classes that the files of a folder define: one file, one entry.

Scrapy finds spiders this way (``SPIDER_MODULES``); engines and stores follow it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from importlib import import_module, metadata
from pkgutil import iter_modules
from typing import TypeVar

from gleanery.errors import RegistryError

T = TypeVar("T")


def load_folder(package: str, base: type[T], *, entry_points: str = "") -> dict[str, type[T]]:
    """Import every module of ``package`` and map each class's ``name`` to the class.

    Args:
        package: Dotted name of a folder, e.g. ``"model_server.engines"``.
        base: Only concrete subclasses of it, defined in the folder, are kept.
        entry_points: Group of entry points, each a class like those; empty = none.

    Raises:
        RegistryError: Two classes have one ``name``, or an entry point leads to none.
    """
    found: dict[str, type[T]] = {}
    for cls in (*_in_folder(package, base), *_from_outside(entry_points, base)):
        if (other := found.setdefault(cls.name, cls)) is not cls:  # type: ignore[attr-defined]
            raise RegistryError(f"{cls.name!r} names both {other} and {cls}")  # type: ignore[attr-defined]
    return found


def _in_folder(package: str, base: type[T]) -> Iterator[type[T]]:
    for info in iter_modules(import_module(package).__path__):
        module = import_module(f"{package}.{info.name}")
        for cls in vars(module).values():
            if _is_entry(cls, base, module.__name__):
                yield cls


def _from_outside(group: str, base: type[T]) -> Iterator[type[T]]:
    for entry in _entry_points(group) if group else ():
        try:
            cls = entry.load()
        except (ImportError, AttributeError) as error:
            raise RegistryError(f"entry point {entry.value} of {group}: {error}") from error
        if not (inspect.isclass(cls) and issubclass(cls, base)):
            raise RegistryError(f"entry point {entry.value} of {group} is no {base.__name__}")
        yield cls


@cache
def _entry_points(group: str) -> metadata.EntryPoints:
    """Return the entry points of what was installed when the program began: it takes 25 ms."""
    return metadata.entry_points(group=group)


def choose(name: str, found: dict[str, type[T]], *, kind: str) -> type[T]:
    """Return the entry called ``name``.

    Args:
        name: What the operator wrote.
        found: Answer of :func:`load_folder`.
        kind: What is chosen, for the message, e.g. ``"engine"``.

    Raises:
        RegistryError: No entry has that name; the message lists those that exist.
    """
    if name in found:
        return found[name]
    close = get_close_matches(name, found, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise RegistryError(
        f"No {kind} is called {name!r}.{hint} There are: {', '.join(sorted(found))}."
    )


def _is_entry(obj: object, base: type, module: str) -> bool:
    return (
        inspect.isclass(obj)
        and issubclass(obj, base)
        and not inspect.isabstract(obj)
        and obj.__module__ == module
    )
