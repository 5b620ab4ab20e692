"""What is rendered fits together, and is what Kubernetes takes."""

from __future__ import annotations

import stat

import pytest

from k8s.lint.rules import lint
from k8s.lint.stacks import Stack, stacks
from k8s.secrets.__main__ import NAMES, main

schema = pytest.importorskip("k8s.lint.schema", reason="needs the group servers-test")
TARGET, NEWEST = "1.31.0", schema.versions()[-1]


@pytest.mark.parametrize("stack", stacks(), ids=str)
def test_everything_fits_together(rendered, stack):
    assert [str(each) for each in lint(rendered(stack))] == []


@pytest.mark.parametrize("version", [TARGET, NEWEST])
def test_kubernetes_takes_it(rendered, version):
    """Its schemas with every unknown field an error; kinds of other projects are not in them."""
    every = {str(each): each for stack in stacks() for each in rendered(stack)}

    assert [m for each in every.values() for m in schema.mistakes(each, version)] == []


def test_the_schemas_find_a_field_that_there_is_not(rendered):
    (model,) = (
        e
        for e in rendered(Stack("wsl"))
        if e["metadata"]["name"] == "model" and "replicas" in e["spec"]
    )
    model["spec"]["template"]["spec"]["containers"][0]["comand"] = ["x"]

    assert ["comand" in each for each in schema.mistakes(model, NEWEST)] == [True]


def test_a_pod_of_ours_is_told_only_its_own_passwords(rendered):
    """Of ``passwords``; administrators' are for the servers and the Job that makes accounts."""
    told = {
        each["metadata"]["name"]: {
            env["valueFrom"]["secretKeyRef"]["key"]
            for c in each["spec"]["template"]["spec"]["containers"]
            for env in c.get("env", [])
            if "valueFrom" in env
        }
        for each in rendered(Stack("wsl"))
        if each["kind"] in {"Deployment", "StatefulSet"}
    }

    assert told == {
        "crawl": {"crawl", "redis", "model", "scrapyd"},
        "worker": {"crawl", "redis", "model", "metrics"},
        "model": {"model"},
        "admin": {"admin", "redis", "model", "scrapyd"},
        "client": {"client", "redis"},
        "mysql": {"mysql-root"},
        "mongodb": {"mongodb-root"},
        "redis": {"redis"},
    }


def test_passwords_are_written_once_for_their_owner_alone(tmp_path):
    file = tmp_path / "passwords.env"
    file.write_text("redis=mine")

    main(tmp_path)
    first = file.read_text()
    main(tmp_path)

    given = dict(line.split("=") for line in first.splitlines())
    assert file.read_text() == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert given["redis"] == "mine"
    assert set(given) == set(NAMES)
    assert min(map(len, (v for k, v in given.items() if k != "redis"))) == 64
