"""The engines of one server: who answers which tool, and who is asked again when one is unsure."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from gleanery.errors import ModelBusyError, ModelServerError, ModelToolError
from model_server.engine import Engine, Verdict
from model_server.runner import EngineRunner
from model_server.schema import Capability, Document
from model_server.spec import ServerSpec

logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, frozen=True)
class Answer:
    """What one engine said of one input."""

    value: Any
    """What the engine's method returns for one input."""
    engine: str
    version: str


class EngineSet:
    """Every engine of a server, each in a thread of its own."""

    def __init__(self, spec: ServerSpec, runners: Mapping[str, EngineRunner]) -> None:
        """Keep the arguments; nothing is loaded yet.

        Args:
            spec: Who answers what.
            runners: One for each engine of ``spec``, by name.
        """
        self.spec = spec
        self.runners = dict(runners)

    @property
    def main(self) -> EngineRunner:
        """The engine that ``MODEL_ENGINE`` names."""
        return self.runners[self.spec.main]

    @property
    def ready(self) -> bool:
        """Whether every engine is loaded and has passed its self-test."""
        return all(runner.ready for runner in self.runners.values())

    def start(self) -> list[Future[Engine]]:
        """Begin to load all of them, in order of :attr:`runners`."""
        return [runner.start() for runner in self.runners.values()]

    def close(self) -> None:
        """Drop the calls that wait; those that run end first."""
        for runner in self.runners.values():
            runner.close()

    def who_answers(self, capability: Capability) -> EngineRunner | None:
        """Return the engine for ``capability``; ``None`` if no engine of this server has it."""
        if name := self.spec.tools.get(capability):
            return self.runners[name]
        able = (r for r in self.runners.values() if capability in r.spec.engine.capabilities())
        return next(able, None)

    def able(self, capability: Capability) -> EngineRunner:
        """Return the engine for ``capability``.

        Raises:
            ModelToolError: No engine of this server can do that; the message says what to do.
        """
        runner = self.who_answers(capability)
        if runner is None:
            raise ModelToolError(
                f"no engine of this server can {capability}: it runs {', '.join(self.runners)}; "
                "list_engines shows what others can do, MODEL_ENGINE and its file choose them"
            )
        return runner

    async def run(self, capability: Capability, inputs: Sequence[Any]) -> list[Answer]:
        """Return one answer per input, in order.

        Raises:
            ModelToolError: No engine of this server can do that.
            EngineError: The engine cannot run on this machine.
        """
        runner = self.able(capability)
        values, version = await runner.run(capability, inputs)
        return [Answer(value=v, engine=runner.name, version=version) for v in values]

    async def classify(self, documents: Sequence[Document]) -> list[Answer]:
        """Return one answer with a :class:`Verdict` per document, in order.

        What an engine is unsure of is asked again of the engine that it escalates to. If that one
        is away, the first answer stands, marked for review.

        Raises:
            EngineError: The first engine cannot run on this machine.
        """
        answers = await self.run("classify", documents)
        runner = self.who_answers("classify")
        while runner and (name := runner.spec.escalate_to):
            limit = runner.spec.escalate_below
            unsure = [n for n, a in enumerate(answers) if _unsure(a, runner.name, limit)]
            if not unsure:
                break
            runner = self.runners[name]
            second = await self._second(runner, [documents[n] for n in unsure])
            for place, answer in zip(unsure, second or (), strict=False):
                answers[place] = answer
            if second is None:
                for n in unsure:
                    answers[n] = replace(
                        answers[n], value=replace(answers[n].value, needs_review=True)
                    )
                break
        return answers

    async def _second(
        self, runner: EngineRunner, documents: Sequence[Document]
    ) -> list[Answer] | None:
        """Return the answers of the engine that is asked again; ``None`` if it gives none."""
        try:
            values, version = await runner.run("classify", documents)
        except ModelServerError as error:
            # "Busy" repeats under load, and is counted as the outcome of a call.
            level = logging.DEBUG if isinstance(error, ModelBusyError) else logging.WARNING
            logger.log(level, "Engine %s gave no second opinion: %s", runner.name, error)
            return None
        except Exception:  # whatever the second engine died of, the first has answered
            logger.exception("Engine %s crashed over a second opinion", runner.name)
            return None
        return [Answer(value=v, engine=runner.name, version=version) for v in values]


def _unsure(answer: Answer, engine: str, limit: float) -> bool:
    verdict: Verdict = answer.value
    return answer.engine == engine and verdict.confidence < limit
