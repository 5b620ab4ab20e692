"""All that the API's OpenAPI allows, and forbids, asked by schemathesis, with all its checks."""

from __future__ import annotations

import fcntl
import json

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from storage import open_store
from tests.client_api import running_api
from tests.servers.test_client_api import fill

EXPORTS = "/v1/exports"


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    home = tmp_path_factory.mktemp("schema")
    with open_store("sqlite", home / "gleanery.db") as store:
        fill(store)
    (home / "exports").mkdir()
    with (home / "exports" / ".run.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # exports are asked for, and none is made
        with running_api(home) as started:
            yield started


def ask(api, *, examples: int) -> int:
    """Ask every operation what fits and what does not; return how many operations there are."""
    quiet = settings(
        max_examples=examples, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    headers = {"Authorization": f"Bearer {api.key}"}  # may export, too
    operations = schemathesis.openapi.from_url(f"{api.url}/openapi.json").get_all_operations()
    asked = 0
    for found in operations:
        operation = found.ok()
        for mode in GenerationMode:

            @quiet
            @given(case=operation.as_strategy(generation_mode=mode))
            def one(case) -> None:
                # A text of the right form is no cursor of ours: those have tests of their own.
                assume("cursor" not in (case.query or {}))
                # An empty value is not sent at all, so that what is left fits.
                assume(all(v not in ([], {}, None) for v in (case.query or {}).values()))
                # That options fit one another is said in words, and checked by 422.
                apart = [positive_data_acceptance] if case.operation.path == EXPORTS else []
                answer = case.call_and_validate(headers=headers, excluded_checks=apart)
                if answer.status_code == 202:  # or the queue would be full
                    where = answer.headers["location"][0]
                    assert (
                        httpx2.delete(f"{api.url}{where}", headers=headers, timeout=60).status_code
                        == 204
                    )

            if mode is GenerationMode.POSITIVE or operation.path.startswith("/v1"):
                one()
        asked += 1
    return asked


def test_the_api_keeps_to_its_description(api):
    assert ask(api, examples=5) == 14


@pytest.mark.slow
def test_the_api_keeps_to_its_description_for_long(api):
    assert ask(api, examples=20) == 14


def test_every_route_has_an_example_and_states_its_problems(api):
    described = json.loads(api.get("/openapi.json", key="").text)

    for path, operations in described["paths"].items():
        for operation in operations.values():
            answers = operation["responses"]
            good = answers.get("202") or answers.get("200") or {}
            schema = good.get("content", {}).get("application/json", {}).get("schema")
            if schema:  # neither a download nor a removal
                model = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
                assert "example" in model, path
            wanted = {"503"} if "health" in operation["tags"] else {"401", "403", "422", "429"}
            assert wanted <= set(operation["responses"]), path
