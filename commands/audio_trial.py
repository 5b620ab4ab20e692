"""One engine with one plan on a folder of sound with its texts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gleanery.audio_plan import AudioPlan
    from model_server.audio.planned import Planned

TIE = 0.005
"""Word error rates this close are alike: then the quicker one is recommended."""


@dataclass(slots=True, kw_only=True)
class HeardFile:
    """What was heard in one file."""

    name: str
    reference: str
    heard: str
    wer: float
    """Word errors over words of the reference; may exceed 1."""


@dataclass(slots=True, kw_only=True)
class AudioTrial:
    """What came of it."""

    engine: str
    plan: str
    files: list[HeardFile] = field(default_factory=list)
    wer: float | None = None
    """Over all files together; ``None`` if none was heard."""
    cer: float | None = None
    """The same by characters without spaces: fairer for Korean."""
    speed: float | None = None
    """Seconds of sound in a second of work, all steps, without the time that loading takes."""
    shares: dict[str, float] = field(default_factory=dict)
    """Mean shares of speech, music and other, where ``separate`` was in the plan."""
    failed: str = ""
    """Why a file could not be heard; empty = all were."""

    @property
    def name(self) -> str:
        """Engine and plan."""
        return f"{self.engine}, {self.plan}"


def try_audio(
    engine: str,
    plan: AudioPlan,
    pairs: Sequence[tuple[Path, str]],
    *,
    tools: Mapping[str, str],
    language: str | None,
) -> AudioTrial:
    """Run the plan on every file.

    Args:
        engine: The one that transcribes.
        plan: What to do.
        pairs: Sound files and what is said in them.
        tools: Engines of the other steps.
        language: ISO 639-1 code, or ``None``.
    """
    import asyncio

    trial = AudioTrial(engine=engine, plan=str(plan))
    used = {tool: name for tool, name in tools.items() if tool in plan}
    asyncio.run(_hear(trial, plan, pairs, used | {"transcribe": engine}, language))
    return trial


async def _hear(
    trial: AudioTrial,
    plan: AudioPlan,
    pairs: Sequence[tuple[Path, str]],
    tools: Mapping[str, str],
    language: str | None,
) -> None:
    from commands.sound import opened, step_bar
    from gleanery.errors import GleaneryError
    from model_server.audio.planned import run_plan

    made: list[tuple[Path, str, Planned]] = []
    seconds = 0.0
    with opened(tools) as (client, store):
        await client.open()
        try:
            keys = [store.put_file(path).key for path, _ in pairs]
            await run_plan(client, keys[0], plan, language=language)  # loads the engines
            for key, (path, text) in zip(keys, pairs, strict=True):
                began = time.monotonic()
                with step_bar(f"{trial.name} {path.name}") as told:
                    done = await run_plan(client, key, plan, told=told, language=language)
                seconds += time.monotonic() - began
                made.append((path, text, done))
        except GleaneryError as error:
            trial.failed = str(error)
        finally:
            await client.close()
    _count(trial, made, seconds)


def _count(trial: AudioTrial, made: Sequence[tuple[Path, str, Planned]], seconds: float) -> None:
    from model_server.audio.word_errors import character_error_rate, word_error_rate

    length = 0.0
    for path, text, done in made:
        assert done.transcript is not None
        heard = done.transcript.text
        length += done.transcript.duration_seconds
        wer = round(word_error_rate([text], [heard]), 4)
        trial.files.append(HeardFile(name=path.name, reference=text, heard=heard, wer=wer))
    if not trial.files:
        return
    references, heards = [f.reference for f in trial.files], [f.heard for f in trial.files]
    trial.wer = round(word_error_rate(references, heards), 4)
    trial.cer = round(character_error_rate(references, heards), 4)
    trial.speed = round(length / seconds, 2)
    shares = [done.stems.shares.model_dump() for _, _, done in made if done.stems]
    if shares:
        trial.shares = {k: round(sum(s[k] for s in shares) / len(shares), 4) for k in shares[0]}


def best_of(trials: Sequence[AudioTrial]) -> AudioTrial | None:
    """Return the one with the fewest word errors; among those alike the quickest."""
    whole = [t for t in trials if t.wer is not None and not t.failed]
    if not whole:
        return None
    least = min(t.wer or 0.0 for t in whole)
    alike = [t for t in whole if (t.wer or 0.0) <= least + TIE]
    return max(alike, key=lambda t: t.speed or 0.0)
