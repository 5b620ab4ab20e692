"""``python -m k8s.lint.crd FILE…``: schemas of other projects' kinds, out of their CRDs.

``k8s/lint/others/README.md`` says of which. Each becomes a file of JSON without descriptions,
strict: a field that it does not name is an error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from k8s.lint.names import VERSION_OF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from k8s.lint.rendering import Json

FOLDER = Path(__file__).parent / "others"
_DROPPED = "description", "format", "x-kubernetes-validations"
"""Words for people, formats that JSON schema does not know, and rules in another language."""


def schemas(crd: Json) -> Iterator[tuple[str, Json]]:
    """Return, for the version that we write, the name of its file and its schema."""
    spec = crd["spec"]
    kind = spec["names"]["kind"]
    for each in spec["versions"]:
        version = f"{spec['group']}/{each['name']}"
        if VERSION_OF.get(kind) == version:
            made = _strict(each["schema"]["openAPIV3Schema"])
            made["properties"]["metadata"] = {"type": "object"}  # Kubernetes' own
            yield file_name(version, kind), made


def file_name(api_version: str, kind: str) -> str:
    """Return the name of a kind's schema."""
    return f"{api_version.replace('/', '-')}-{kind}.json".lower()


def _strict(schema: Json) -> Json:
    """Return a schema without words; what it does not know is an error, as in ``kubectl``."""
    made: Json = {k: v for k, v in schema.items() if k not in _DROPPED}
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), dict):
            made[key] = _strict(made[key])
    if "properties" in made:
        made["properties"] = {k: _strict(v) for k, v in made["properties"].items()}
        if not made.get("x-kubernetes-preserve-unknown-fields"):
            made.setdefault("additionalProperties", False)
    if made.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return {k: v for k, v in made.items() if not k.startswith("x-")}


def main(files: list[str]) -> None:
    """Write the schemas of these CRDs."""
    for name in files:
        for crd in yaml.safe_load_all(Path(name).read_text(encoding="utf-8")):
            if crd:
                _write(crd)


def _write(crd: Any) -> None:
    for name, schema in schemas(crd):
        text = json.dumps(schema, separators=(",", ":"), sort_keys=True)
        (FOLDER / name).write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
