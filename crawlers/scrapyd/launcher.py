"""Starts jobs, ends them in good order, and says in the ledger what became of them."""

from __future__ import annotations

import importlib.metadata
import logging
import math
import sys
import time
from typing import TYPE_CHECKING, Any

from scrapyd.interfaces import IEnvironment, IPoller
from scrapyd.launcher import Launcher, get_crawl_args
from twisted.internet import defer
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread

from crawlers.notices.teller import Teller
from crawlers.scrapyd.metrics import NodeNumbers
from crawlers.scrapyd.outcome import outcome
from crawlers.scrapyd.places import PROJECT, ledger_of, node_name, patience_of
from crawlers.scrapyd.process import JobProcess
from crawlers.scrapyd.queue import JobQueue
from gleanery.config import load_config
from storage.jobs import Node
from storage.jobs.ledger import KILL
from storage.jobs.reconciling import reconcile

if TYPE_CHECKING:
    from twisted.application.service import Service

    from storage.jobs import Job

logger = logging.getLogger(__name__)
BEAT_SECONDS = 1
RECONCILE_BEATS = 5
"""Beats of a node between two looks at all jobs."""
VERSION = importlib.metadata.version("gleanery")


class JobLauncher(Launcher):
    """``launcher`` of scrapyd."""

    def __init__(self, config: Any, app: Service) -> None:
        super().__init__(config, app)
        own = load_config()
        self.node = node_name(own)
        self.drain_seconds = own.scrapyd_drain_seconds
        self.patience = patience_of(own)
        self.ledger = ledger_of(own)
        self.queue = JobQueue(None, PROJECT, ledger=self.ledger)
        self.numbers = NodeNumbers(own)
        self.numbers.slots.set(self.max_proc)
        self.numbers.running.set_function(lambda: len(self.processes))
        self.draining = False
        self.resting = self.node in self.ledger.drained()
        self._beats = 0
        self._heard_at = -math.inf
        self._signalled: dict[str, str] = {}
        self._pulse = LoopingCall(self._beat)
        self._teller = Teller(own)

    def startService(self) -> None:
        super().startService()
        self._pulse.start(BEAT_SECONDS)
        self._teller.start()

    @defer.inlineCallbacks
    def stopService(self) -> Any:
        """End the crawls in good order: what they held goes back, their jobs are queued again."""
        from twisted.internet import reactor, task  # noqa: PLC0415 - installed by then

        self.draining = True
        self._teller.stop()
        self.app.getComponent(IPoller).dq.waiting.clear()  # no slot is free any more
        self._signal_all("TERM")
        waited = 0.0
        while self.processes and waited < self.drain_seconds:
            yield task.deferLater(reactor, 0.1, lambda: None)
            waited += 0.1
        self._signal_all("KILL")
        while self.processes:
            yield task.deferLater(reactor, 0.05, lambda: None)
        if self._pulse.running:
            self._pulse.stop()
        yield deferToThread(self.ledger.leave, self.node)
        yield defer.maybeDeferred(super().stopService)

    def _signal_all(self, name: str) -> None:
        for process in list(self.processes.values()):
            process.transport.signalProcess(name)

    # --- start and end
    def _get_message(self, slot: int) -> None:
        if not (self.draining or self.resting):
            super()._get_message(slot)

    def _obey(self, *, rest: bool) -> None:
        """Start no job any more, or start jobs again; what runs goes on to its end."""
        if rest == self.resting or self.draining:
            return
        self.resting = rest
        logger.info("Node %s: %s", self.node, "drained (비우는 중)" if rest else "takes jobs again")
        if rest:
            self.app.getComponent(IPoller).dq.waiting.clear()
            return
        for slot in range(self.max_proc):
            if slot not in self.processes:
                self._get_message(slot)

    def _spawn_process(self, message: dict[str, Any], slot: int) -> None:
        """Start a job if it is still ours to start; the slot is free again whatever happens."""
        job = message["_job"]
        try:
            taken = None if self.draining else self.ledger.take(job, self.node)
            self.queue.forget(job)
            if taken is None:
                self._get_message(slot)
                return
            self._start(message, slot)
        except Exception as error:
            logger.exception("Job %s does not start (시작하지 못했습니다)", job)
            self.processes.pop(slot, None)
            self._get_message(slot)
            self.ledger.end(job, "failed", node=self.node, reason=f"not started: {error}")

    def _start(self, message: dict[str, Any], slot: int) -> None:
        from twisted.internet import reactor

        environment = self.app.getComponent(IEnvironment)
        message["settings"] = message["settings"] | environment.get_settings(message)
        env = environment.get_environment(message, slot)
        job = message.pop("_job")  # an argument that our spiders do not know
        message["settings"]["JOB"] = job
        args = [sys.executable, "-m", self.runner, "crawl", *get_crawl_args(message)]
        process = JobProcess(message["_project"], message["_spider"], job, env, args)
        process.deferred.addBoth(self._process_finished, slot)
        reactor.spawnProcess(process, sys.executable, args, env)  # type: ignore[arg-type] # zope
        self.processes[slot] = process
        self.ledger.started(job, pid=process.pid, version=VERSION)

    def _process_finished(self, result: object, slot: int) -> None:
        process = self.processes[slot]
        try:
            self._settle(process)
        except Exception:  # the reconciler will find the job without a process
            logger.exception("Job %s: its end is not noted (기록하지 못했습니다)", process.job)
        self._signalled.pop(process.job, None)
        super()._process_finished(result, slot)

    def _settle(self, process: JobProcess) -> None:
        job = self.ledger.find(process.job)
        if job is None or job.node != self.node:
            return
        state, reason = outcome(job, process.ended, draining=self.draining)
        self.numbers.ended.labels(job.spider, state).inc()
        if state == "queued":
            self.ledger.requeue(job.job, reason, node=self.node)
            self.queue.renew()
            return
        facts = {"exit_code": process.ended.code, "signal": process.ended.signal_name}
        self.ledger.end(job.job, state, node=self.node, reason=reason, **facts)

    def is_heard(self) -> bool:
        """Whether others know that we live, and we are not about to end."""
        silent = time.monotonic() - self._heard_at
        return not self.draining and silent < self.patience.lost_seconds

    # --- each second
    def _beat(self) -> Any:
        running = [process.job for process in self.processes.values()]
        node = Node(
            name=self.node,
            heartbeat_at="",
            slots=self.max_proc,
            draining=self.draining or self.resting,
            running=running,
        )
        beat = deferToThread(self._look, node)
        beat.addCallbacks(self._follow, self._fail)
        return beat

    def _look(self, node: Node) -> tuple[list[Job], bool]:
        """Say what we do, mend what others left; return whom to cancel, and whether to rest."""
        self.ledger.report(node)
        self._heard_at = time.monotonic()
        self._beats += 1
        if self._beats % RECONCILE_BEATS == 1:
            reconcile(self.ledger, self.patience)
            self.queue.renew()
        jobs = [job for job in self.ledger.in_states("running", "stalled") if job.cancel]
        return jobs, self.node in self.ledger.drained()

    def _follow(self, found: tuple[list[Job], bool]) -> None:
        jobs, rest = found
        self._obey(rest=rest)
        wanted = {job.job: "KILL" if job.signal == KILL else "TERM" for job in jobs}
        for process in self.processes.values():
            signal = wanted.get(process.job, "")
            if signal and self._signalled.get(process.job) != signal:
                process.transport.signalProcess(signal)
                self._signalled[process.job] = signal

    def _fail(self, failure: Any) -> None:
        logger.error("The jobs' ledger does not answer: %s", failure.getErrorMessage())
