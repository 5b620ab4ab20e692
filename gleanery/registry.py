"""Find the classes that the files of a folder define: one file, one entry.

Scrapy finds spiders this way (``SPIDER_MODULES``); engines and stores follow it.
"""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeVar

from gleanery.errors import RegistryError

T = TypeVar("T")


def load_folder(package: str, base: type[T]) -> dict[str, type[T]]:
    """Import every module of ``package`` and map each class's ``name`` to the class.

    Args:
        package: Dotted name of a folder, e.g. ``"model_server.engines"``.
        base: Only concrete subclasses of it, defined in the folder, are kept.

    Raises:
        RegistryError: Two classes have one ``name``.
    """
    found: dict[str, type[T]] = {}
    for info in iter_modules(import_module(package).__path__):
        module = import_module(f"{package}.{info.name}")
        for cls in vars(module).values():
            if not _is_entry(cls, base, module.__name__):
                continue
            if (other := found.setdefault(cls.name, cls)) is not cls:
                raise RegistryError(f"{cls.name!r} names both {other} and {cls}")
    return found


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
