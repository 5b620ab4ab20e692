"""Laws of the frontier, whatever happens in whatever order, on both queues."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from crawlers.frontier.protocol import Outbox
from tests.contracts.frontier import Crawl, RedisCrawl, SqliteCrawl, push

WORKERS = ("1", "2", "3")
MAX_ATTEMPTS = 3
REQUESTS = st.tuples(
    st.integers(0, 40), st.integers(0, 3), st.sampled_from("ab"), st.sampled_from("xyz")
)
OUTCOMES = st.sampled_from(("done", "done", "back", "fail", "dead"))


@dataclass
class Known:
    """What the model knows of one request."""

    arrival: int
    depth: int
    host: str
    branch: str
    state: str = "queued"
    fresh: bool = True
    """Never leased yet."""
    failures: int = 0
    lease: str = ""
    worker: str = ""


@dataclass
class Model:
    """The frontier in plain Python."""

    requests: dict[int, Known] = field(default_factory=dict)
    pruned: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)

    def end(self, worker: str, lease: str, outcome: str) -> None:
        for request in self.requests.values():
            if request.state == "leased" and (request.worker, request.lease) == (worker, lease):
                if outcome in ("done", "dead"):
                    request.state = outcome
                else:
                    self.put_back(request, failed=outcome == "fail")

    def put_back(self, request: Known, *, failed: bool) -> None:
        request.failures += failed
        request.state = "dead" if request.failures >= MAX_ATTEMPTS else "queued"

    def push(self, number: int, depth: int, host: str, branch: str) -> None:
        known = Known(len(self.requests), depth, host, branch)
        self.requests.setdefault(number, known)

    def reclaim(self, beating: str) -> None:
        for request in self.requests.values():
            if request.state == "leased" and request.worker in self.silent - {beating}:
                self.put_back(request, failed=True)
        self.silent.clear()

    def in_state(self, state: str) -> list[Known]:
        return [r for r in self.requests.values() if r.state == state]

    def ready(self) -> list[Known]:
        """What may leave now: one level, nothing shallower under way, nothing pruned."""
        queued = [r for r in self.in_state("queued") if r.branch not in self.pruned]
        depth = min((r.depth for r in queued), default=0)
        if any(r.depth < depth for r in self.in_state("leased")):
            return []
        return [r for r in queued if r.depth == depth]

    def lease(self, worker: str, answer, want: int) -> None:
        """Check what was leased against the laws, and note it."""
        ready = self.ready()
        leased = [self.requests[int(lease.body)] for lease in answer.leases]
        assert len(leased) == min(want, len(ready))
        assert all(request in ready for request in leased)
        for host in {r.host for r in leased}:
            here = [r for r in ready if r.host == host]
            taken = [r for r in leased if r.host == host]
            returned, fresh = (
                [r for r in here if r.fresh is is_fresh] for is_fresh in (False, True)
            )
            order = [r.arrival for r in taken if r.fresh]
            assert order == sorted(r.arrival for r in fresh)[: len(order)]
            assert [r.fresh for r in taken] == sorted(r.fresh for r in taken)
            assert not order or all(r in taken for r in returned)
        for request, lease in zip(leased, answer.leases, strict=True):
            assert lease.depth == request.depth
            request.state, request.fresh = "leased", False
            request.worker, request.lease = worker, lease.id


class FrontierMachine(RuleBasedStateMachine):
    """Three workers that push, end, fall silent, lose answers and prune."""

    def __init__(self, crawl: Crawl) -> None:
        super().__init__()
        self.crawl = crawl
        self.runner = asyncio.Runner()
        self.queues = {name: crawl.queue(name, max_attempts=MAX_ATTEMPTS) for name in WORKERS}
        for queue in self.queues.values():
            self.runner.run(queue.open())
        self.model = Model()
        self.held = {name: {} for name in WORKERS}

    @rule(
        worker=st.sampled_from(WORKERS),
        want=st.integers(0, 6),
        outcomes=st.lists(OUTCOMES, max_size=5),
        found=st.lists(REQUESTS, max_size=8),
        lost=st.booleans(),
    )
    def exchange(self, worker, want, outcomes, found, lost):
        held = self.held[worker]
        ended = list(zip(list(held), outcomes, strict=False))
        pushes = [push(n, depth, host, path=(branch,)) for n, depth, host, branch in found]
        told = Outbox(ended=ended, pushes=pushes)
        for lease, outcome in ended:
            del held[lease]
            self.model.end(worker, lease, outcome)
        for row in found:
            self.model.push(*row)
        self._tell(worker, told, want)
        if lost:
            self._repeat(worker, told, want)

    def _tell(self, worker, told, want):
        answer = self.runner.run(self.queues[worker].exchange(told, want=want))
        self.model.reclaim(worker)
        self.model.lease(worker, answer, want)
        self.held[worker] |= {lease.id: int(lease.body) for lease in answer.leases}
        assert answer.in_flight == len(self.model.in_state("leased"))
        queued = self.model.in_state("queued")
        wanted = [r for r in queued if r.branch not in self.model.pruned]
        assert len(wanted) <= answer.queued <= len(queued)
        return answer

    def _repeat(self, worker, told, want):
        """The answer did not arrive: tell it again, then ask what was leased meanwhile."""
        before = set(self.held[worker])
        self.queues[worker]._sequence -= 1
        answer = self._tell(worker, told, want)
        known = {lease.id for lease in answer.leases}
        found = self.runner.run(self.queues[worker].recover(known))
        ours = {r.lease for r in self.model.in_state("leased") if r.worker == worker}
        assert {lease.id for lease in found} == ours - known
        assert ours <= before | known

    @rule(worker=st.sampled_from(WORKERS))
    def fall_silent(self, worker):
        self.crawl.silence(worker)
        if self.held[worker]:
            self.model.silent.add(worker)

    @rule(branch=st.sampled_from("xyz"))
    def prune(self, branch):
        self.model.pruned.add(branch)
        self._tell("1", Outbox(pruned=[branch]), 0)

    @invariant()
    def nothing_is_parked_but_what_failed(self):
        dead = sorted(str(n) for n, r in self.model.requests.items() if r.state == "dead")
        assert sorted(body for body, _ in self.crawl.parked()) == dead

    def teardown(self):
        """Let all workers but one fall silent and that one finish: nothing is left or lost."""
        try:
            self._drain()
            assert not self.model.in_state("leased")
            assert {r.branch for r in self.model.in_state("queued")} <= self.model.pruned
        finally:
            for queue in self.queues.values():
                self.runner.run(queue.close())
            self.runner.close()
            self.crawl.drop()
            self.crawl.close()

    def _drain(self):
        for worker in WORKERS[1:]:
            self.fall_silent(worker)
        for lease in self.held["1"]:
            self.model.end("1", lease, "done")
        ended = [(lease, "done") for lease in self.held["1"]]
        for _ in itertools.count():
            answer = self._tell("1", Outbox(ended=ended), 5)
            if answer.complete:
                return
            ended = [(lease.id, "done") for lease in answer.leases]
            assert ended
            for lease, _outcome in ended:
                self.model.end("1", lease, "done")


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
def test_nothing_is_lost_or_done_twice_and_order_holds_whatever_happens(request, kind):
    address = request.getfixturevalue("redis_url") if kind == "redis" else ""
    counter = itertools.count()

    def machine():
        if kind == "redis":
            return FrontierMachine(RedisCrawl(address, f"law{next(counter)}"))
        folder = Path(tempfile.mkdtemp(dir=request.getfixturevalue("tmp_path")))
        return FrontierMachine(SqliteCrawl(folder / "law.db"))

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
