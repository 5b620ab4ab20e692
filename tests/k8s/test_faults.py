"""One mistake in manifests that are right: the lint names it, and without it says nothing."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from k8s.lint.rules import lint
from k8s.lint.stacks import Stack

ONE_NODE, CLUSTER = Stack("wsl", ("ingress",)), Stack("cluster")
TRACED = Stack("wsl", ("tracing",))


class Manifests:
    """Rendered objects by name, to be broken."""

    def __init__(self, objects: list[Any]) -> None:
        self.objects = objects

    def one(self, kind: str, name: str) -> Any:
        """The object; generated ones by the name before their hash."""
        (found,) = (
            each
            for each in self.objects
            if each["kind"] == kind
            and (each["metadata"]["name"] == name or each["metadata"]["name"][:-11] == name)
        )
        return found

    def spec(self, kind: str, name: str) -> Any:
        return self.one(kind, name)["spec"]

    def pod(self, name: str) -> Any:
        kind = "StatefulSet" if name in {"crawl", "redis", "mysql", "mongodb"} else "Deployment"
        return self.spec(kind, name)["template"]["spec"]

    def container(self, name: str) -> Any:
        return self.pod(name)["containers"][0]

    def variable(self, pod: str, name: str) -> Any:
        return next(each for each in self.container(pod)["env"] if each["name"] == name)

    def drop(self, kind: str, name: str) -> None:
        self.objects.remove(self.one(kind, name))


Break = Callable[[Manifests], object]
FAULTS: dict[str, tuple[Stack, str, Break]] = {
    "a Service's selector": (
        ONE_NODE,
        "selects-nothing",
        lambda m: m.spec("Service", "model")["selector"].update(
            {"app.kubernetes.io/name": "modle"}
        ),
    ),
    "a Deployment's own labels": (
        ONE_NODE,
        "selector",
        lambda m: m.spec("Deployment", "worker")["selector"]["matchLabels"].update({"tier": "x"}),
    ),
    "a Service's target port": (
        ONE_NODE,
        "target-port",
        lambda m: m.spec("Service", "client")["ports"][0].update(targetPort="htpp"),
    ),
    "a probe's port": (
        ONE_NODE,
        "probe-port",
        lambda m: m.container("model")["readinessProbe"]["httpGet"].update(port="http"),
    ),
    "a probe's path": (
        ONE_NODE,
        "probe-path",
        lambda m: m.container("crawl")["livenessProbe"]["httpGet"].update(
            path="/daemonstatus.json"
        ),
    ),
    "a probe that is gone": (
        ONE_NODE,
        "probe",
        lambda m: m.container("client").pop("livenessProbe"),
    ),
    "an Ingress' port": (
        ONE_NODE,
        "backend",
        lambda m: m.spec("Ingress", "gleanery")["rules"][0]["http"]["paths"][0]["backend"][
            "service"
        ]["port"].update(name="https"),
    ),
    "a volume that is gone": (ONE_NODE, "mount", lambda m: m.pod("admin")["volumes"].pop()),
    "a claim that is gone": (
        ONE_NODE,
        "missing",
        lambda m: m.drop("PersistentVolumeClaim", "exports"),
    ),
    "a Secret that is gone": (ONE_NODE, "missing", lambda m: m.drop("Secret", "passwords")),
    "a ConfigMap that is gone": (ONE_NODE, "missing", lambda m: m.drop("ConfigMap", "settings")),
    "a key that is gone": (
        ONE_NODE,
        "missing-key",
        lambda m: m.one("Secret", "passwords")["data"].pop("scrapyd"),
    ),
    "a service account that is not there": (
        ONE_NODE,
        "missing",
        lambda m: m.pod("crawl").update(serviceAccountName="crawl"),
    ),
    "a token": (ONE_NODE, "token", lambda m: m.pod("crawl").pop("automountServiceAccountToken")),
    "a privileged container": (
        ONE_NODE,
        "privileged",
        lambda m: m.container("worker")["securityContext"].update(privileged=True),
    ),
    "root": (
        ONE_NODE,
        "root",
        lambda m: m.pod("admin")["securityContext"].update(runAsNonRoot=False),
    ),
    "capabilities": (
        ONE_NODE,
        "capabilities",
        lambda m: m.container("redis")["securityContext"].pop("capabilities"),
    ),
    "a root that can be written to": (
        ONE_NODE,
        "root-filesystem",
        lambda m: m.container("client")["securityContext"].pop("readOnlyRootFilesystem"),
    ),
    "a folder of state that cannot be written to": (
        ONE_NODE,
        "writable",
        lambda m: m.container("worker")["volumeMounts"][0].update(readOnly=True),
    ),
    "an old version": (
        ONE_NODE,
        "version",
        lambda m: m.one("Deployment", "client").update(apiVersion="apps/v1beta1"),
    ),
    "a limit below its request": (
        ONE_NODE,
        "limit",
        lambda m: m.container("model")["resources"]["limits"].update(memory="900Mi"),
    ),
    "no limit": (ONE_NODE, "resources", lambda m: m.container("mysql")["resources"].pop("limits")),
    "latest": (ONE_NODE, "image", lambda m: m.container("redis").update(image="redis:latest")),
    "no tag": (
        ONE_NODE,
        "image",
        lambda m: m.container("redis").update(image="registry.example:5000/redis"),
    ),
    "a policy's pods": (
        ONE_NODE,
        "selects-nothing",
        lambda m: m.spec("NetworkPolicy", "to-redis")["podSelector"]["matchLabels"].update(
            {"app.kubernetes.io/name": "reddis"}
        ),
    ),
    "a policy's port": (
        ONE_NODE,
        "policy-port",
        lambda m: m.spec("NetworkPolicy", "to-mysql")["ingress"][0]["ports"][0].update(port="sql"),
    ),
    "one side of an edge": (
        ONE_NODE,
        "half-open",
        lambda m: m.drop("NetworkPolicy", "callers-of-model"),
    ),
    "an edge that is needed": (
        ONE_NODE,
        "unreachable",
        lambda m: m.spec("NetworkPolicy", "to-mongodb")["ingress"].clear(),
    ),
    "an edge to another namespace": (
        TRACED,
        "unreachable",
        lambda m: m.drop("NetworkPolicy", "traces"),
    ),
    "an open network": (ONE_NODE, "open-network", lambda m: m.drop("NetworkPolicy", "closed")),
    "private networks": (
        ONE_NODE,
        "private-network",
        lambda m: m.spec("NetworkPolicy", "internet")["egress"][0]["to"][0]["ipBlock"][
            "except"
        ].remove("169.254.0.0/16"),
    ),
    "a mistyped setting": (
        ONE_NODE,
        "setting",
        lambda m: m.variable("crawl", "GLEANERY_SCRAPYD_SLOTS").update(
            name="GLEANERY_SCRAPYD_SLOT"
        ),
    ),
    "a setting's value": (
        ONE_NODE,
        "setting",
        lambda m: m.one("ConfigMap", "settings")["data"].update(GLEANERY_LOG_LEVEL="LOUD"),
    ),
    "a variable that is not set": (
        ONE_NODE,
        "reference",
        lambda m: m.one("ConfigMap", "settings")["data"].pop("REDIS_ADDRESS"),
    ),
    "an address": (
        ONE_NODE,
        "address",
        lambda m: m.one("ConfigMap", "settings")["data"].update(
            MYSQL_ADDRESS="mysql:3307/gleanery"
        ),
    ),
    "variables of Services": (
        ONE_NODE,
        "service-links",
        lambda m: m.pod("client").pop("enableServiceLinks"),
    ),
    "too little time to end": (
        ONE_NODE,
        "grace",
        lambda m: m.pod("crawl").update(terminationGracePeriodSeconds=30),
    ),
    "no time for proxies": (ONE_NODE, "pre-stop", lambda m: m.container("client").pop("lifecycle")),
    "an object twice": (
        ONE_NODE,
        "double",
        lambda m: m.objects.append(deepcopy(m.one("Service", "redis"))),
    ),
    "no namespace": (
        ONE_NODE,
        "namespace",
        lambda m: m.one("Service", "admin")["metadata"].pop("namespace"),
    ),
    "a budget that blocks": (
        CLUSTER,
        "budget",
        lambda m: m.spec("PodDisruptionBudget", "client").update(minAvailable=2),
    ),
    "two autoscalers": (
        CLUSTER,
        "scaler",
        lambda m: m.spec("HorizontalPodAutoscaler", "client")["scaleTargetRef"].update(
            name="model"
        ),
    ),
    "an autoscaler of nothing": (
        CLUSTER,
        "scaler",
        lambda m: m.spec("ScaledObject", "worker")["scaleTargetRef"].update(name="workers"),
    ),
    "a volume of one node for pods of many": (
        CLUSTER,
        "shared-claim",
        lambda m: m.spec("PersistentVolumeClaim", "shared").update(accessModes=["ReadWriteOnce"]),
    ),
    "spreading over others": (
        CLUSTER,
        "spread",
        lambda m: m.pod("worker")["topologySpreadConstraints"][0]["labelSelector"].update(
            matchLabels={"app.kubernetes.io/name": "work"}
        ),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_mistake_is_found(rendered, fault):
    stack, rule, damage = FAULTS[fault]
    manifests = Manifests(rendered(stack))

    damage(manifests)

    assert rule in {each.rule for each in lint(manifests.objects)}
