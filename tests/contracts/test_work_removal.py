"""Jobs of items that are purged, on every work queue."""

from __future__ import annotations

from storage.work import Counts

STEPS = ["download", "vectorize_video"]


def test_a_removed_job_is_gone_in_every_state_and_the_others_stay(queue):
    for name in ("done", "leased", "parked", "queued", "stays"):
        queue.put(name, STEPS)
    jobs = {job.identity: job for job in queue.lease("w", 3)}
    for step in STEPS:
        queue.finish(jobs["done"].held, step)
    for _ in range(queue.rules.max_attempts - 1):
        queue.fail(jobs["parked"].held, "w", "no")
    gone = ["done", "leased", "parked", "queued", "none"]

    known = queue.known([*gone, "stays"])
    removed = queue.remove(gone)

    assert known == ["done", "leased", "parked", "queued", "stays"]
    assert removed == known[:4]
    assert (queue.known([*gone, "stays"]), queue.remove(gone)) == (["stays"], [])
    assert queue.counts() == Counts(queued=1, workers=1)
    assert queue.parked() == []


def test_a_worker_whose_job_was_removed_finds_its_lease_lost(queue):
    queue.put("a", STEPS)
    (job,) = queue.lease("w", 1)
    queue.remove(["a"])

    assert queue.finish(job.held, "download") is None
    assert queue.fail(job.held, "w", "no") == "late"
    assert queue.release(job.held) is False
    assert queue.lease("w", 5, [job.held]) == []
    assert queue.put("a", STEPS) == "queued"
    assert [again.identity for again in queue.lease("w", 5)] == ["a"]
