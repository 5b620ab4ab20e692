"""What is rendered fits together, and is what Kubernetes takes."""

from __future__ import annotations

import re
import shutil
import stat
from pathlib import Path

import pytest

from k8s.lint.crd import schemas
from k8s.lint.rendering import Json, render
from k8s.lint.rules import lint
from k8s.lint.stacks import Stack, stacks
from k8s.secrets.__main__ import NAMES, main
from tests.cli import ROOT

schema = pytest.importorskip("k8s.lint.schema", reason="needs the group servers-test")
TARGET, NEWEST = "1.31.0", schema.versions()[-1]
PAGE = (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")
OVERLAY, EXTERNAL = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("stack", stacks(), ids=str)
def test_everything_fits_together(rendered, stack):
    assert [str(each) for each in lint(rendered(stack))] == []


@pytest.mark.parametrize("version", [TARGET, NEWEST])
def test_kubernetes_takes_it(rendered, version):
    """Its schemas and those of other projects' kinds, with every unknown field an error."""
    every = {str(each): each for stack in stacks() for each in rendered(stack)}

    assert [m for each in every.values() for m in schema.mistakes(each, version)] == []


def test_the_schemas_find_a_field_that_there_is_not(rendered):
    every = {e["kind"]: e for e in rendered(Stack("cluster")) if e["metadata"]["name"] != "redis"}
    places = {
        "Deployment": every["Deployment"]["spec"]["template"]["spec"]["containers"][0],
        "HTTPRoute": every["HTTPRoute"]["spec"]["rules"][0]["matches"][0]["path"],
        "ScaledObject": every["ScaledObject"]["spec"]["triggers"][0],
        "ServiceMonitor": every["ServiceMonitor"]["spec"]["endpoints"][0],
    }

    for kind, place in places.items():
        assert schema.mistakes(every[kind], NEWEST) == []
        place["comand"] = ["x"]
        assert ["comand" in each for each in schema.mistakes(every[kind], NEWEST)] == [True], kind


def test_a_schema_says_what_its_crd_says():
    """But for the words; a port may be a name or a number, and nothing else may stand there."""
    port = {"description": "Where.", "x-kubernetes-int-or-string": True, "type": "string"}
    spec = {"type": "object", "description": "All.", "properties": {"port": port}}
    crd = {"spec": {"group": "keda.sh", "names": {"kind": "ScaledObject"}, "versions": [
        {"name": "v1alpha1", "schema": {"openAPIV3Schema": {"properties": {"spec": spec}}}},
    ]}}  # fmt: skip

    ((name, made),) = schemas(crd)

    either = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    assert name == "keda.sh-v1alpha1-scaledobject.json"
    assert made["properties"]["spec"] == {
        "type": "object", "properties": {"port": either}, "additionalProperties": False,
    }  # fmt: skip


def test_an_overlay_of_ones_own_is_made_as_the_page_says(manifests):
    objects = made(manifests / "overlays" / "own", OVERLAY)

    assert [str(each) for each in lint(objects)] == []
    (crawl,) = (e for e in objects if e["kind"] == "StatefulSet")  # databases are others'
    (container,) = crawl["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example/gleanery/crawl:0.1.0"


def test_secrets_may_come_from_elsewhere_as_the_page_says(manifests):
    """Another program's Secrets take the place of ours, under the same names."""
    place = manifests / "overlays" / "external"
    shutil.copytree(manifests / "overlays" / "cluster", place)
    (place / "external.yaml").write_text(EXTERNAL)
    ours = (place / "kustomization.yaml").read_text()

    objects = made(place, ours.replace("../../secrets", "external.yaml"))

    assert [str(each) for each in lint(objects)] == []
    assert [m for each in objects for m in schema.mistakes(each, NEWEST)] == []
    assert "../../secrets" in ours
    assert "ExternalSecret" in {each["kind"] for each in objects}
    assert [e["metadata"]["name"][:13] for e in objects if e["kind"] == "Secret"] == [
        "scrapyd-user-"
    ]


def test_the_end_of_the_doors_certificate_is_told(rendered):
    """Whoever opens a door with a certificate, and monitors, has the exporter look at it."""
    for stack in (Stack("cluster"), Stack("wsl", ("monitoring", "ingress"))):
        (exporter,) = (
            each
            for each in rendered(stack)
            if (each["kind"], each["metadata"]["name"]) == ("Deployment", "exporter")
        )
        pod = exporter["spec"]["template"]["spec"]
        told = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
        (shown,) = (v["secret"] for v in pod["volumes"] if "secret" in v)

        assert told["GLEANERY_METRICS_CERTIFICATES"] == "/door/tls.crt"
        assert shown["secretName"] == "gleanery-tls"
        assert [each["key"] for each in shown["items"]] == ["tls.crt"]  # never the key


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


def made(place: Path, text: str) -> list[Json]:
    """Render a folder with such a kustomization."""
    place.mkdir(exist_ok=True)
    (place / "kustomization.yaml").write_text(text)
    return render(place)
