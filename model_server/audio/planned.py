"""Run an audio plan on one file of the media store, through a client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gleanery.audio_plan import AudioPlan
from model_server.client import ModelClient
from model_server.long_summary import summarize_long
from model_server.sound_schema import CleanSound, Stems, Transcript

Told = Callable[[str, float, float | None], None]
"""Called with the step, how many seconds of the sound are done, and of how many."""


@dataclass(slots=True, kw_only=True)
class Planned:
    """What came of each step; ``None`` = the plan does not have it."""

    stems: Stems | None = None
    clean: CleanSound | None = None
    transcript: Transcript | None = None
    summary: str | None = None


async def run_plan(
    client: ModelClient, media: str, plan: AudioPlan, *, told: Told | None = None, **options: Any
) -> Planned:
    """Run the steps one after the other.

    Args:
        client: An open one.
        media: Key of a file with sound.
        plan: What to do.
        told: Told how far each step is.
        options: For ``transcribe``: ``language``, ``word_times``, ``vad``.

    Raises:
        ModelServerError: As the client's methods; what earlier steps made stays in the store.
    """

    def progress(step: str) -> Callable[[float, float | None, str | None], None]:
        return lambda done, total, _message: told(step, done, total) if told else None

    made = Planned()
    if "separate" in plan:
        made.stems = await client.separate(media, stems=["vocals"], progress=progress("separate"))
        media = made.stems.speech
    if "denoise" in plan:
        made.clean = await client.denoise(media, progress=progress("denoise"))
        media = made.clean.sound
    if "transcribe" in plan:
        made.transcript = await client.transcribe(media, progress=progress("transcribe"), **options)
    if "summarize" in plan and made.transcript and made.transcript.text:
        made.summary = (await summarize_long(client, made.transcript.text)).text
    return made
