"""docs/wsl.md against the manifests, as far as that goes without Windows and Kubernetes."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import typer

from commands.app import app
from k8s.lint.stacks import Stack
from k8s.lint.world import World
from tests.cli import ROOT
from tests.images.test_compose import understood

GUIDE = (ROOT / "docs" / "wsl.md").read_text(encoding="utf-8")
KOREAN = (ROOT / "docs" / "wsl.ko.md").read_text(encoding="utf-8")


def commands(text: str) -> list[str]:
    """Lines of the shell's blocks, without what stands behind ``#``."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]


def made_folders(tmp_path: Path) -> dict[str, str]:
    """Run the guide's ``install -d`` below a folder of ours; return each folder's owner."""
    owners = {}
    for line in commands(GUIDE):
        if not line.startswith("sudo install -d"):
            continue
        uid = re.search(r"-o (\d+) -g \1 -m 750 ", line)
        assert uid, line
        ours = re.sub(r"-o \d+ -g \d+ |sudo ", "", line).replace("/var/", f"{tmp_path}/var/")
        told = ["bash", "-ec", f"{ours} -v"]
        subprocess.run(told, check=True, capture_output=True)
        for path in [*tmp_path.rglob("*")]:
            owners.setdefault(f"/{path.relative_to(tmp_path)}", uid[1])
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
    inside = re.findall(r"exec (?:-it )?(\w+)/(\w+) -- gleanery (.*)", text)
    assert len(inside) >= 3
    for kind, name, words in inside:
        assert kind == "deploy"
        assert world.find("Deployment", name, "gleanery")
        understood(typer.main.get_command(app), shlex.split(words))


def test_the_korean_one_gives_the_same_commands():
    assert commands(KOREAN) == commands(GUIDE)
