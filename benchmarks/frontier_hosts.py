"""What one slow host costs the others: pages a second of four fast hosts with and without it.

With the default numbers of requests at once, 16 and 4 of a host, and without AutoThrottle, so that
the fast hosts are as fast as they can be. A slow host without a delay keeps its 4 for itself: of the
others' connections a quarter is missing. Same run, interleaved, medians. Needs ``redis-server``.
``--quick`` makes it a tenth as large.
"""

from __future__ import annotations

from statistics import median

from redis import Redis

from benchmarks.frontier import OURS, SCALE, crawl, helper, redis_server
from benchmarks.frontier_site import FAST_HOSTS
from benchmarks.goals import Goal, show

FAST = 1000 // SCALE
ROUNDS = 3
SLOW = {
    "no slow host": (0, 0.0, 0.0),
    "one with Crawl-delay 3 s, answering in 2 s": (4, 3.0, 2.0),
    "one answering in 2 s, no delay": (40, 0.0, 2.0),
}
"""Pages of the slow host, its Crawl-delay, the time of its answers."""
DEFAULTS = {"CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": 4}
"""As in ``crawlers.settings``."""


def fast_rate(redis: Redis, settings: dict[str, object], slow: tuple[int, float, float]) -> float:
    """Return the pages a second of the fast hosts, from the page with all links to the last."""
    pages, delay, seconds = slow
    with helper("hosts", str(FAST), str(pages), str(delay), str(seconds)) as port:
        url = f"http://{FAST_HOSTS[0]}:{port}/0"
        robots = 5 if pages else 4
        row = crawl(redis, url, settings, FAST + pages + 1 + robots)
    times = sorted(at for host in FAST_HOSTS for at in row["hosts"][host])
    return (len(times) - 1) / (times[-1] - times[0])


def main() -> None:
    """Measure and print."""
    rates: dict[str, list[float]] = {name: [] for name in SLOW}
    with redis_server() as socket, Redis(unix_socket_path=socket) as redis:
        settings = OURS | DEFAULTS | {"REDIS_URL": f"unix://{socket}", "ROBOTSTXT_OBEY": True}
        for _ in range(ROUNDS):
            for name, slow in SLOW.items():
                rates[name].append(fast_rate(redis, settings, slow))
    alone, *others = (median(values) for values in rates.values())
    goals = [Goal(f"four fast hosts, {name}: pages/s", median(r)) for name, r in rates.items()]
    names = [name for name in SLOW if SLOW[name][0]]
    goals += [
        Goal(f"with / without {name}", rate / alone, ">= 0.95" if SLOW[name][1] else "")
        for name, rate in zip(names, others, strict=True)
    ]
    show(goals)


if __name__ == "__main__":
    main()
