"""What every work queue promises, in Redis, Valkey, Redis Cluster and a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gleanery.errors import StoreError, StoreUnavailableError
from storage.work import Counts, open_queue
from tests.conftest import wait_until

STEPS = ["download", "vectorize_video"]


def one(queue, worker="w", held=()):
    """Lease the only job that there is."""
    (job,) = queue.lease(worker, 5, held)
    return job


def test_a_job_comes_with_all_that_was_put_and_is_done_step_by_step(queue):
    put = queue.put("youtube:a", STEPS, {"audio": "transcribe", "말": ["ok"]})
    job = one(queue)
    left = [queue.finish(job.held, step) for step in STEPS]

    assert put == "queued"
    assert (job.identity, job.steps, job.finished, job.failures, job.history) == (
        ("youtube:a", STEPS, [], 0, [])
    )
    assert job.payload == {"audio": "transcribe", "말": ["ok"]}
    assert left == [["vectorize_video"], []]
    assert queue.counts() == Counts(done=1, workers=1)
    assert queue.lease("w", 5) == []


def test_the_same_job_is_put_once_and_never_again_once_done(queue):
    puts = [queue.put("a", STEPS), queue.put("a", STEPS), queue.put("a", STEPS[:1])]
    job = one(queue)
    puts.append(queue.put("a", STEPS))
    for step in STEPS:
        queue.finish(job.held, step)
    puts.append(queue.put("a", STEPS))

    assert puts == ["queued", "known", "known", "known", "known"]
    assert queue.counts().queued == 0


def test_a_changed_plan_adds_the_steps_that_are_missing(queue):
    queue.put("a", STEPS)
    job = one(queue)
    queue.finish(job.held, "download")
    put = [queue.put("a", [*STEPS, "denoise"], {"audio": "denoise"})]
    left = [queue.finish(job.held, "vectorize_video"), queue.finish(job.held, "denoise")]
    put.append(queue.put("a", ["download", "transcribe"]))
    again = one(queue)

    assert put == ["queued", "queued"]
    assert left == [["denoise"], []]
    assert (again.steps, again.finished) == (["transcribe"], [*STEPS, "denoise"])


def test_every_job_goes_to_one_worker_and_the_first_queued_first(queue):
    for number in range(6):
        queue.put(f"job{number}", STEPS)
        time.sleep(0.002)  # the order is kept to the millisecond

    first = queue.lease("a", 2)
    second = queue.lease("b", 3)
    third = queue.lease("a", 9, [job.held for job in first])

    identities = [job.identity for job in (*first, *second, *third)]
    assert identities == [f"job{n}" for n in range(6)]
    assert queue.counts() == Counts(leased=6, workers=2)


def test_the_third_failure_parks_a_job_with_its_history_and_it_can_be_tried_again(work, queue):
    queue.put("a", STEPS, {"audio": "none"})
    outcomes = []
    for number in range(3):
        job = one(queue, f"w{number}")
        outcomes.append(queue.fail(job.held, f"w{number}", f"broken\n {number}", delay=60))
        waiting = queue.counts()
        work.hasten()
    (parked,) = queue.parked()
    moved = [queue.requeue(["b"]), queue.requeue("all"), queue.requeue(["a"])]
    again = one(queue)

    assert outcomes == ["queued", "queued", "parked"]
    assert waiting == Counts(parked=1, workers=3)
    assert [(f.worker, f.reason) for f in parked.history] == [
        ("w0", "broken 0"),
        ("w1", "broken 1"),
        ("w2", "broken 2"),
    ]
    assert (parked.identity, parked.failures, parked.payload) == ("a", 3, {"audio": "none"})
    assert moved == [0, 1, 0]
    assert (again.failures, len(again.history)) == (0, 3)


def test_a_failed_or_released_job_waits_as_long_as_was_said(work, queue):
    queue.put("a", STEPS)
    queue.put("b", STEPS)
    first, second = sorted(queue.lease("w", 2), key=lambda job: job.identity)
    queue.fail(first.held, "w", "no answer", delay=60)
    released = queue.release(second.held, 60)
    waiting, early = queue.counts(), queue.lease("w", 5)
    work.hasten()
    later = queue.lease("w", 5)

    assert released
    assert (waiting.queued, waiting.delayed, early) == (2, 2, [])
    assert sorted((job.identity, job.failures) for job in later) == [("a", 1), ("b", 0)]


def test_a_finished_step_forgives_the_failures_before_it(work, queue):
    queue.put("a", STEPS)
    for _ in range(2):
        queue.fail(one(queue).held, "w", "slow network")
    job = one(queue)
    queue.finish(job.held, "download")
    outcome = queue.fail(job.held, "w", "model broke")

    assert outcome == "queued"
    assert one(queue).failures == 1


def test_a_dead_workers_jobs_go_back_with_their_finished_steps(work, queue):
    queue.put("a", STEPS)
    dead = one(queue, "dead")
    queue.finish(dead.held, "download")
    early = queue.lease("alive", 5)
    work.silence("dead")
    job = one(queue, "alive")
    late = [
        queue.finish(dead.held, "vectorize_video"),
        queue.fail(dead.held, "dead", "x"),
        queue.release(dead.held),
    ]

    assert early == []
    assert (job.steps, job.finished) == (["vectorize_video"], ["download"])
    assert [(f.worker, f.reason) for f in job.history] == [("dead", "died")]
    assert late == [None, "late", False]
    assert queue.counts() == Counts(leased=1, workers=1)


def test_a_job_over_which_every_worker_dies_is_parked(work):
    with work.queue(max_deaths=3) as queue:
        queue.put("a", STEPS)
        for number in range(3):
            one(queue, f"w{number}")
            work.silence(f"w{number}")
        none = queue.lease("alive", 5)

        assert none == []
        assert [f.reason for f in queue.parked()[0].history] == ["died"] * 3


def test_a_silent_worker_is_found_by_the_clock(work):
    with work.queue(lease_seconds=1.5) as queue:
        queue.put("a", STEPS)
        one(queue, "dead")
        before, found = queue.lease("alive", 1), []
        wait_until(lambda: found.extend(queue.lease("alive", 1)) or found, seconds=60)

        assert before == []
        assert [job.identity for job in found] == ["a"]


def test_what_a_lost_answer_leased_comes_back_without_blame(queue):
    queue.put("a", STEPS)
    queue.put("b", STEPS)
    kept, _lost = queue.lease("w", 2)
    job = one(queue, "w", [kept.held])

    assert job.identity != kept.identity
    assert job.history == []
    assert queue.counts().leased == 2


def test_whatever_is_said_twice_counts_once(queue):
    for name in ("done", "failed", "released"):
        queue.put(name, ["download"])
    jobs = {job.identity: job.held for job in queue.lease("w", 3)}

    finished = [queue.finish(jobs["done"], "download") for _ in range(2)]
    failed = [queue.fail(jobs["failed"], "w", "x", delay=60) for _ in range(2)]
    released = [queue.release(jobs["released"], 60) for _ in range(2)]

    assert (finished, failed, released) == ([[], []], ["queued"] * 2, [True, True])
    assert queue.counts() == Counts(queued=2, delayed=2, done=1, workers=1)


def test_a_full_queue_takes_steps_for_jobs_it_has_but_no_new_job(queue):
    queue.put("a", STEPS, limit=2)
    queue.put("b", STEPS, limit=2)
    full = queue.put("c", STEPS, limit=2)
    more = queue.put("a", ["denoise"], limit=2)
    queue.lease("w", 1)
    room = queue.put("c", STEPS, limit=2)

    assert (full, more, room) == ("full", "queued", "queued")


def test_a_worker_that_leaves_gives_back_all_without_blame(queue):
    queue.put("a", STEPS)
    one(queue)
    queue.leave("w")

    assert queue.counts() == Counts(queued=1)
    assert one(queue, "other").history == []


@pytest.mark.parametrize("steps", [[], [""], ["a\nb"], ["a", "a"]])
def test_steps_that_could_not_be_told_apart_are_refused(queue, steps):
    with pytest.raises(ValueError, match="no list of steps"):
        queue.put("a", steps)


def test_a_queue_that_is_not_open_says_that_it_is_away(work):
    with pytest.raises(StoreUnavailableError):
        work.queue().put("a", STEPS)


def test_a_redis_that_does_not_answer_is_away(tmp_path):
    with pytest.raises(StoreUnavailableError):
        open_queue(f"unix://{tmp_path}/none.sock", tmp_path).open()


def test_a_file_that_is_no_queue_is_named_and_left_alone(tmp_path):
    (tmp_path / "work.db").write_text("Dear reader, " * 100)

    with pytest.raises(StoreError, match=r"work\.db is no work queue of ours"):
        open_queue("", tmp_path).open()


def test_many_workers_at_once_do_every_job_once(work):
    done: list[str] = []

    def drain(name):
        with work.queue() as queue:
            while jobs := queue.lease(name, 3):
                done.extend(j.identity for j in jobs if queue.finish(j.held, "download") == [])

    with work.queue() as queue:
        for number in range(60):
            queue.put(f"job{number}", ["download"])
        threads = [threading.Thread(target=drain, args=(f"w{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(done) == sorted(f"job{n}" for n in range(60))
        assert queue.counts().done == 60


def test_what_was_put_before_kill_9_is_there_afterwards(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom storage.work import open_queue\n"
        "q = open_queue('', Path(sys.argv[1])); q.open()\n"
        "for n in range(100000):\n"
        "    q.put(f'job{n}', ['download'])\n"
        "    print(n, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(50)]
        os.kill(process.pid, signal.SIGKILL)
        told += [int(line) for line in process.stdout.read().split()]

    with open_queue("", tmp_path) as queue:
        found = {job.identity for job in queue.lease("w", 100_000)}
    assert {f"job{n}" for n in told} <= found
