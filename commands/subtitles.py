"""A transcript as plain text, SubRip, WebVTT or JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model_server.audio.planned import Planned
    from model_server.sound_schema import Line, Transcript


def written(made: Planned, form: str) -> str:
    """Return the transcript in ``txt``, ``srt``, ``vtt`` or ``json``; it ends with a newline."""
    from commands.sound import to_json

    assert made.transcript is not None
    if form == "json":
        return json.dumps(to_json(made), ensure_ascii=False, indent=1) + "\n"
    if form == "txt":
        lines = [line.text for line in made.transcript.segments]
        return "\n".join(lines + (["", made.summary] if made.summary else [])) + "\n"
    return _srt(made.transcript) if form == "srt" else _vtt(made.transcript)


def _srt(transcript: Transcript) -> str:
    return "\n".join(
        f"{number}\n{_span(line, ',')}\n{_shown(line)}\n"
        for number, line in enumerate(transcript.segments, 1)
    )


def _vtt(transcript: Transcript) -> str:
    cues = (f"{_span(line, '.')}\n{_shown(line)}\n" for line in transcript.segments)
    return "\n".join(["WEBVTT\n", *cues])


def _span(line: Line, point: str) -> str:
    return f"{_clock(line.start, point)} --> {_clock(line.end, point)}"


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _shown(line: Line) -> str:
    """Return one line that cannot be taken for the arrow between two times."""
    return line.text.replace("-->", "→")
