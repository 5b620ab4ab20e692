"""nginx as an Ingress says it; TLS is left to the controller."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from k8s.lint.rendering import Json
from tests.conftest import missing_server
from tests.ports import free_ports

_CONFIG = """\
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
{servers}
}}
"""
_SERVER = """\
  server {{
    listen 127.0.0.1:{port};
    server_name {host};
{locations}
  }}
"""
_LOCATION = """\
    location {path} {{
      proxy_pass http://127.0.0.1:{target};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https;
    }}
"""


class Edge:
    """A running proxy; ``targets`` maps a Service's name to the port that stands for it."""

    def __init__(self, ingress: Json, folder: Path, targets: dict[str, int]) -> None:
        self._ingress, self._folder, self._targets = ingress, folder, targets
        (port,) = free_ports(1)
        self._port, self.url = port, f"http://127.0.0.1:{port}"

    def move(self, service: str, port: int) -> None:
        """Send new requests to another process; those under way end where they are."""
        self._targets[service] = port
        self.write()
        os.kill(int((self._folder / "nginx.pid").read_text()), signal.SIGHUP)
        time.sleep(1)  # nginx says nowhere that it has taken the new file

    def write(self) -> None:
        servers = "".join(map(self._server, self._ingress["spec"]["rules"]))
        user = "user root;" if os.geteuid() == 0 else ""
        text = _CONFIG.format(user=user, folder=self._folder, servers=servers)
        (self._folder / "nginx.conf").write_text(text)

    def _server(self, rule: Json) -> str:
        locations = ""
        for path in rule["http"]["paths"]:
            exact = "= " if path["pathType"] == "Exact" else ""
            target = self._targets[path["backend"]["service"]["name"]]
            locations += _LOCATION.format(path=exact + path["path"], target=target)
        return _SERVER.format(port=self._port, host=rule["host"], locations=locations)


@contextmanager
def running_edge(ingress: Json, folder: Path, targets: dict[str, int]) -> Iterator[Edge]:
    """Run nginx with the rules of an Ingress."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        missing_server("nginx")
    folder.mkdir()
    edge = Edge(ingress, folder, targets)
    edge.write()
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    with subprocess.Popen(command) as process:
        try:
            yield edge
        finally:
            process.terminate()
