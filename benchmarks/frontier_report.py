"""How long a report of a frontier takes that holds a million requests."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from redis import Redis

from benchmarks.goals import Goal, show
from crawlers.frontier.redis_control import RedisControl

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


def main() -> None:
    """Fill a Redis of our own, then read the report again and again."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        raise SystemExit("redis-server is not installed")
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "redis.sock"
        command = [program, "--port", "0", "--unixsocket", str(socket), "--save", ""]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            while not socket.exists():
                time.sleep(0.01)
            try:
                show(measure(Redis(unix_socket_path=str(socket))))
            finally:
                server.terminate()


def measure(redis: Redis) -> list[Goal]:
    """Return the median and the worst time of a report, and who spent it."""
    control = RedisControl(redis, "bench")
    for start in range(1, QUEUED, 10_000):
        redis.eval(_FILL, 1, control.prefix, str(QUEUED), str(HOSTS), str(start), str(start + 9999))
    assert control.stats().queued == QUEUED
    redis.config_resetstat()
    times, cpu_at = [], time.process_time()
    for _ in range(SAMPLES):
        start_at = time.perf_counter()
        control.stats()
        times.append((time.perf_counter() - start_at) * 1000)
    ours = (time.process_time() - cpu_at) / SAMPLES * 1000
    used = redis.info("commandstats")["cmdstat_evalsha"]["usec"]
    return [
        Goal("report of 1 M queued, median ms", statistics.median(times), "<= 5"),
        Goal("report of 1 M queued, worst of 50 ms", max(times)),
        Goal("of that, Redis ms", used / SAMPLES / 1000),
        Goal("of that, our own CPU ms", ours),
    ]


if __name__ == "__main__":
    main()
