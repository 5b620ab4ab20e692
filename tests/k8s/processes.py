"""What rendered manifests say, as processes of this machine: commands, variables, ports, paths.

Each container port becomes a free port of loopback, each volume a folder; nothing else is made up.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx2

from k8s.lint.environment import data_of, environment, expand
from k8s.lint.rendering import Json
from k8s.lint.world import Pod, World
from tests.cli import ROOT
from tests.conftest import wait_until
from tests.ports import free_ports

PROGRAMS = {"gleanery": [sys.executable, "-m", "commands.app"], "python": [sys.executable]}


class Processes:
    """A context manager; what still runs at its end is killed."""

    def __init__(self, objects: list[Json], folder: Path) -> None:
        self.world, self.folder = World(objects), folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._client = httpx2.Client(timeout=60, trust_env=False, verify=False)
        numbers = [p["containerPort"] for c in self._containers() for p in c.get("ports", [])]
        self.ports = dict(zip(numbers, free_ports(len(numbers)), strict=True))
        self.services: dict[int, int] = {}
        """Port of a Service → where callers find it; those not here call the process itself."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        for process in self.running.values():
            process.kill()
            process.wait()

    def pod(self, name: str) -> Pod:
        return next(each for each in self.world.pods if each.owner["metadata"]["name"] == name)

    def address(self, name: str) -> str:
        """Of the first port of a pod's only container."""
        (container,) = self.pod(name).containers
        return f"http://127.0.0.1:{self.ports[container['ports'][0]['containerPort']]}"

    def start(self, name: str, *more: str) -> None:
        """Start the only container of a pod."""
        pod = self.pod(name)
        (container,) = pod.containers
        with self.log(name).open("ab") as log:
            command = [*self.command(pod, container), *more]
            env = self.environment(pod, container)
            self.running[name] = subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT
            )

    def replace(self, name: str, move: Callable[[int], object]) -> int:
        """As a rolling update does it: a new one, its door, and only then the old one's end.

        Args:
            name: Of a pod.
            move: Sends callers to the new one's port.

        Returns:
            The exit status of the old one.
        """
        self.running[f"{name}, the old one"] = self.running.pop(name)
        number = self.pod(name).containers[0]["ports"][0]["containerPort"]
        (self.ports[number],) = free_ports(1)
        self.start(name)
        wait_until(lambda: self.is_ready(name), seconds=60, every_seconds=0.3)
        move(self.ports[number])
        return self._ended(name, self.running.pop(f"{name}, the old one"))

    def is_ready(self, name: str) -> bool:
        """Ask what the readiness probe asks."""
        (container,) = self.pod(name).containers
        assert self.running[name].poll() is None, self.log(name).read_text()
        probe = container["readinessProbe"]
        if "exec" in probe:
            return self.run(name, probe["exec"]["command"]).returncode == 0
        try:
            answer = self._client.get(self.address(name) + probe["httpGet"]["path"])
        except httpx2.TransportError:
            return False
        return bool(answer.status_code == 200)

    def stop(self, name: str) -> int:
        """Send SIGTERM; return the exit status. It must come within the pod's time to end."""
        return self._ended(name, self.running.pop(name))

    def _ended(self, name: str, process: subprocess.Popen[bytes]) -> int:
        process.send_signal(signal.SIGTERM)
        grace = self.pod(name).spec["terminationGracePeriodSeconds"]
        try:
            return process.wait(timeout=grace)
        finally:
            process.kill()

    def run(self, name: str, words: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command in a container, as ``kubectl exec`` does."""
        pod = self.pod(name)
        (container,) = pod.containers
        return self._run(pod, container | {"command": words, "args": []}, given)

    def complete(self, name: str) -> None:
        """Run the containers of a Job, one after the other."""
        pod = self.pod(name)
        for container in pod.containers:
            done = self._run(pod, container)
            assert done.returncode == 0, (container["name"], done.stdout, done.stderr)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _run(self, pod: Pod, container: Json, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(pod, container), cwd=ROOT, env=self.environment(pod, container),
            input=given, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def command(self, pod: Pod, container: Json) -> list[str]:
        values = environment(self.world, pod, container).values
        words = [*container.get("command", []), *container.get("args", [])]
        here = [self._here(pod, container, expand(word, values)[0]) for word in words]
        return [*PROGRAMS.get(here[0], here[:1]), *here[1:]]

    def environment(self, pod: Pod, container: Json) -> dict[str, str]:
        values = environment(self.world, pod, container).values
        system = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return system | {n: self._here(pod, container, v) for n, v in values.items()}

    def _here(self, pod: Pod, container: Json, text: str) -> str:
        """Return a text of a manifest with places and ports of this machine."""
        if text.isdigit():
            return str(self.ports.get(int(text), text))
        services = "|".join(each["metadata"]["name"] for each in self.world.of("Service"))
        text = re.sub(
            rf"(?<![\w.-])({services}):(\d+)\b",
            lambda found: f"127.0.0.1:{self._called(int(found[2]))}",
            text,
        )
        return self._places(pod, container, text)

    def _called(self, port: int) -> int:
        return self.services.get(port, self.ports[port])

    def _places(self, pod: Pod, container: Json, text: str) -> str:
        mounts = {m["mountPath"]: self._place(pod, m) for m in container.get("volumeMounts", [])}
        for path, place in mounts.items():
            if around := mounts.get(str(Path(path).parent)):  # a mount inside another one
                inner = around / Path(path).name
                if not inner.is_symlink():
                    inner.symlink_to(place)
        longest = "|".join(sorted(map(re.escape, mounts), key=len, reverse=True))
        pattern = rf"(?<![\w./-])({longest})(?![\w-])"
        return re.sub(pattern, lambda found: str(mounts[found[1]]), text) if mounts else text

    def _place(self, pod: Pod, mount: Json) -> Path:
        """Return the folder of a volume, filled if it is a ConfigMap or a Secret."""
        name = mount["name"]
        volume: Any = next((v for v in pod.spec.get("volumes", []) if v["name"] == name), {})
        owner = pod.owner["metadata"]["name"]
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        own = f"{name}-{owner}-0" if name in pod.claims else f"{owner}-{name}"
        folder = self.folder / (claim or own) / mount.get("subPath", "")
        if folder.exists():
            return folder
        folder.mkdir(parents=True)
        for kind, source in (("ConfigMap", "configMap"), ("Secret", "secret")):
            if given := volume.get(source):
                called = given.get("name") or given.get("secretName")
                data = data_of(self.world, kind, called, pod.namespace)
                wanted = {each["key"] for each in given.get("items", [])} or set(data)
                for key in wanted:
                    text = data[key].replace("/data", str(self.folder / f"data-{owner}-0"))
                    (folder / key).write_text(text)
        return folder

    def _containers(self) -> list[Json]:
        return [container for _, container, _ in self.world.containers()]
