"""What one slow host costs the others: pages a second of fast hosts with and without it.

With the default numbers of requests at once, 16 and 4 of a host. The fast hosts answer in half a
second, so that connections are what is short, not this machine: with four of them every
connection is in use, and a slow host without a delay takes its 4 of 16; with three, 4 are free.
Same run, interleaved, medians. Needs ``redis-server``. ``--quick`` makes it a tenth as large.
"""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

from redis import Redis

from benchmarks.frontier_runs import OURS, SCALE, crawl, helper, redis_server
from benchmarks.frontier_site import FAST_HOSTS
from benchmarks.goals import Goal, show

FAST = 400 // SCALE
ROUNDS = 3
DEFAULTS = {"CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": 4}
"""As in ``crawlers.settings``."""


class Case(NamedTuple):
    """A crawl of some fast hosts and a slow one."""

    name: str
    hosts: int
    slow: int = 0
    """Pages of the slow host; 0 = there is none."""
    delay: float = 0.0
    """Its Crawl-delay in seconds."""
    goal: str = ""


CASES = (
    Case("alone", 4),
    Case("beside one with Crawl-delay 3 s, answering in 2 s", 4, 6, 3.0, ">= 0.95"),
    Case("beside one answering in 2 s, no delay", 4, 40),
    Case("alone", 3),
    Case("beside one answering in 2 s, no delay", 3, 40, goal=">= 0.95"),
)


def fast_rate(redis: Redis, settings: dict[str, object], case: Case) -> float:
    """Return the pages a second of the fast hosts, from the page with all links to nine tenths."""
    arguments = (case.hosts, FAST, case.slow, case.delay, 2.0)
    with helper("hosts", *map(str, arguments)) as port:
        url = f"http://{FAST_HOSTS[0]}:{port}/0"
        robots = case.hosts + bool(case.slow)
        row = crawl(redis, url, settings, FAST + case.slow + 1 + robots)
    times = sorted(at for host in FAST_HOSTS for at in row["hosts"].get(host, []))
    counted = len(times) * 9 // 10
    return float(counted / (times[counted] - times[0]))


def main() -> None:
    """Measure and print."""
    rates: dict[Case, list[float]] = {case: [] for case in CASES}
    with redis_server() as socket, Redis(unix_socket_path=socket) as redis:
        settings = OURS | DEFAULTS | {"REDIS_URL": f"unix://{socket}", "ROBOTSTXT_OBEY": True}
        for _ in range(ROUNDS):
            for case in CASES:
                rates[case].append(fast_rate(redis, settings, case))
    goals = []
    for case, values in rates.items():
        name = f"{case.hosts} fast hosts {case.name}"
        goals.append(Goal(f"{name}: pages/s", median(values)))
        if case.slow:
            alone = next(v for c, v in rates.items() if c.hosts == case.hosts and not c.slow)
            goals.append(Goal(f"{name} / alone", median(values) / median(alone), case.goal))
    show(goals)


if __name__ == "__main__":
    main()
