"""Client of the model server, for programs with an event loop of their own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress

from mcp.client import Client
from mcp.server.mcpserver import MCPServer
from pydantic import ValidationError

from gleanery.errors import ModelToolError, ModelUnavailableError
from model_server.batching import Job, WaitingJobs
from model_server.connection import Connector
from model_server.schema import MAX_CHARACTERS, Classification, ClassifyResult, Document

logger = logging.getLogger(__name__)

LINGER_SECONDS = 0.01
"""How long a batch that is not full waits for more documents."""
CALLS = 2
"""Calls at once: one is computed while the other is on its way."""
ATTEMPTS = 4
"""Calls that may die under a document before it is given up: it might be what kills the server."""
RETRY_SECONDS = (0.1, 5.0)
"""First and longest wait between attempts to connect."""


class ModelClient:
    """One connection, kept up by a task of its own, shared by everything in a program.

    Documents wait in a queue and leave in batches. When the connection dies they go back to the
    front, and the owner task connects again; only after ``patience`` seconds without a server do
    they fail, and from then on every new one fails at once until the server answers again.

    :meth:`open` and :meth:`close` may be called in different tasks: the anyio scopes below the MCP
    SDK are entered and left by the owner task alone.
    """

    def __init__(
        self,
        server: MCPServer | str,
        *,
        timeout: float,
        token: str = "",
        batch_size: int = 32,
        patience: float = 10.0,
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            server: An address, e.g. ``http://127.0.0.1:8765/mcp``, or a server in this process.
            timeout: Seconds to wait for the answer to one call, the loading of a model included.
            token: Bearer token of that server.
            batch_size: Documents in one call, 1 to 64.
            patience: Seconds that documents wait for a server that is away.
        """
        self._connector = Connector(server, token=token, timeout=timeout)
        self._timeout, self._batch_size, self._patience = timeout, batch_size, patience
        self._jobs = WaitingJobs()
        self._owner: asyncio.Task[None] | None = None
        self._closing = False
        self._away_since: float | None = None  # monotonic; None = the connection stands
        self._reason = "not connected yet"
        self._doubted = False  # the last call was not answered in time

    @property
    def available(self) -> bool:
        """Whether the connection stands."""
        return self._owner is not None and self._away_since is None

    async def open(self) -> None:
        """Begin to connect; does not wait for it, since documents can."""
        self._closing, self._away_since = False, time.monotonic()
        self._owner = asyncio.create_task(self._own(), name="model client")

    async def close(self) -> None:
        """Disconnect; documents that wait fail. Harmless if never opened."""
        self._closing = True
        if self._owner:
            self._owner.cancel()
            with suppress(asyncio.CancelledError):
                await self._owner
            self._owner = None
        self._jobs.fail_all(ModelUnavailableError("the client was closed"))

    async def classify(self, document: Document) -> Classification:
        """Return what the model server says of ``document``.

        Raises:
            ModelUnavailableError: No answer in time.
            ModelToolError: The tool refused this document.
        """
        self._refuse_early()
        short = {"text": document.text[:MAX_CHARACTERS], "title": document.title[:MAX_CHARACTERS]}
        job = Job(document.model_copy(update=short), asyncio.get_running_loop().create_future())
        self._jobs.put(job)
        return await job.answer

    def _refuse_early(self) -> None:
        if self._owner is None or self._owner.done():
            raise ModelUnavailableError("the client is not open")
        if self._out_of_patience():
            raise ModelUnavailableError(self._reason)

    def _out_of_patience(self) -> bool:
        since = self._away_since
        return since is not None and time.monotonic() - since >= self._patience

    # --- the owner task
    async def _own(self) -> None:
        wait, longest = RETRY_SECONDS
        while True:
            try:
                async with self._connector.connect() as client:
                    if self._doubted:
                        await self._prove(client)
                    self._away_since, wait = None, RETRY_SECONDS[0]
                    async with asyncio.TaskGroup() as workers:
                        for _ in range(CALLS):
                            workers.create_task(self._work(client))
            except asyncio.CancelledError:
                if self._closing or _cancelled():
                    raise
            except Exception as error:  # a dead transport raises whatever it died of, in groups
                self._note(error)
            self._went_away()
            await asyncio.sleep(wait)
            wait = min(2 * wait, longest)

    async def _prove(self, client: Client) -> None:
        """Ask something of our own first, so that no document waits for a server that hangs.

        Raises:
            TimeoutError: It still does.
        """
        async with asyncio.timeout(self._timeout):
            with suppress(ModelToolError):  # a refusal is an answer
                await _call(client, [Document(text="Is anybody there?")])
        self._doubted = False

    def _note(self, error: Exception) -> None:
        self._reason = self._connector.explain(error)
        logger.debug("No model server: %s", self._reason, exc_info=error)

    def _went_away(self) -> None:
        now = time.monotonic()
        self._away_since = now if self._away_since is None else self._away_since
        if self._doubted or self._connector.hopeless:  # waiting has been done, or is no use
            self._away_since = now - self._patience
        if self._out_of_patience():
            self._jobs.fail_all(ModelUnavailableError(self._reason))

    async def _work(self, client: Client) -> None:
        while True:
            batch = await self._jobs.take(self._batch_size, linger=LINGER_SECONDS)
            try:
                await self._answer(client, batch)
            finally:
                self._requeue([job for job in batch if not job.answer.done()])

    async def _answer(self, client: Client, batch: Sequence[Job]) -> None:
        """Settle every job of ``batch``, or raise what the transport died of."""
        try:
            async with asyncio.timeout(self._timeout):
                results = await _call(client, [job.document for job in batch])
        except TimeoutError as error:
            self._doubted = True
            silence = ModelUnavailableError(
                f"no answer to {len(batch)} documents within {self._timeout:g} s: "
                "raise MODEL_TIMEOUT_SECONDS or lower MODEL_BATCH_SIZE if the engine is slow"
            )
            _fail(batch, silence)
            raise silence from error
        except ModelToolError as error:
            if len(batch) == 1:
                _fail(batch, error)
            for job in batch if len(batch) > 1 else ():  # one bad document must not spoil the rest
                await self._answer(client, [job])
            return
        for job, result in zip(batch, results, strict=True):
            if not job.answer.done():
                job.answer.set_result(result)

    def _requeue(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            job.attempts += 1
        lost = [job for job in jobs if job.attempts >= ATTEMPTS]
        _fail(lost, ModelUnavailableError(f"{ATTEMPTS} calls in a row died"))
        self._jobs.put_back([job for job in jobs if job not in lost])


async def _call(client: Client, documents: Sequence[Document]) -> list[Classification]:
    """Call the tool once.

    Raises:
        ModelToolError: The tool refused, or its answer does not fit.
        MCPError: The transport failed.
    """
    rows = [d.model_dump(exclude_defaults=True) for d in documents]
    answer = await client.call_tool("classify_batch", {"documents": rows})
    if answer.is_error:
        raise ModelToolError(" ".join(getattr(part, "text", "") for part in answer.content))
    try:
        results = ClassifyResult.model_validate(answer.structured_content).results
    except ValidationError as error:
        raise ModelToolError(f"the answer does not fit: {error}") from error
    if len(results) != len(documents):
        raise ModelToolError(f"{len(results)} answers to {len(documents)} documents")
    return results


def _cancelled() -> bool:
    """Whether somebody cancelled this task, rather than a scope of the dying transport."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _fail(jobs: Sequence[Job], error: Exception) -> None:
    for job in jobs:
        if not job.answer.done():
            job.answer.set_exception(error)
