"""The steps of an audio plan: each hears what the one before it made."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from gleanery.audio_plan import AudioPlan
from items.annotation import Annotation
from items.clock import to_iso, utc_now
from items.media_file import MediaFile
from items.transcript import Line, Transcript
from model_server.long_summary import summarize_long
from pipelines.work.tools import answer_of, files_of

if TYPE_CHECKING:
    from items import Item
    from model_server.sound_schema import SoundFile
    from model_server.sound_schema import Transcript as Transcribed
    from pipelines.work.tools import Report, Tools

MADE_BY = "made_by"
"""Fact of a sound file: the plan up to the step that made it; a video's own sound has none."""


async def run(tools: Tools, item: Item, what: str, report: Report) -> None:
    """Do the last step of the plan ``what``; each result is saved as it comes.

    Raises:
        ModelServerError: A sound was refused, or no server answers.
        MediaError: A file is not there.
    """
    steps = AudioPlan.parse(what).steps
    if steps[-1] == "summarize":
        await _summarize(tools, item, what)
    elif steps[-1] == "transcribe":
        await _transcribe(tools, item, what, report)
    else:
        for sound in sounds_for(item, what):
            if not _made(item, what, sound):
                await _CHANGES[steps[-1]](tools, item, what, sound, report)


def is_done(item: Item, what: str) -> bool:
    """Whether the stored item has the results of the last step of the plan ``what``."""
    step = AudioPlan.parse(what).steps[-1]
    if step in ("transcribe", "summarize"):
        answer = answer_of(item, step)
        return answer is not None and answer.value.get("plan") == what
    return all(_made(item, what, sound) for sound in sounds_for(item, what))


def sounds_for(item: Item, what: str) -> list[MediaFile]:
    """Return the sounds that the last step of the plan ``what`` hears, one for each video."""
    before = AudioPlan.parse(what).steps[:-1]
    own = files_of(item, "audio")
    if not before:
        return [m for m in own if MADE_BY not in m.facts]
    plan = str(AudioPlan(before))
    made = [m for m in own if m.facts.get(MADE_BY) == plan and m.facts.get("speech", True)]
    # Where no voices were found there is nothing to hand on: the sound goes on as it was.
    given = sounds_for(item, plan)
    return [next((m for m in made if m.source == g.key), g) for g in given]


def _made(item: Item, what: str, sound: MediaFile) -> list[MediaFile]:
    return [
        m for m in files_of(item, "audio") if m.source == sound.key and m.facts.get(MADE_BY) == what
    ]


async def _denoise(tools: Tools, item: Item, what: str, sound: MediaFile, report: Report) -> None:
    answer = await tools.client.denoise(sound.key, progress=_in_seconds(report))
    value = {"plan": what, "of": sound.key, "removed_share": answer.removed_share}
    await tools.save(
        item,
        _file(answer, sound, what),
        Annotation(tool="denoise", engine=answer.engine, version=answer.version, value=value),
    )


async def _separate(tools: Tools, item: Item, what: str, sound: MediaFile, report: Report) -> None:
    answer = await tools.client.separate(sound.key, progress=_in_seconds(report))
    value = {
        "plan": what,
        "of": sound.key,
        "shares": answer.shares.model_dump(),
        "stems": {stem.name: stem.share for stem in answer.stems},
    }
    await tools.save(
        item,
        *(
            _file(stem, sound, what, stem=stem.name, speech=stem.sound == answer.speech)
            for stem in answer.stems
        ),
        Annotation(tool="separate", engine=answer.engine, version=answer.version, value=value),
    )


_CHANGES = {"denoise": _denoise, "separate": _separate}


async def _transcribe(tools: Tools, item: Item, what: str, report: Report) -> None:
    sounds = sounds_for(item, what)
    answers: list[dict[str, Any]] = []
    engine = version = ""
    for sound in sounds:
        answer = await tools.client.transcribe(sound.key, progress=_in_seconds(report))
        engine, version = answer.engine or engine, answer.version or version
        file = await asyncio.to_thread(_keep, tools, answer, sound, what)
        said = _lines_of(answer, item, sound, what)
        await asyncio.to_thread(tools.store.save_transcript, said)  # before the step counts as done
        value = answer.model_dump(exclude={"segments", "engine", "version"})
        answers.append({"plan": what, "of": sound.key, "segments": file.key} | value)
        await tools.save(item, file)
    # A silent film gets an answer, too: it is not asked about again.
    value = answers[0] if answers else {"plan": what, "text": "", "language": ""}
    await tools.save(
        item,
        Annotation(
            tool="transcribe",
            engine=engine,
            version=version,
            value=value | ({"others": answers[1:]} if answers[1:] else {}),
        ),
    )


async def _summarize(tools: Tools, item: Item, what: str) -> None:
    transcript = answer_of(item, "transcribe")
    told = transcript.value if transcript else {}
    summary = await summarize_long(
        tools.client,
        str(told.get("text", "")),
        title=item.title,
        language=told.get("language") or None,
    )
    await tools.save(
        item,
        Annotation(
            tool="summarize",
            engine=summary.engine,
            version=summary.version,
            value={"plan": what, "text": summary.text},
        ),
    )


def _keep(tools: Tools, answer: Transcribed, sound: MediaFile, what: str) -> MediaFile:
    """Keep lines and words with their times as a file: they may be longer than the item."""
    stored = tools.media.put_bytes(answer.model_dump_json().encode())
    return MediaFile(
        key=stored.key,
        role="transcript",
        content_type="application/json",
        size=stored.size,
        source=sound.key,
        facts={MADE_BY: what, "language": answer.language, "lines": len(answer.segments)},
    )


def _lines_of(heard: Transcribed, item: Item, sound: MediaFile, what: str) -> Transcript:
    return Transcript(
        identity=item.identity,
        sound=sound.key,
        language=heard.language,
        lines=tuple(Line(line.start, line.end, line.text) for line in heard.segments),
        engine=heard.engine,
        version=heard.version,
        plan=what,
        created_at=to_iso(utc_now()),
    )


def _file(answer: SoundFile, sound: MediaFile, what: str, **facts: Any) -> MediaFile:
    known = answer.model_dump(include={"rate", "channels", "duration_seconds"})
    return MediaFile(
        key=answer.sound,
        role="audio",
        content_type="audio/flac",
        size=answer.size,
        source=sound.key,
        facts=known | {MADE_BY: what} | facts,
    )


def _in_seconds(report: Report) -> Any:
    return lambda done, total, _message: report(done, total, "s")
