"""Client of one or more model servers, for programs with an event loop of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel, ValidationError

from gleanery.errors import ModelToolError
from model_server.batching import DocumentJob, LongJob, Progress, ToolJob
from model_server.connection import Connector
from model_server.link import CALLS, Link
from model_server.links import Links, MakeLink
from model_server.media_schema import VideoVectors
from model_server.schema import (
    MAX_CHARACTERS,
    Classification,
    Document,
    EmbedResult,
    EngineList,
    ImageDescription,
    ProposalResult,
    TaxonomyResult,
    WordsResult,
)
from model_server.sound_schema import CleanSound, Stems, Transcript

LONG_CALLS = 2
"""Long calls at once to each server: one is decoded while the other is computed."""
_Result = TypeVar("_Result", bound=BaseModel)


class ModelClient:
    """One connection to each server, kept up by a task of its own, shared by a whole program.

    Documents wait in one queue and leave in batches, to whichever server is free. When a connection
    dies they go back to the front, and its owner task connects again; only after ``patience``
    seconds without any server do they fail, and from then on every new one fails at once until a
    server answers again. A server that says it is busy is left alone for as long as it asks.

    :meth:`open` and :meth:`close` may be called in different tasks.
    """

    def __init__(
        self,
        server: MCPServer | str | Sequence[str],
        *,
        timeout: float,
        token: str = "",
        batch_size: int = 32,
        patience: float = 10.0,
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            server: Addresses, e.g. ``http://127.0.0.1:8765/mcp``, or a server in this process.
            timeout: Seconds to wait for the answer to one call, the loading of a model included;
                also for a server that is busy.
            token: Bearer token of those servers.
            batch_size: Documents in one call, 1 to 64.
            patience: Seconds that documents wait for a server that is away.
        """
        servers = [server] if isinstance(server, str | MCPServer) else server

        def maker(one: MCPServer | str, calls: int) -> MakeLink:
            return lambda jobs, when_away: Link(
                Connector(one, token=token, timeout=timeout),
                jobs,
                timeout=timeout,
                batch_size=batch_size,
                patience=patience,
                when_away=when_away,
                calls=calls,
            )

        self._short = Links([maker(one, CALLS) for one in servers])
        self._long = Links([maker(one, LONG_CALLS) for one in servers])

    @property
    def available(self) -> bool:
        """Whether a connection stands."""
        return self._short.available

    async def open(self) -> None:
        """Begin to connect; does not wait for it, since documents can."""
        self._short.open()

    async def close(self) -> None:
        """Disconnect; what waits fails. Harmless if never opened."""
        await self._short.close()
        await self._long.close()

    async def classify(self, document: Document) -> Classification:
        """Return what a model server says of ``document``.

        Raises:
            ModelUnavailableError: No answer in time; a ``ModelBusyError`` if it was busy.
            ModelToolError: The tool refused this document.
        """
        short = {"text": document.text[:MAX_CHARACTERS], "title": document.title[:MAX_CHARACTERS]}
        job = DocumentJob(document=document.model_copy(update=short))
        answer: Classification = await self._short.put(job)
        return answer

    async def call(self, tool: str, arguments: Mapping[str, Any], result: type[_Result]) -> _Result:
        """Call any tool; it may be called twice if a connection dies.

        Args:
            tool: Its name.
            arguments: As JSON knows them.
            result: Shape of the answer, from ``model_server.schema``.

        Raises:
            ModelUnavailableError: No answer in time; a ``ModelBusyError`` if it was busy.
            ModelToolError: The tool refused, or its answer does not fit.
        """
        return _checked(await self._short.put(ToolJob(tool=tool, arguments=arguments)), result)

    async def title(self, documents: Sequence[Document]) -> WordsResult:
        """Return a title for each of 1 to 64 documents; raises like :meth:`call`."""
        return await self.call("title", _rows(documents), WordsResult)

    async def summarize(self, documents: Sequence[Document]) -> WordsResult:
        """Return a summary of each of 1 to 64 documents; raises like :meth:`call`."""
        return await self.call("summarize", _rows(documents), WordsResult)

    async def embed(self, texts: Sequence[str]) -> EmbedResult:
        """Return a unit vector for each of 1 to 64 texts; raises like :meth:`call`."""
        return await self.call("embed", {"texts": list(texts)}, EmbedResult)

    async def propose_category(self, documents: Sequence[Document]) -> ProposalResult:
        """Return proposals for documents that fit no category; raises like :meth:`call`."""
        return await self.call("propose_category", _rows(documents), ProposalResult)

    async def describe_image(self, image: str, **options: Any) -> ImageDescription:
        """Return a sentence about an image in base64; raises like :meth:`call`."""
        return await self.call("describe_image", {"image": image} | options, ImageDescription)

    async def vectorize_video(
        self, media: str, *, progress: Progress | None = None, **options: Any
    ) -> VideoVectors:
        """Return what is told of a video, by its key; raises like :meth:`call_long`."""
        arguments = {"media": media} | options
        return await self.call_long("vectorize_video", arguments, VideoVectors, progress=progress)

    async def vectorize_frames(
        self, frames: str, *, progress: Progress | None = None, **options: Any
    ) -> VideoVectors:
        """Return what is told of frames in base64; raises like :meth:`call_long`."""
        arguments = {"frames": frames} | options
        return await self.call_long("vectorize_frames", arguments, VideoVectors, progress=progress)

    async def transcribe(
        self, media: str, *, progress: Progress | None = None, **options: Any
    ) -> Transcript:
        """Return what is said in a file of the media store; raises like :meth:`call_long`."""
        arguments = {"media": media} | options
        return await self.call_long("transcribe", arguments, Transcript, progress=progress)

    async def denoise(self, media: str, *, progress: Progress | None = None) -> CleanSound:
        """Return the key of a file without its noise; raises like :meth:`call_long`."""
        return await self.call_long("denoise", {"media": media}, CleanSound, progress=progress)

    async def separate(
        self, media: str, *, progress: Progress | None = None, **options: Any
    ) -> Stems:
        """Return the keys and shares of a file's stems; raises like :meth:`call_long`."""
        arguments = {"media": media} | options
        return await self.call_long("separate", arguments, Stems, progress=progress)

    async def list_engines(self) -> EngineList:
        """Return the engines of one of the servers; raises like :meth:`call`."""
        return await self.call("list_engines", {}, EngineList)

    async def taxonomy(self) -> TaxonomyResult:
        """Return the taxonomy of one of the servers; raises like :meth:`call`."""
        return await self.call("taxonomy", {}, TaxonomyResult)

    async def call_long(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        result: type[_Result],
        *,
        progress: Progress | None = None,
    ) -> _Result:
        """Call a tool that takes minutes and says how far it is, over connections of its own.

        Documents do not wait behind it. The time limit runs from the last sign of life. Cancelling
        this ends the work in the server.

        Args:
            tool: Its name.
            arguments: As JSON knows them.
            result: Shape of the answer.
            progress: Told how far the call is.

        Raises:
            ModelUnavailableError: No sign of life in time; a ``ModelBusyError`` if it was busy.
            ModelToolError: The tool refused, or its answer does not fit.
        """
        if self._short.is_open and not self._long.is_open:
            self._long.open()
        job = LongJob(tool=tool, arguments=arguments, progress=progress)
        return _checked(await self._long.put(job), result)


def _checked(content: Any, result: type[_Result]) -> _Result:
    try:
        return result.model_validate(content)
    except ValidationError as error:
        raise ModelToolError(f"the answer does not fit: {error}") from error


def _rows(documents: Sequence[Document]) -> dict[str, Any]:
    return {"documents": [d.model_dump(exclude_defaults=True) for d in documents]}
