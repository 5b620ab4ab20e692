"""Manifests rendered by the real kustomize, once a run."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest

from k8s.lint.rendering import Json, kubectl, render
from k8s.lint.stacks import Stack, folder_of, prepare
from tests.conftest import missing_server


@pytest.fixture(scope="session")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all manifests, with passwords of its own."""
    if kubectl() is None:
        missing_server("kubectl")
    return prepare(tmp_path_factory.mktemp("manifests"))


@pytest.fixture(scope="session")
def rendered(manifests: Path) -> Callable[[Stack], list[Json]]:
    """Render a stack; what it returns may be changed."""
    once = cache(lambda stack: render(folder_of(stack, manifests)))
    return lambda stack: deepcopy(once(stack))
