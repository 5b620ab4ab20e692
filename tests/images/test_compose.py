"""compose.yaml: what it starts is there, set as our settings know it, and parted as it says."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import typer
import yaml

from commands.app import app
from gleanery.config import load_config
from model_server.__main__ import parse

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
FILE = yaml.safe_load(TEXT)
SERVICES = FILE["services"]
OURS = {name: each for name, each in SERVICES.items() if each["image"].startswith("gleanery/")}


def filled(value):
    """As Compose fills in variables, with ``x`` for every password."""
    value = re.sub(r"\$\{\w+(?::\?[^}]*)?\}", "x", str(value))
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def test_it_follows_the_compose_specification():
    compose_spec = pytest.importorskip("compose_spec", reason="needs compose-spec")

    read = compose_spec.PyCompose.from_yaml(yaml.safe_dump(FILE))
    read.validate_networks()
    read.validate_volumes()

    assert set(read.service_names()) == set(SERVICES)
    with pytest.raises(ValueError, match="restrat"):
        compose_spec.PyCompose.from_yaml(yaml.safe_dump(FILE | {"restrat": {}}))


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_one_of_ours_and_fits(name, monkeypatch):
    for key in [key for key in os.environ if key.startswith("GLEANERY_")]:
        monkeypatch.delenv(key)
    for key, value in OURS[name]["environment"].items():
        monkeypatch.setenv(key, filled(value))

    load_config()


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_understood(name):
    command = OURS[name]["command"]

    if command[:2] == ["gleanery", "serve-models"]:
        parse(command[2:], can_work=True)
    elif command[0] == "gleanery":
        understood(typer.main.get_command(app), command[1:])
    else:
        assert command == ["python", "-m", "scrapyd", "--pidfile="]


def understood(command, words):
    """Parse without running anything."""
    context = command.make_context(command.name, list(words), resilient_parsing=False)
    if rest := [*getattr(context, "_protected_args", []), *context.args]:
        inner = command.get_command(context, rest[0])
        assert inner is not None, rest
        understood(inner, rest[1:])


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_runs_with_more_than_it_needs(name):
    each = SERVICES[name]

    assert each["read_only"]
    assert each["cap_drop"] == ["ALL"]
    assert each["security_opt"] == ["no-new-privileges:true"]
    assert name not in OURS or "cap_add" not in each
    assert re.search(r":v?\d", each["image"])
    assert all(port.startswith("127.0.0.1:") for port in each.get("ports", []))


@pytest.mark.parametrize("name", OURS)
def test_whoever_is_addressed_is_in_reach(name):
    """Each host of an address is a service in a network of both."""
    text = " ".join(map(filled, OURS[name]["environment"].values()))
    hosts = set(re.findall(r"\w+://(?:[^/@\s]*@)?([a-z]+):\d+", text))

    assert hosts <= set(SERVICES)
    for host in hosts:
        assert set(SERVICES[host]["networks"]) & set(OURS[name]["networks"]), host


def test_networks_part_what_need_not_meet():
    reach = {name: set(each["networks"]) for name, each in SERVICES.items()}
    inside = {name for name, each in FILE["networks"].items() if each.get("internal")}

    assert inside == {"stores", "queue", "models"}
    assert {name for name, nets in reach.items() if "internet" in nets} == {"crawl", "worker"}
    assert reach["client"] == {"stores", "edge"}
    assert reach["model"] == {"models"}
    for server in ("redis", "mysql", "mongodb"):
        assert reach[server] <= inside


def test_prometheus_reaches_whoever_tells_it_something():
    """Its targets are services that share a network with it; what it reads lies where it looks."""
    folder = ROOT / "k8s" / "components" / "monitoring"
    scrapes = yaml.safe_load((folder / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    targets = {t.split(":")[0] for s in scrapes for c in s["static_configs"] for t in c["targets"]}
    near = set(SERVICES["prometheus"]["networks"])

    assert targets == {"exporter", "model", "client", "admin", "crawl", "worker"}
    assert all(near & set(SERVICES[name]["networks"]) for name in targets)
    assert near & set(SERVICES["grafana"]["networks"])
    mounts = [v.split(":") for each in SERVICES.values() for v in each.get("volumes", [])]
    assert all((ROOT / place).is_dir() for place, *_ in mounts if place.startswith("./"))


def test_the_script_writes_every_password():
    done = subprocess.run(
        [ROOT / "images" / "passwords.sh"], capture_output=True, text=True, check=True
    )
    given = dict(line.split("=") for line in done.stdout.splitlines())

    assert set(given) == set(re.findall(r"\$\{(\w+):\?", TEXT))
    assert len(set(given.values())) == len(given)
    assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in given.values())


def test_volumes_are_declared_and_writable_folders_are_in_the_image():
    mounted = {v.split(":")[0] for each in SERVICES.values() for v in each.get("volumes", [])}
    named = {place for place in mounted if not place.startswith("./")}
    places = {v.split(":")[1] for each in OURS.values() for v in each.get("volumes", [])}
    made = re.search(r"install -d -o 10001 .* 0750 (.*)", (ROOT / "Dockerfile").read_text("utf-8"))[
        1
    ]

    assert named == set(FILE["volumes"])
    assert places <= set(made.split())
