"""The tools for sound: a whole file through an engine, piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from model_server.answers import structured, told_errors
from model_server.audio.overlap import cut
from model_server.audio.reading import Counted, length_of, read_sound
from model_server.audio.transcript import TranscriptBuilder
from model_server.audio.windows import RATE, Window, plain_windows, speech_windows
from model_server.audio.work import Denoising, Separating, Work, workshop
from model_server.engine_set import EngineSet
from model_server.flow import Told, stream, telling
from model_server.media_files import MediaFiles
from model_server.pieces import Samples, SoundPiece
from model_server.sound_schema import CleanSound, Stems, Transcript


class SoundTools:
    """One method per tool; its docstring is what callers read."""

    def __init__(self, engines: EngineSet, files: MediaFiles) -> None:
        self._engines = engines
        self._files = files

    def all(self) -> list[Callable[..., Any]]:
        """Return the tools."""
        return [self.transcribe, self.denoise, self.separate]

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

    async def denoise(self, context: Context, media: str) -> Annotated[CallToolResult, CleanSound]:
        """Take noise away from the speech in a sound or video file of the media store.

        Args:
            context: Of the call.
            media: Key of the file.
        """
        with told_errors():
            self._engines.able("denoise")
            self._files.check()
            async with self._files.local(media) as path, telling(context) as told:
                told.total = await length_of(path)
                with workshop() as folder:
                    work = Denoising(folder)
                    await self._pass(path, work, told)
                    stored = await self._files.put_file(await asyncio.to_thread(work.finish))
        return structured(work.result(stored))

    async def separate(
        self, context: Context, media: str, stems: list[str] | None = None
    ) -> Annotated[CallToolResult, Stems]:
        """Part a sound or video file into voices and instruments, and tell the share of each.

        Args:
            context: Of the call.
            media: Key of the file.
            stems: Names of those to keep, e.g. vocals; by default all.
        """
        with told_errors():
            self._engines.able("separate")
            self._files.check()
            async with self._files.local(media) as path, telling(context) as told:
                told.total = await length_of(path)
                with workshop() as folder:
                    work = Separating(folder, stems)
                    await self._pass(path, work, told)
                    files = await asyncio.to_thread(work.finish)
                    kept = {name: await self._files.put_file(file) for name, file in files.items()}
        return structured(work.result(kept))

    async def _pass(self, path: Path, work: Work, told: Told) -> None:
        """Send a file through the engine of ``work``, piece by piece."""
        blocks = read_sound(path, rate=work.rate, channels=work.channels)
        pieces = cut(blocks, length=work.length, overlap=work.overlap)

        def piece(samples: Samples) -> SoundPiece:
            return SoundPiece(samples=samples, rate=work.rate)

        flow = stream(self._engines, work.capability, pieces, pick=piece, ahead=2)
        async with aclosing(flow) as answers:
            async for samples, answer in answers:
                await asyncio.to_thread(work.add, samples, answer)
                await told.reach(work.seconds, work.capability)
