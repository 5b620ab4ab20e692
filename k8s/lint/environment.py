"""What containers are told: variables as Kubernetes makes them, held against our settings."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from pydantic import ValidationError

from gleanery.config import Config
from gleanery.fields.base import PREFIX
from k8s.lint.world import Finding, Pod, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from k8s.lint.rendering import Json

KNOWN = {
    (variable := f"{PREFIX}{name.upper()}"): variable if setting.validation_alias else name
    for name, setting in Config.model_fields.items()
}
"""Variable → how the settings take it as an argument."""
_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")
_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")


@dataclass(slots=True)
class Environment:
    """Of one container."""

    values: dict[str, str] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    """Those that the container itself names, not a ConfigMap or Secret whole."""
    loose: list[str] = field(default_factory=list)
    """References to variables that are not set before."""


def environment(world: World, pod: Pod, container: Json) -> Environment:
    """Return the variables that a manifest gives a container; unknown values are empty."""
    made = Environment()
    for each in container.get("envFrom", []):
        for kind, ref in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            if ref in each:
                made.values |= data_of(world, kind, each[ref]["name"], pod.namespace)
    for each in container.get("env", []):
        given = each.get("valueFrom", {})
        made.own.add(each["name"])
        if ref := given.get("secretKeyRef"):
            value = data_of(world, "Secret", ref["name"], pod.namespace).get(ref["key"], "")
        elif ref := given.get("configMapKeyRef"):
            value = data_of(world, "ConfigMap", ref["name"], pod.namespace).get(ref["key"], "")
        else:
            value, loose = expand(each.get("value", ""), made.values)
            made.loose += loose
        made.values[each["name"]] = value
    return made


def data_of(world: World, kind: str, name: str, place: str) -> dict[str, str]:
    """Return the data of a ConfigMap or Secret as text; nothing if there is none."""
    found = world.find(kind, name, place)
    if found is None:
        return {}
    data = found.get("data") or {}
    if kind == "Secret":
        data = {key: base64.b64decode(value).decode() for key, value in data.items()}
    return dict(data) | dict(found.get("stringData") or {})


def expand(text: str, known: dict[str, str]) -> tuple[str, list[str]]:
    """Replace ``$(NAME)``, and ``$$`` by ``$``, as Kubernetes does.

    Returns:
        The text, with what is not known left as it is, and names that are not known.
    """
    loose: list[str] = []

    def one(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return "$"
        if name not in known and _NAME.fullmatch(name):
            loose.append(name)
        return known.get(name, found[0])

    return _REFERENCE.sub(one, text), loose


def loose_references(world: World) -> Iterator[Finding]:
    """``$(NAME)`` stands for a variable that is set before."""
    for pod, container, where in world.containers():
        made = environment(world, pod, container)
        for word in (*container.get("command", []), *container.get("args", [])):
            made.loose += expand(word, made.values)[1]
        for name in made.loose:
            yield Finding("reference", where, f"$({name}) is not set before")


def doubles(world: World) -> Iterator[Finding]:
    """No variable is set twice."""
    for _, container, where in world.containers():
        names = [each["name"] for each in container.get("env", [])]
        for name in sorted({n for n in names if names.count(n) > 1}):
            yield Finding("variable-twice", where, name)


def settings(world: World) -> Iterator[Finding]:
    """Every ``GLEANERY_*`` is a setting of ours, with a value that it takes."""
    for pod, container, where in world.containers():
        values = environment(world, pod, container).values
        ours = {name: value for name, value in values.items() if name.startswith(PREFIX)}
        for name in sorted(set(ours) - set(KNOWN)):
            yield Finding("setting", where, f"{name} is no setting")
        for why in refusals(frozenset((n, v) for n, v in ours.items() if n in KNOWN and v)):
            yield Finding("setting", where, why)


@cache
def refusals(variables: frozenset[tuple[str, str]]) -> tuple[str, ...]:
    """Return why our settings would refuse such values; it takes a tenth of a second to know."""
    try:
        Config(**{KNOWN[name]: value for name, value in variables})  # type: ignore[arg-type]
    except ValidationError as error:
        return tuple(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return ()


RULES = (loose_references, doubles, settings)
