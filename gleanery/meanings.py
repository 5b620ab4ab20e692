"""What the docstring under each field of a model says, read when somebody asks.

Pydantic's ``use_attribute_docstrings`` reads the source of every model while it is imported: a
sixth of what it took to start a crawl.
"""

from __future__ import annotations

import ast
import inspect
from functools import cache
from itertools import pairwise
from textwrap import dedent
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel


@cache
def meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring of each field that has one, its bases' included; newest wins."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if base.__module__.partition(".")[0] not in {"pydantic", "pydantic_settings", "builtins"}:
            found |= _own(base)
    return {name: text for name, text in found.items() if name in model.model_fields}


def describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Put them into a JSON schema (``json_schema_extra`` of a model's configuration)."""
    for name, text in meanings(model).items():
        schema["properties"].get(name, {}).setdefault("description", text)


def _own(model: type) -> dict[str, str]:
    (definition,) = ast.parse(dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(below.value.value)
        for field, below in pairwise(definition.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }
