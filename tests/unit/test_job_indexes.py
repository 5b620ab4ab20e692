"""Questions to the jobs' table that an index answers, also in a file of an earlier version."""

from __future__ import annotations

import pytest

pytest.importorskip("sqlalchemy", reason="needs gleanery[server]")

from sqlalchemy import event

from storage.jobs import Job, JobFilter, open_jobs


@pytest.fixture
def jobs(tmp_path):
    open_jobs({"STORE": "sqlite"}.get, tmp_path).close()
    ledger = open_jobs({"STORE": "sqlite"}.get, tmp_path)
    with ledger.engine.begin() as db:
        db.exec_driver_sql("DROP INDEX jobs_of_node")  # as before there was one
    ledger.close()
    ledger = open_jobs({"STORE": "sqlite"}.get, tmp_path)
    for number in range(20):
        ledger.add(Job(job=f"j{number}", spider="google"))
        ledger.take(f"j{number}", f"node-{number % 2}")
        ledger.started(f"j{number}", pid=1, version=f"1.{number}")
    yield ledger
    ledger.close()


def test_a_node_s_jobs_and_its_version_are_found_by_index(jobs):
    asked = []

    @event.listens_for(jobs.engine, "before_cursor_execute")
    def note(_connection, _cursor, sql, values, _context, _many):
        asked.append((sql, values))

    rows, _ = jobs.page(JobFilter(node="node-1"), limit=5)
    said, _ = jobs.page(JobFilter(text="J1", node="node-1", states=("running",)), limit=2)
    versions = jobs.versions(["node-0", "node-1", "gone"])
    event.remove(jobs.engine, "before_cursor_execute", note)

    assert [row.job for row in rows] == ["j19", "j17", "j15", "j13", "j11"]
    assert [row.job for row in said] == ["j19", "j17"]
    assert versions == {"node-0": "1.18", "node-1": "1.19"}
    with jobs.engine.connect() as db:
        plans = [
            [row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
            for sql, values in asked
            if sql.startswith("SELECT")
        ]
    by_node = ["SEARCH jobs USING INDEX jobs_of_node (node=?)"]
    first = last = ["SCAN jobs USING COVERING INDEX jobs_said"]  # of which one row is read
    searched = ["SEARCH jobs USING COVERING INDEX jobs_said (number>? AND number<?)"]
    by_number = ["SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)"]
    assert plans[1:5] == [first, last, searched, by_number]
    assert [plans[0], *plans[5:]] == [by_node] * 4
