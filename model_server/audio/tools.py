"""The tools for sound: a whole file through an engine, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import aclosing
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from model_server.answers import structured, told_errors
from model_server.audio.reading import Counted, length_of, read_sound
from model_server.audio.transcript import TranscriptBuilder
from model_server.audio.windows import RATE, Window, plain_windows, speech_windows
from model_server.engine_set import EngineSet
from model_server.flow import Told, stream, telling
from model_server.media_files import MediaFiles
from model_server.pieces import SoundPiece
from model_server.sound_schema import Transcript


class SoundTools:
    """One method per tool; its docstring is what callers read."""

    def __init__(self, engines: EngineSet, files: MediaFiles) -> None:
        self._engines = engines
        self._files = files

    def all(self) -> list[Callable[..., Any]]:
        """Return the tools."""
        return [self.transcribe]

    async def transcribe(
        self,
        context: Context,
        media: str,
        language: str | None = None,
        word_times: bool = False,
        vad: bool = True,
    ) -> Annotated[CallToolResult, Transcript]:
        """Write down what is said in a sound or video file of the media store.

        Args:
            context: Of the call.
            media: Key of the file.
            language: ISO 639-1 code; by default it is found out.
            word_times: Whether the time of each word is wanted, too.
            vad: Whether speech is looked for first; without, all of it goes to the engine.
        """
        with told_errors():
            self._engines.able("transcribe")
            async with self._files.local(media) as path, telling(context) as told:
                told.total = await length_of(path)
                builder = TranscriptBuilder(language)
                sound = Counted(read_sound(path, rate=RATE, channels=1))
                windows = (speech_windows if vad else plain_windows)(sound)
                await self._hear(windows, builder, told, word_times=word_times)
        return structured(builder.finish(sound.count / RATE))

    async def _hear(
        self, windows: Iterator[Window], builder: TranscriptBuilder, told: Told, *, word_times: bool
    ) -> None:
        def piece(window: Window) -> SoundPiece:
            return SoundPiece(
                samples=window.samples, rate=RATE, language=builder.language, word_times=word_times
            )

        # One at a time: the next window is told the language that was heard in this one.
        flow = stream(self._engines, "transcribe", windows, pick=piece, ahead=1)
        async with aclosing(flow) as answers:
            async for window, answer in answers:
                builder.add(window, answer)
                await told.reach(window.end, "transcribe")
