"""The queue before an engine: batches shared by callers, refusals, cancellation, crashes."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleanery.errors import EngineError, ModelBusyError, ModelUnavailableError
from model_server.engines.stub import StubOptions
from model_server.runner import EngineRunner
from model_server.schema import Document
from model_server.spec import EngineSpec
from tests.model_echo import TAXONOMY
from tests.model_talking import TalkingEngine


def runner_of(engine=None, **options):
    options = StubOptions(**({"linger_seconds": 0.05} | options))
    engine = engine or TalkingEngine()
    engine.options = options
    spec = EngineSpec(name="echo", engine=TalkingEngine, options=options)
    return EngineRunner(spec, lambda: engine), engine


def documents(*texts):
    return [Document(id=str(n), text=text) for n, text in enumerate(texts)]


async def held(runner, count=1):
    """Occupy the engine until its gate opens."""
    tasks = [asyncio.create_task(runner.run("classify", documents("0 gate"))) for _ in range(count)]
    await asyncio.sleep(0)  # the calls are in the queue from here
    while runner.waiting or not runner.ready:  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0.005)
    return tasks


@settings(max_examples=60, deadline=None)
@given(
    calls=st.lists(st.lists(st.integers(0, 18), min_size=1, max_size=64), min_size=1, max_size=8),
    max_batch_tokens=st.integers(1, 400),
    padding=st.integers(0, 30),
)
def test_every_caller_gets_its_own_answers_in_order(calls, max_batch_tokens, padding):
    """Whatever the calls, and wherever the token budget cuts them."""
    runner, engine = runner_of(linger_seconds=0.001, max_batch_tokens=max_batch_tokens)
    seen = []
    classify = engine.classify
    engine.classify = lambda batch: seen.append([len(d.text) for d in batch]) or classify(batch)

    async def ask():
        texts = [[f"{n} {'x' * padding}x" for n in call] for call in calls]
        return await asyncio.gather(*(runner.run("classify", documents(*t)) for t in texts))

    answers = asyncio.run(ask())
    runner.close()
    assert [[v.category for v in values] for values, _ in answers] == [
        [TAXONOMY.keys[n] for n in call] for call in calls
    ]
    assert sum(engine.batches) == sum(map(len, calls))
    assert all(len(b) == 1 or sum(b) <= max_batch_tokens for b in seen)
    assert max(engine.batches) <= 32


CALLS = st.tuples(
    st.lists(st.integers(0, 18), min_size=1, max_size=20),
    st.sampled_from(["stays", "stays", "goes", "brings a bad document"]),
)


@settings(max_examples=40, deadline=None)
@given(calls=st.lists(CALLS, min_size=1, max_size=10), max_batch_tokens=st.integers(1, 200))
def test_nobody_suffers_from_what_other_callers_do(calls, max_batch_tokens):
    """Some go away while they wait, some bring a document that crashes the engine."""
    runner, engine = runner_of(linger_seconds=0.001, max_batch_tokens=max_batch_tokens)

    async def ask():
        held_calls = await held(runner)
        tasks = []
        for numbers, what in calls:
            texts = [f"{n} x" for n in numbers]
            if what == "brings a bad document":
                texts[len(texts) // 2] += " boom"
            tasks.append(asyncio.create_task(runner.run("classify", documents(*texts))))
        await asyncio.sleep(0)
        for task, (_, what) in zip(tasks, calls, strict=True):
            if what == "goes":
                task.cancel()
        await asyncio.sleep(0)
        engine.gate.set()
        await asyncio.gather(*held_calls)
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = asyncio.run(ask())
    waiting = runner.waiting
    runner.close()

    for answer, (numbers, what) in zip(answers, calls, strict=True):
        if what == "stays":
            assert [v.category for v in answer[0]] == [TAXONOMY.keys[n] for n in numbers]
        else:
            kind = asyncio.CancelledError if what == "goes" else RuntimeError
            assert isinstance(answer, kind)
    assert waiting == 0


async def test_callers_that_come_together_share_a_batch():
    runner, engine = runner_of(linger_seconds=1)

    await asyncio.gather(*(runner.run("classify", documents(str(n), "1")) for n in range(16)))

    assert engine.batches == [32]
    runner.close()


async def test_different_questions_are_not_mixed():
    """Embedding and classifying part; a proposal is about the documents of one call."""
    runner, engine = runner_of()
    held_calls = await held(runner)

    asked = asyncio.gather(
        runner.run("classify", documents("1")),
        runner.run("embed", ["a", "bb"]),
        runner.run("propose_category", documents("1", "2", "3")),
        runner.run("propose_category", documents("4", "5")),
        runner.run("classify", documents("2")),
        runner.run("embed", ["ccc"]),
    )
    await asyncio.sleep(0.05)
    engine.gate.set()
    one, few, first, second, two, more = [values for values, _ in await asked]

    assert [v.category for v in one + two] == [TAXONOMY.keys[1], TAXONOMY.keys[2]]
    assert [v[0] for v in few + more] == [1.0, 2.0, 3.0]
    assert [len(p.evidence) for p in first + second] == [3, 2]
    assert sorted(engine.batches) == [1, 2, 2, 3, 3]
    await asyncio.gather(*held_calls)
    runner.close()


async def test_a_crash_fails_only_the_caller_whose_document_it_was():
    runner, engine = runner_of(linger_seconds=0.5)

    answers = await asyncio.gather(
        runner.run("classify", documents("1", "2")),
        runner.run("classify", documents("3", "4 boom")),
        runner.run("classify", documents("5")),
        return_exceptions=True,
    )
    later = await runner.run("classify", documents("6"))

    assert [v.category for v in answers[0][0]] == list(TAXONOMY.keys[1:3])
    assert isinstance(answers[1], RuntimeError)
    assert answers[2][0][0].category == TAXONOMY.keys[5]
    assert later[0][0].category == TAXONOMY.keys[6]
    assert engine.batches == [5, 2, 2, 1, 1]
    runner.close()


async def test_an_engine_that_answers_too_little_is_broken():
    runner, engine = runner_of()
    engine.embed = lambda texts: [[1.0]]

    with pytest.raises(EngineError, match="1 answers to 2 inputs"):
        await runner.run("embed", ["a", "b"])
    runner.close()


async def test_what_is_cancelled_leaves_the_queue_before_it_runs():
    runner, engine = runner_of()
    held_calls = await held(runner)
    calls = [asyncio.create_task(runner.run("classify", documents(str(n)))) for n in range(4)]
    await asyncio.sleep(0.01)

    calls[1].cancel()
    calls[2].cancel()
    await asyncio.wait(calls[1:3])
    waiting = runner.waiting
    engine.gate.set()
    await asyncio.gather(calls[0], calls[3], *held_calls)

    assert waiting == 2
    assert engine.batches == [1, 2]
    runner.close()


async def test_a_full_queue_says_when_to_come_back():
    runner, engine = runner_of(max_waiting=10)
    held_calls = await held(runner)
    fits = asyncio.create_task(runner.run("classify", documents(*"1234567")))
    await asyncio.sleep(0.01)

    with pytest.raises(ModelBusyError, match=r"echo is busy: 7 .* retry after 1 s") as busy:
        await runner.run("classify", documents(*"1234"))
    engine.gate.set()

    assert busy.value.retry_after_seconds == 1
    assert len((await fits)[0]) == 7
    await asyncio.gather(*held_calls)
    assert len((await runner.run("classify", documents(*["1"] * 64)))[0]) == 64  # an empty queue
    runner.close()


async def test_a_slow_engine_refuses_by_time():
    """100 documents of 50 ms each wait longer than 3 s: half of that later there is room."""
    runner, engine = runner_of(latency_seconds=0.05, max_wait_seconds=3, max_batch_tokens=1)
    await runner.run("classify", documents("1"))
    held_calls = await held(runner)
    waiting = [asyncio.create_task(runner.run("classify", documents("1"))) for _ in range(100)]
    await asyncio.sleep(0.05)

    with pytest.raises(ModelBusyError) as busy:
        await runner.run("classify", documents("1"))
    engine.gate.set()

    assert busy.value.retry_after_seconds > 1.4
    ended = await asyncio.gather(*waiting, *held_calls, return_exceptions=True)
    assert 0 < sum(isinstance(e, ModelBusyError) for e in ended) < 100
    runner.close()


async def test_closing_answers_what_waits_and_refuses_what_comes():
    runner, engine = runner_of()
    held_calls = await held(runner)
    waiting = asyncio.create_task(runner.run("classify", documents("1", "2")))
    await asyncio.sleep(0.01)

    closing = threading.Thread(target=runner.close)
    closing.start()
    await asyncio.sleep(0.05)
    with pytest.raises(ModelUnavailableError, match="shutting down"):
        await runner.run("classify", documents("3"))
    engine.gate.set()

    assert len((await waiting)[0]) == 2
    await asyncio.gather(*held_calls)
    await asyncio.to_thread(closing.join)
    assert not runner.ready
