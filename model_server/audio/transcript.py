"""From what was heard in windows to the transcript of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from model_server.audio.windows import Window
from model_server.engine_set import Answer
from model_server.pieces import Segment, Speech, Word
from model_server.sound_schema import Line, TimedWord, Transcript

SURE = 0.5
"""Score from which on the language of one window counts for those after it."""


class TranscriptBuilder:
    """Takes the windows in order."""

    def __init__(self, language: str | None) -> None:
        self.language = language
        """What the next window is told; ``None`` while it is not known."""
        self._lines: list[Line] = []
        self._weights: Counter[str] = Counter()
        self._scores: dict[str, float] = {}
        self._speech_seconds = 0.0
        self._answer: Answer | None = None

    def add(self, window: Window, answer: Answer) -> None:
        """Keep what was heard in one window."""
        speech: Speech = answer.value
        self._answer = answer
        self._speech_seconds += window.end - window.start
        self._lines += [_line(segment, window) for segment in speech.segments]
        if speech.segments:
            self._weights[speech.language] += sum(len(s.text) for s in speech.segments)
            score = self._scores.get(speech.language, 0.0)
            self._scores[speech.language] = max(score, speech.language_score)
            if speech.language_score >= SURE:
                self.language = self.language or speech.language

    def finish(self, duration: float) -> Transcript:
        """Return the transcript; ``duration`` is the length of the file in seconds."""
        language = self._weights.most_common(1)[0][0] if self._weights else ""
        return Transcript(
            language=language,
            language_score=self._scores.get(language, 0.0),
            text=" ".join(line.text for line in self._lines),
            segments=self._lines,
            speech_seconds=round(self._speech_seconds, 2),
            duration_seconds=round(duration, 2),
            engine=self._answer.engine if self._answer else "",
            version=self._answer.version if self._answer else "",
        )


def _line(segment: Segment, window: Window) -> Line:
    return Line(
        text=segment.text,
        start=_moved(segment.start, window),
        end=_moved(segment.end, window),
        words=_words(segment.words, window),
    )


def _words(words: Sequence[Word], window: Window) -> list[TimedWord]:
    return [
        TimedWord(text=w.text, start=_moved(w.start, window), end=_moved(w.end, window))
        for w in words
    ]


def _moved(seconds: float, window: Window) -> float:
    """Return a time in the file; Whisper counts in a window of 30 s, which may end earlier."""
    return round(min(window.start + seconds, window.end), 2)
