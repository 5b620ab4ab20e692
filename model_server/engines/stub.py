"""A trivial engine for tests and benchmarks of serving: the category is written in the text."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from model_server.engine import Engine, EngineOptions, Verdict
from model_server.schema import Document


class StubOptions(EngineOptions):
    """What a test may tell it."""

    self_test: bool = False
    """It knows no answers."""
    latency_seconds: float = Field(0.0, ge=0)
    """Time that each batch takes."""


class StubEngine(Engine):
    """Text ``"7 anything"`` gets category number 7, any other the first one."""

    name: ClassVar[str] = "stub"
    Options: ClassVar[type[EngineOptions]] = StubOptions
    for_tests: ClassVar[bool] = True

    @property
    def version(self) -> str:
        return f"{self.name}-1/taxonomy-{self.taxonomy.version}"

    def load(self) -> None:
        """Nothing to load."""

    def classify(self, documents: Sequence[Document]) -> list[Verdict]:
        """See :meth:`Engine.classify`."""
        assert isinstance(self.options, StubOptions)
        time.sleep(self.options.latency_seconds)
        return [self._verdict(_number(d.text)) for d in documents]

    def _verdict(self, number: int) -> Verdict:
        category = self.taxonomy.categories[number]
        scores = dict.fromkeys(self.taxonomy.keys, 0.0) | {category.key: 1.0}
        sub = category.subcategories[0].key if category.subcategories else None
        return Verdict(scores=scores, category=category.key, subcategory=sub, needs_review=False)


def _number(text: str) -> int:
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    return int(word) if word.isdecimal() and int(word) < 19 else 0
