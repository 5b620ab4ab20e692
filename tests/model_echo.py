"""The stub engine, with doors for tests: it can crash, be slow, and wait for a gate."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import ClassVar

from items import load_taxonomy
from model_server.engine_set import EngineSet
from model_server.engines.stub import StubEngine, StubOptions
from model_server.runner import EngineRunner
from model_server.spec import EngineSpec, ServerSpec

TAXONOMY = load_taxonomy()


class EchoEngine(StubEngine):
    """Text ``"7 anything"`` gets category number 7; ``boom`` crashes, ``slow`` takes 0.3 s."""

    name: ClassVar[str] = "echo"

    def __init__(self, taxonomy=TAXONOMY, options=None, *, cache=Path()):
        super().__init__(taxonomy, options or StubOptions(), cache=cache)
        self.batches = []
        self.threads = set()
        self.gate = threading.Event()
        """Texts with ``gate`` wait for it."""

    def classify(self, documents):
        self.batches.append(len(documents))
        self.threads.add(threading.get_ident())
        if any("boom" in d.text for d in documents):
            raise RuntimeError("a secret of the server")
        if any("slow" in d.text for d in documents):
            time.sleep(0.3)
        if any("gate" in d.text for d in documents):
            self.gate.wait(120)
        return super().classify(documents)


def engine_set(*engines, tools=None, escalate_to=None, escalate_below=0.4):
    """A set of ``engines``, by default one :class:`EchoEngine`; the first is the main one."""
    made = [engine or EchoEngine() for engine in engines or (None,)]
    specs = {
        e.name: EngineSpec(
            name=e.name,
            engine=type(e),
            options=e.options,
            escalate_to=escalate_to if e is made[0] else None,
            escalate_below=escalate_below,
        )
        for e in made
    }
    runners = {e.name: EngineRunner(specs[e.name], lambda e=e: e) for e in made}
    return EngineSet(ServerSpec(main=made[0].name, engines=specs, tools=tools or {}), runners)
