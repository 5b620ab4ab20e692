"""The maths of a job's progress: rates, an outlook, a picture that stays small."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("fastapi", reason="needs gleanery[server]")

from scrapy import Request, signals
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from admin.progress.charts import charts, latest
from admin.progress.drawing import drawn
from admin.progress.outlook import Outlook, outlook
from admin.progress.recorder import Now, Recorder
from admin.progress.tree import DEPTHS, NODES, tree
from admin.progress.view import progress
from crawlers.branches import MOST, Branches
from crawlers.frontier.report import FrontierReport
from gleanery.config import Config
from gleanery.signals import children_ready
from items import Article
from storage.branch import OTHERS, Branch
from storage.jobs import Job, open_jobs
from storage.jobs.history import MOST as SAMPLES
from storage.jobs.history import STEP_SECONDS, JobHistory, step_of
from storage.jobs.sample import Sample, picked
from tests.admin_world import begin_crawl


def series(samples, name):
    return next(chart.series for chart in charts(samples) if chart.name == name)


def report(**values):
    given = {"state": "running", "queued": 100, "in_flight": 0, "done": 0, "budgets": {}} | values
    empty = {"pruned": 0, "dead": 0, "pushed": 0, "counters": {"items": 0}, "pruned_nodes": 0}
    return FrontierReport(crawl="c", at_ms=0, **empty | given)


def shrinking(left, each_second, seconds=60):
    """Samples of the last ``seconds``, one each two, that end with ``left`` requests queued."""
    return [
        Sample(at=at, items=at, depths=[(0, left + each_second * (seconds - at), 0, at, 0, 0)])
        for at in range(0, seconds + 1, 2)
    ]


def test_rates_begin_anew_with_an_attempt_and_are_never_negative():
    samples = [Sample(at=at, pages=5 * at) for at in range(0, 30, 2)]
    samples += [Sample(at=at, attempt=2, pages=at - 30) for at in (30, 32, 34)]

    pages = series(samples, "speed")["pages"]

    assert pages == [None] + [5.0] * 14 + [None, 1.0, 1.0]


def test_latency_is_that_of_the_answers_between_and_unknown_without_any():
    samples = [
        Sample(at=0),
        Sample(at=20, model_seconds=2.0, model_answers=4),
        Sample(at=40, model_seconds=2.0, model_answers=4),
    ]

    assert series(samples, "model")["milliseconds"] == [None, 500.0, None]


def test_a_chart_has_six_lines_at_most_and_loses_nothing():
    samples = [Sample(at=0, categories={f"c{n}": n for n in range(1, 10)})]

    found = series(samples, "categories")

    assert latest(samples)["categories"] == samples[0].categories
    assert list(found) == ["c5", "c6", "c7", "c8", "c9", "other"]
    assert sum(values[-1] for values in found.values()) == 45
    assert series([Sample(at=0, depths=[(d, d, 1, 0, 0, 0) for d in (10, 2)])], "depths") == {
        "2": [3],
        "10": [11],
    }


@pytest.mark.parametrize(
    ("samples", "given", "expected"),
    [
        (shrinking(100, 5), report(), Outlook(seconds=20.0, by="frontier")),
        (shrinking(100, -5), report(), Outlook(seconds=None, by="grows")),
        (shrinking(100, 5)[:3], report(), Outlook(seconds=None, by="unknown")),
        (shrinking(100, 5), None, Outlook(seconds=None, by="unknown")),
        (shrinking(100, 5), report(state="paused"), Outlook(seconds=None, by="paused")),
        (
            shrinking(100, -5), report(done=60, budgets={"max_pages": 90}),
            Outlook(seconds=30.0, by="max_pages"),
        ),
        (
            shrinking(100, 5), report(budgets={"max_items": 7, "deadline": 99_000}),
            Outlook(seconds=7.0, by="max_items"),
        ),
    ],
    ids=["shrinks", "grows", "too early", "gone", "paused", "pages", "first limit"],
)  # fmt: skip
def test_the_outlook_follows_the_frontiers_slope_and_the_nearest_limit(samples, given, expected):
    assert outlook(samples, given) == expected


def test_the_step_of_samples_grows_so_that_their_number_does_not():
    for seconds in (0, 799, 801, 86_400, 30 * 86_400):
        step = step_of(seconds)
        assert step % STEP_SECONDS == 0
        assert seconds / step <= SAMPLES


def test_a_page_gets_what_was_kept_and_the_last_one_of_now():
    before = [Sample(at=at, pages=at) for at in (0, 2, 4)]
    now = Now(
        recent=[Sample(at=4, pages=9)], outlook=Outlook(seconds=None, by="grows"), branches=[]
    )

    found = progress("j", before, now)

    assert found.at == [0, 2, 4]
    assert found.charts[0].series["pages"] == [None, 1.0, 2.25]
    assert picked(3, 50) == [0, 1, 2]
    assert picked(1000, 4) == [0, 333, 666, 999]


def test_a_line_is_broken_where_nobody_knew():
    samples = [Sample(at=at, depths=None if at == 2 else [(0, at, 0, 0, 0, 0)]) for at in range(5)]
    frontier = next(chart for chart in charts(samples) if chart.name == "frontier")

    queued = drawn(frontier, [s.at for s in samples]).lines[0]

    assert queued.path == "M0 150L150 112M450 38L600 0"
    assert queued.last == 4


def test_a_crawls_tree_stays_small_and_shows_what_is_off_topic():
    branches = [Branch(seed="s", depth=0, host="h", pages=1)]
    branches += [
        Branch(seed="s", depth=d, host=f"h{n}", above=f"h{n}", pages=n + 1, off_topic=n % 2)
        for d in range(1, 30)
        for n in range(500)
    ]

    found = tree(branches)

    assert len(found.dots) <= DEPTHS * NODES
    assert sum(dot.branch.pages for dot in found.dots) == sum(b.pages for b in branches)
    assert all(dot.above is not None for dot in found.dots if dot.branch.depth)
    off = {dot.branch.host for dot in found.dots if dot.branch.is_off_topic}
    assert {"h499", "h497"} <= off
    assert "h498" not in off
    assert next(dot.inner for dot in found.dots if dot.branch.host == "h499") == 0
    assert tree([]).dots == []


def test_branches_are_counted_by_seed_depth_and_host_however_many_there_are():
    crawler = get_crawler()
    branches = Branches(crawler)

    def fetch(number, seed="s", depth=1):
        meta = {"node": "n", "seed": seed, "depth": depth}
        request = Request(
            f"http://h{number}.example/", meta=meta, headers={"Referer": "http://a.example/1"}
        )
        response = Response(request.url, request=request)
        crawler.signals.send_catch_log(
            signals.response_received, response=response, request=request
        )
        return request, response

    for number in range(30):
        fetch(number)
        fetch(number % 3, seed=f"s{number % 100}", depth=number)
    request, response = fetch(0)
    item = Article(platform="p", external_id="1", url=request.url, wanted=False)
    crawler.signals.send_catch_log(signals.item_scraped, item=item, response=response)
    request.meta["pruned"] = True
    crawler.signals.send_catch_log(children_ready, parent=request, children=[request])
    robots = Request("http://r.example/robots.txt")
    crawler.signals.send_catch_log(
        signals.response_received, response=Response(robots.url), request=robots
    )

    found = branches.take()

    assert sum(b.pages for b in found) == 61
    assert found[0] == Branch(
        seed="s", depth=1, host="h0.example", above="a.example", pages=2, off_topic=1, pruned=1
    )
    assert len([b for b in found if b.seed == "s"]) == 17  # the last one is the others
    assert [b.pages for b in found if b.seed == "s" and b.host == OTHERS] == [14]
    assert len(found) <= MOST
    assert not branches.changed


async def test_what_is_kept_outlives_the_program_and_is_thinned_out_at_the_end(
    tmp_path, monkeypatch
):
    """Two programs one after the other look at a job of a real frontier; then it ends."""
    begun = int(time.time()) // 2 * 2 - 20
    now = begun + 1.0
    monkeypatch.setattr(time, "time", lambda: now)
    await begin_crawl(tmp_path)
    jobs = open_jobs({"STORE": "sqlite"}.get, tmp_path)
    jobs.add(Job(job="j", spider="google"))
    jobs.take("j", "one")
    jobs.beat("j", pid=1, progress=1, stats={"frontier/crawl": "food", "item_scraped_count": 5})
    config = Config(home=tmp_path)

    first = Recorder(config, lambda: jobs)
    for _ in range(3):
        first.tick()
        now += 1
    second = Recorder(config, lambda: jobs)
    second.tick()
    kept = JobHistory(jobs).read("j")
    (seen,) = second.look(jobs.named({"j"}))
    jobs.end("j", "finished")
    second.tick()

    assert [(s.at, s.items) for s in kept] == [(begun + at, 5) for at in (0, 2, 4)]
    assert kept[0].depths == [(0, 1, 0, 0, 0, 0), (1, 1, 0, 0, 0, 0)]
    assert [s.at for s in seen.recent[:-1]] == [s.at for s in kept[:-1]]
    ended = JobHistory(jobs).read("j")
    assert len(ended) == len(kept) + 1
    assert ended[-1].depths is None
    jobs.close()
