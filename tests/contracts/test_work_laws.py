"""Laws of the work queue, whatever happens in whatever order, in Redis and in a file."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from storage.work import Held
from tests.contracts.work import RedisWork, SqliteWork

WORKERS = ("1", "2", "3")
STEPS = ("download", "vectorize", "transcribe")
RULES = {"max_attempts": 3, "max_deaths": 4}


@dataclass
class Known:
    """What the model knows of one job."""

    left: list[str]
    state: str = "queued"
    finished: list[str] = field(default_factory=list)
    failures: int = 0
    deaths: int = 0
    history: int = 0
    worker: str = ""
    lease: int = 0

    def strike(self, what: str) -> None:
        setattr(self, what, getattr(self, what) + 1)
        self.history += 1
        is_over = self.failures >= RULES["max_attempts"] or self.deaths >= RULES["max_deaths"]
        self.state = "parked" if is_over else "queued"


class WorkMachine(RuleBasedStateMachine):
    """Three workers that lease, finish, fail, release, leave, fall silent and lose answers."""

    def __init__(self, work) -> None:
        super().__init__()
        self.work = work
        work.empty()
        self.queue = work.queue(**RULES)
        self.queue.open()
        self.jobs: dict[str, Known] = {}
        self.silent: set[str] = set()

    def held(self, worker):
        return {i: j for i, j in self.jobs.items() if (j.state, j.worker) == ("leased", worker)}

    @rule(identity=st.sampled_from("abcdef"), steps=st.sets(st.sampled_from(STEPS), min_size=1))
    def put(self, identity, steps):
        wanted = [step for step in STEPS if step in steps]
        job = self.jobs.get(identity) or Known([], state="new")
        new = [step for step in wanted if step not in (*job.left, *job.finished)]
        assert self.queue.put(identity, wanted) == ("queued" if new else "known")
        job.left += new
        if new and job.state in ("new", "done"):
            job.state = "queued"
            self.jobs[identity] = job

    @rule(worker=st.sampled_from(WORKERS), want=st.integers(0, 3), lost=st.booleans())
    def lease(self, worker, want, lost):
        before = self.held(worker)
        known = [_held(i, j) for i, j in before.items()]
        leased = self.queue.lease(worker, want, known)
        for name in self.silent - {worker}:
            for job in self.held(name).values():
                job.strike("deaths")
        self.silent.clear()
        waiting = [i for i, j in self.jobs.items() if j.state == "queued"]
        assert len(leased) == min(want, len(waiting))
        assert {job.identity for job in leased} <= set(waiting)
        for job in leased:
            known_job = self.jobs[job.identity]
            assert job.lease > known_job.lease
            assert (job.steps, job.finished) == (known_job.left, known_job.finished)
            assert (job.failures, len(job.history)) == (known_job.failures, known_job.history)
            known_job.lease = job.lease
            if not lost:
                known_job.state, known_job.worker = "leased", worker
        if lost:  # the worker tells what it knows: the rest is free again at once
            again = {i: j for i, j in before.items() if j.state == "leased"}
            assert self.queue.lease(worker, 0, [_held(i, j) for i, j in again.items()]) == []

    @rule(worker=st.sampled_from(WORKERS), twice=st.booleans())
    def finish(self, worker, twice):
        for identity, job in list(self.held(worker).items())[:1]:
            step = job.left.pop(0)
            job.finished.append(step)
            job.failures = job.deaths = 0
            if not job.left:
                job.state, job.history = "done", 0
            for _ in range(1 + twice):
                assert self.queue.finish(_held(identity, job), step) == job.left

    @rule(worker=st.sampled_from(WORKERS), twice=st.booleans())
    def fail(self, worker, twice):
        for identity, job in list(self.held(worker).items())[:1]:
            job.strike("failures")
            for _ in range(1 + twice):
                assert self.queue.fail(_held(identity, job), worker, "broken") == job.state

    @rule(worker=st.sampled_from(WORKERS))
    def release(self, worker):
        for identity, job in list(self.held(worker).items())[:1]:
            job.state = "queued"
            assert self.queue.release(_held(identity, job))

    @rule(worker=st.sampled_from(WORKERS))
    def leave(self, worker):
        self.queue.leave(worker)
        for job in self.held(worker).values():
            job.state = "queued"
        self.silent.discard(worker)

    @rule(worker=st.sampled_from(WORKERS))
    def fall_silent(self, worker):
        self.work.silence(worker)
        self.silent.add(worker)

    @rule()
    def requeue(self):
        parked = [j for j in self.jobs.values() if j.state == "parked"]
        assert self.queue.requeue("all") == len(parked)
        for job in parked:
            job.state, job.failures, job.deaths = "queued", 0, 0

    @invariant()
    def nothing_is_lost(self):
        counts = self.queue.counts()
        for state in ("queued", "leased", "parked", "done"):
            expected = sum(job.state == state for job in self.jobs.values())
            assert getattr(counts, state) == expected, state
        parked = sorted(i for i, j in self.jobs.items() if j.state == "parked")
        assert sorted(job.identity for job in self.queue.parked()) == parked

    def teardown(self):
        self.queue.close()


def _held(identity, job):
    return Held(identity=identity, lease=job.lease)


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
def test_nothing_is_lost_or_done_twice_whatever_happens(request, kind):
    address = request.getfixturevalue("redis_url") if kind == "redis" else ""

    def machine():
        if kind == "redis":
            return WorkMachine(RedisWork(address))
        folder = Path(tempfile.mkdtemp(dir=request.getfixturevalue("tmp_path")))
        return WorkMachine(SqliteWork(folder))

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
