"""How long a report of a frontier takes that holds a million requests, in Redis and in a file."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from redis import Redis

from benchmarks.goals import Goal, show
from crawlers.frontier.redis_control import RedisControl
from crawlers.frontier.sqlite_control import SqliteControl
from crawlers.frontier.sqlite_queue import SqliteQueue

if TYPE_CHECKING:
    from crawlers.frontier.control import FrontierControl

QUEUED = 1_000_000
HOSTS = 10_000
SAMPLES = 50
_FILL = """
local P, n, hosts = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('HSET', P .. 'meta', 'generation', 'g', 'seen', n)
for i = tonumber(ARGV[3]), tonumber(ARGV[4]) do
    local host, depth = 'host' .. i % hosts .. '.example', i % 5
    local body = '{"v": 1, "url": "https://' .. host .. '/' .. i .. '"}'
    redis.call('RPUSH', P .. 'queue:' .. depth .. ':' .. host, ';;' .. body)
    redis.call('ZADD', P .. 'hosts:' .. depth, i, host)
    redis.call('HINCRBY', P .. 'queued', depth, 1)
    redis.call('ZADD', P .. 'levels', depth, depth)
    if i % 2000 == 0 then
        local lease = i .. ';' .. depth .. ';' .. host .. ';;;{"url": "https://x/"}'
        redis.call('HSET', P .. 'lease:w' .. i % 16, i, lease)
        redis.call('ZADD', P .. 'workers', i, 'w' .. i % 16)
        redis.call('HSET', P .. 'dead', i, depth .. ';' .. host .. ';1@w@died;;{"url": "https://x/"}')
        for _, name in ipairs({ 'host_inflight', 'host_done', 'host_dead', 'host_pruned' }) do
            redis.call('HINCRBY', P .. name, host, 1)
        end
        redis.call('RPUSH', P .. 'pruned_queue', depth .. ';' .. host .. ';;n;{"url": "https://x/"}')
    end
end
"""


_FILL_FILE = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {queued})
INSERT INTO requests (id, depth, host, path, body, worker, lease, leased_at)
SELECT i, i % 5, 'host' || i % {hosts} || '.example', '',
    CAST('{{"v": 1, "url": "https://x/' || i || '"}}' AS BLOB),
    iif(i % 2000, NULL, 'w' || i % 16), iif(i % 2000, NULL, i), i FROM n;
INSERT INTO waiting SELECT depth, host, min(id), count(*) FROM requests GROUP BY depth, host;
INSERT INTO levels SELECT depth, count(*), 0, 0, 0, 0 FROM requests GROUP BY depth;
INSERT INTO hosts (host, done) SELECT DISTINCT host, 1 FROM requests;
INSERT INTO workers SELECT DISTINCT worker, 1, 1 FROM requests WHERE worker IS NOT NULL;
"""


def main() -> None:
    """Fill a Redis of our own and a file, then read the reports again and again."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        raise SystemExit("redis-server is not installed")
    with tempfile.TemporaryDirectory() as folder:
        goals = measure_file(Path(folder) / "bench.db")
        socket = Path(folder) / "redis.sock"
        command = [program, "--port", "0", "--unixsocket", str(socket), "--save", ""]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            while not socket.exists():
                time.sleep(0.01)
            try:
                show(measure(Redis(unix_socket_path=str(socket))) + goals)
            finally:
                server.terminate()


def timed(control: FrontierControl) -> list[float]:
    """Return how long each report took, in ms."""
    times = []
    for _ in range(SAMPLES):
        start_at = time.perf_counter()
        control.stats()
        times.append((time.perf_counter() - start_at) * 1000)
    return times


def measure(redis: Redis) -> list[Goal]:
    """Return the median and the worst time of a report, and who spent it."""
    control = RedisControl(redis, "bench")
    for start in range(1, QUEUED, 10_000):
        redis.eval(_FILL, 1, control.prefix, str(QUEUED), str(HOSTS), str(start), str(start + 9999))
    assert control.stats().queued == QUEUED
    redis.config_resetstat()
    cpu_at = time.process_time()
    times = timed(control)
    ours = (time.process_time() - cpu_at) / SAMPLES * 1000
    used = redis.info("commandstats")["cmdstat_evalsha"]["usec"]
    return [
        Goal("report of 1 M queued, median ms", statistics.median(times), "<= 5"),
        Goal("report of 1 M queued, worst of 50 ms", max(times)),
        Goal("of that, Redis ms", used / SAMPLES / 1000),
        Goal("of that, our own CPU ms", ours),
    ]


def measure_file(path: Path) -> list[Goal]:
    """Return the median and the worst time of a report of a file, its opening included."""
    queue = SqliteQueue(path, "bench")
    asyncio.run(queue.open())
    asyncio.run(queue.close())
    with closing(sqlite3.connect(path)) as db:
        db.executescript(_FILL_FILE.format(queued=QUEUED, hosts=HOSTS))
        times = timed(control := SqliteControl(path, "bench"))
        assert control.stats().queued == QUEUED
    return [
        Goal("report of 1 M queued in a file, median ms", statistics.median(times), "<= 5"),
        Goal("report of 1 M queued in a file, worst of 50 ms", max(times)),
    ]


if __name__ == "__main__":
    main()
