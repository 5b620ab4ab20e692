"""A loop in a thread of its own, and those who wait for it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gleanery.errors import StoreUnavailableError
from storage.mongodb.loop import LoopThread, together


@pytest.fixture
def loop():
    loop = LoopThread("test-loop")
    yield loop
    loop.close(ended)


async def ended() -> None:
    pass


async def where(number: int) -> tuple[int, str]:
    await asyncio.sleep(0)
    return number, threading.current_thread().name


def test_every_thread_is_answered_by_the_one_loop(loop):
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: loop.run(where(n)), range(100)))

    assert found == [(n, "test-loop") for n in range(100)]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_is_raised_reaches_the_caller_and_the_loop_goes_on(loop, error):
    async def fail() -> None:
        raise error("no")

    with pytest.raises(error, match="no"):
        loop.run(fail())

    assert loop.run(where(1)) == (1, "test-loop")


def test_its_own_thread_is_refused_instead_of_waiting_for_itself(loop):
    async def call_back() -> None:
        loop.run(where(1))

    with pytest.raises(RuntimeError, match="would wait for itself"):
        loop.run(call_back())


def test_who_waits_when_it_is_closed_is_told_so():
    loop, begun = LoopThread("test-loop"), threading.Event()

    async def never() -> None:
        begun.set()
        await asyncio.Event().wait()

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(lambda: loop.run(never()))
        begun.wait()
        loop.close(ended)
        with pytest.raises(StoreUnavailableError, match="closed"):
            waiting.result()

    with pytest.raises(StoreUnavailableError, match="closed"):
        loop.run(where(1))
    assert "test-loop" not in {thread.name for thread in threading.enumerate()}


def test_what_is_done_beside_a_block_has_ended_when_the_block_fails(loop):
    done, begun = [], threading.Event()

    async def work() -> None:
        begun.set()
        await asyncio.sleep(0.05)
        done.append(1)

    def fail() -> None:
        with loop.beside(work()):
            begun.wait()
            raise ValueError("elsewhere")

    with pytest.raises(ValueError, match="elsewhere"):
        fail()

    assert done == [1]


def test_of_several_works_all_have_ended_when_one_has_failed(loop):
    done = []

    async def fail() -> None:
        raise ValueError("first")

    async def work() -> None:
        await asyncio.sleep(0.05)
        done.append(1)

    with pytest.raises(ValueError, match="first"):
        loop.run(together(fail(), work()))

    assert done == [1]
