"""docs/wsl.md against the manifests, as far as that goes without Windows and Kubernetes."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import typer

from commands.app import app
from k8s.lint.rendering import kubectl, parse
from k8s.lint.rules import lint
from k8s.lint.stacks import Stack
from k8s.lint.world import World
from tests.cli import ROOT
from tests.conftest import missing_server
from tests.images.test_compose import understood

GUIDE = (ROOT / "docs" / "wsl.md").read_text(encoding="utf-8")
KOREAN = (ROOT / "docs" / "wsl.ko.md").read_text(encoding="utf-8")
MARKS = {
    "Run by tests": "테스트가 실행",
    "Run by hand": "손으로 실행",
    "Not run": "실행하지 않음",
}
"""What stands before each block, in either language."""
IN_POD = re.compile(r"kubectl -n gleanery exec (?:-it )?deploy/(\w+) -- (gleanery .*)")
SUDO = """\
#!/bin/bash
if [ "$1" = install ] && [ "$(id -u)" != 0 ]; then  # only root gives folders away
    shift; set -- install $(sed -E 's/-[og] [0-9]+//g' <<<"$*")
fi
exec "$@"
"""


def blocks(text: str) -> list[tuple[str, str]]:
    """What stands before each block of commands and files, between asterisks, and the block."""
    return re.findall(r"\n(?:\*([^*\n]+?):?\*[^*\n]*:?\n\n)?```\w+\n(.*?)```", text, re.DOTALL)


def commands(text: str) -> list[str]:
    """Lines of the shell's blocks, without what stands behind ``#``."""
    found = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [re.sub(r"\s+#.*", "", line) for block in found for line in block.splitlines()]


def to_be_run() -> list[str]:
    """Lines that the guide says tests run."""
    marked = "".join(block for mark, block in blocks(GUIDE) if mark == "Run by tests")
    return commands(f"```sh\n{marked}```")


def followed(folder: Path) -> subprocess.CompletedProcess[str]:
    """Do what the guide says and this machine can, in a copy of the manifests, below a folder."""
    programs, checkout = folder / "bin", folder / "checkout"
    ignored = shutil.ignore_patterns("__pycache__", "*.env.new", "passwords.env", "platforms.env")
    shutil.copytree(ROOT / "k8s", checkout / "k8s", ignore=ignored)
    for place in (programs, folder / "etc/modules-load.d", folder / "etc/sysctl.d"):
        place.mkdir(parents=True)
    (programs / "sudo").write_text(SUDO)
    (programs / "sudo").chmod(0o700)
    found = {"kubectl": kubectl() or missing_server("kubectl"), "python3": sys.executable}
    for name, program in (found | {"less": shutil.which("cat")}).items():
        (programs / name).symlink_to(str(program))
    lines = [line for line in to_be_run() if not IN_POD.fullmatch(line)]
    script = re.sub(r"(?<=\s)/(etc|var)/", rf"{folder}/\1/", "\n".join(lines))
    path = f"{programs}:/usr/bin:/bin"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=checkout, env={"PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_what_can_be_run_here_is_run_and_the_rest_is_marked(tmp_path):
    """As they stand, below another root; ``kubectl exec`` is left to the smoke."""
    done = followed(tmp_path)

    assert done.returncode == 0, done.stderr
    written = (tmp_path / "etc/modules-load.d/kubernetes.conf").read_text()
    assert written == "overlay\nbr_netfilter\n"
    assert (tmp_path / "etc/sysctl.d/kubernetes.conf").read_text().count("=1\n") == 2
    secrets = tmp_path / "checkout/k8s/secrets/passwords.env"
    objects = parse(done.stdout[done.stdout.index("apiVersion:") :])
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert [str(each) for each in lint(objects)] == []
    assert {mark for mark, _ in blocks(GUIDE)} == set(MARKS)
    assert [MARKS[mark] for mark, _ in blocks(GUIDE)] == [mark for mark, _ in blocks(KOREAN)]


def made_folders(tmp_path: Path) -> dict[str, str]:
    """Follow the guide; return each folder's owner as it says it."""
    done = followed(tmp_path)
    assert done.returncode == 0, done.stderr
    owners = {}
    for uid, group, names in re.findall(r"install -d -o (\d+) -g (\d+) -m 750 (\S+)", GUIDE):
        assert uid == group
        spread = subprocess.check_output(["bash", "-c", f"echo {names}"], text=True)
        owners |= dict.fromkeys(spread.split(), uid)
    assert all((tmp_path / path[1:]).is_dir() for path in owners)
    return owners


def test_every_volume_of_the_node_has_a_folder_of_its_owner(rendered, tmp_path):
    world, owners = World(rendered(Stack("wsl"))), made_folders(tmp_path)
    pods = {p.owner["metadata"]["name"]: p for p in world.pods}
    wanted = {}
    for volume in world.of("PersistentVolume"):
        claim = volume["spec"]["claimRef"]["name"]
        users = [
            p for name, p in pods.items()
            if claim == f"data-{name}-0" or claim in str(p.spec.get("volumes"))
        ]  # fmt: skip
        (owner,) = {str(p.spec["securityContext"]["fsGroup"]) for p in users}
        folder = volume["spec"]["hostPath"]["path"]
        mounts = [m for p in users for c in p.containers for m in c.get("volumeMounts", [])]
        inside = {m["subPath"] for m in mounts if m["name"] == claim and "subPath" in m}
        wanted |= {f"{folder}/{each}".rstrip("/"): owner for each in ("", *inside)}

    assert len(wanted) > 7
    assert {path: owners.get(path) for path in wanted} == wanted


def test_its_addresses_are_ports_of_the_node(rendered):
    services = World(rendered(Stack("wsl"))).of("Service")
    doors = {str(p["nodePort"]) for s in services for p in s["spec"]["ports"] if "nodePort" in p}

    assert set(re.findall(r"localhost:(\d+)", GUIDE)) == doors


def test_its_folders_images_and_commands_are_there(rendered):
    world = World(rendered(Stack("wsl")))
    text = "\n".join(commands(GUIDE))
    images = {c["image"] for _, c, _ in world.containers() if c["image"].startswith("gleanery/")}
    names = re.search(r"for name in (.*); do", text)
    tag = re.search(r'"gleanery/\$name:(\S+)" ', text)
    assert names
    assert tag

    assert images == {f"gleanery/{name}:{tag[1]}" for name in names[1].split()}
    assert all((ROOT / each / "kustomization.yaml").exists()
               for each in re.findall(r"k8s/overlays/\w+", GUIDE))  # fmt: skip
    inside = [found.groups() for line in text.splitlines() if (found := IN_POD.fullmatch(line))]
    assert len(inside) >= 3
    for name, words in inside:
        assert world.find("Deployment", name, "gleanery")
        understood(typer.main.get_command(app), shlex.split(words)[1:])


def test_the_korean_one_gives_the_same_commands():
    assert commands(KOREAN) == commands(GUIDE)
