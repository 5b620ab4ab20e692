"""A trivial engine of the tests' own: the category is written in the text. Not in the registry."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import ClassVar

from items import load_taxonomy
from model_server.engine import Engine, Verdict
from model_server.runner import EngineRunner

TAXONOMY = load_taxonomy()


class EchoEngine(Engine):
    """Text ``"7 anything"`` gets category number 7; ``boom`` crashes, ``slow`` takes 0.3 s."""

    name: ClassVar[str] = "echo"
    capabilities: ClassVar[frozenset[str]] = frozenset({"classify"})

    def __init__(self, taxonomy=TAXONOMY, *, cache=Path()):
        super().__init__(taxonomy, cache=cache)
        self.batches = []
        self.threads = set()
        self.gate = threading.Event()
        """Texts with ``gate`` wait for it."""

    @property
    def version(self):
        return f"echo-1/taxonomy-{self.taxonomy.version}"

    def classify(self, documents):
        self.batches.append(len(documents))
        self.threads.add(threading.get_ident())
        if any("boom" in d.text for d in documents):
            raise RuntimeError("a secret of the server")
        if any("slow" in d.text for d in documents):
            time.sleep(0.3)
        if any("gate" in d.text for d in documents):
            self.gate.wait(10)
        return [self._verdict(_number(d.text)) for d in documents]

    def _verdict(self, number):
        category = self.taxonomy.categories[number]
        scores = dict.fromkeys(self.taxonomy.keys, 0.0) | {category.key: 1.0}
        sub = category.subcategories[0].key
        return Verdict(scores=scores, category=category.key, subcategory=sub, needs_review=False)


def _number(text):
    word = text.split()[0]
    return int(word) if word.isdecimal() else 0


def echo_runner(engine=None):
    """A runner of ``engine``, by default a new one."""
    made = engine or EchoEngine()
    return EngineRunner(EchoEngine, lambda: made)
