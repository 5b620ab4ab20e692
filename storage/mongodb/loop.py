"""An event loop in a thread of its own, for callers in other threads that wait for its answers."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import CancelledError, Future, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from gleanery.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator

T = TypeVar("T")
INHERITED: list[object] = []
"""Of the process that forked us: never collected here, since that would end what it waits for."""


class LoopThread:
    """Begins with the first call, ends with :meth:`close`; a forked process begins its own.

    Calls may come from any thread but the loop's own.
    """

    def __init__(self, name: str) -> None:
        """Prepare; ``name`` is the thread's."""
        self.name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._is_closed = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what ``work`` gives; what it raises goes through.

        Interrupted (Ctrl-C), the caller goes on at once, and ``work`` is cancelled.

        Raises:
            StoreUnavailableError: The loop was closed meanwhile.
        """
        return answer(self.begin(work))

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin ``work`` and return what will be its answer, see :func:`answer`.

        Raises:
            StoreUnavailableError: It is closed.
            RuntimeError: This is the loop's own thread, where waiting would never end.
        """
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError(f"{self.name}: a call of its own thread would wait for itself")
        self._leave_parent()
        with self._lock:  # so that no call comes behind the end
            if self._is_closed:
                work.close()
                raise StoreUnavailableError("the connection is closed")
            return asyncio.run_coroutine_threadsafe(work, self._running())

    @contextmanager
    def beside(self, work: Coroutine[Any, Any, T]) -> Iterator[Future[T]]:
        """Do ``work`` while the block runs; it has ended when the block has, whatever happened."""
        future = self.begin(work)
        try:
            yield future
        except Exception:
            wait([future])
            raise
        except BaseException:  # Ctrl-C
            future.cancel()
            raise
        answer(future)

    def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """End the loop, after ``last``; calls under way, and later ones, are told so."""
        self._leave_parent()
        with self._lock:
            loop, self._is_closed = None if self._is_closed else self._loop, True
        if loop is None or self._thread is None:
            return
        try:
            answer(asyncio.run_coroutine_threadsafe(last(), loop))
        finally:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()

    def _leave_parent(self) -> None:
        """Begin anew in a forked process: the thread, and whoever held the lock, stayed there."""
        if self._pid != os.getpid():
            INHERITED.append(self._loop)
            self._lock, self._loop, self._pid = threading.Lock(), None, os.getpid()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            loop = self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=_serve, args=(loop,), name=self.name, daemon=True
            )
            self._thread.start()
        return self._loop


def answer(future: Future[T]) -> T:
    """Return what a call gives, as :meth:`LoopThread.run` does."""
    try:
        return future.result()
    except CancelledError:
        raise StoreUnavailableError("the connection was closed meanwhile") from None
    except BaseException:  # of the work, or Ctrl-C here
        future.cancel()
        raise


async def together(*works: Awaitable[T]) -> list[T]:
    """Return what all give, in order; if some fail, raise the first, once all have ended."""
    found = await asyncio.gather(*works, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return [one for one in found if not isinstance(one, BaseException)]


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    stopped = False
    while not stopped:
        try:
            loop.run_forever()
            stopped = True
        except (KeyboardInterrupt, SystemExit):  # a caller's function raised it; the caller has it
            continue
    loop.run_until_complete(_end())
    loop.close()


async def _end() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    for _ in range(3):  # what is closed lets go of its socket in the loop's next turns
        await asyncio.sleep(0)
    await asyncio.get_running_loop().shutdown_default_executor()
