"""What the admin page is made of: its words, its vendored files, its weight."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs gleanery[server]")

from admin import attempts
from admin.attempts import Attempts
from admin.failures import TITLES
from admin.korean import KOREAN
from admin.korean_settings import SETTINGS
from admin.pages import login
from admin.pages.all import GATES
from admin.picture import levels
from admin.progress.view import REASONS
from admin.progress.view import TITLES as CHARTS
from admin.rendering import NOTES
from admin.runs import TITLES as RUNS
from admin.starting import BUDGET, fields
from crawlers.frontier.report import DepthCounts
from crawlers.scrapyd.checks import spiders
from gleanery.config import Config
from storage.jobs import STATES
from storage.office.users import ROLES

ADMIN = Path(__file__).parents[2] / "admin"
ELSEWHERE = {
    "GET /": "GET /stats, GET /me",
    "GET /item": "GET /item, GET /categories",
    "GET /job": "GET /job, GET /job/comparison, GET /job/branches",
    "GET /job/charts": "GET /job/progress",
    "GET /job/live": "GET /job/progress",
    "GET /job/tail": "GET /job/log",
    "GET /start": "GET /spiders",
    "POST /start": (
        "POST /jobs/start, POST /jobs/dry-run, POST /jobs/commands, POST /schedules/add"
    ),
    "POST /jobs": "POST /jobs/cancel, POST /jobs/retry",
    "POST /schedules": "POST /schedules/run, POST /schedules/remove",
    "POST /seeds/file": "POST /seeds/file, POST /seeds/check, POST /seeds/remove",
    "POST /proposals": "POST /proposals/decide",
    "POST /topics": "POST /topics/find",
    "POST /stores/check": "POST /stores/reconcile",
    "POST /stores/mend": "POST /stores/reconcile",
    "GET /thumbnail/{key}": "",  # a picture
}
"""Pages whose JSON, below ``/api``, is not all at the same path."""


def test_everything_that_templates_say_is_there_in_korean():
    templates = "".join(p.read_text("utf-8") for p in (ADMIN / "templates").glob("*.j2"))
    said = set(re.findall(r"""\bt\((?:"([^"]+)"|'([^']+)')\)""", templates))

    texts = (
        {a or b for a, b in said} | set(NOTES.values()) | set(TITLES.values()) | set(RUNS.values())
    )
    texts |= set(ROLES) | set(STATES) | set(CHARTS.values()) | set(REASONS.values())
    assert texts - set(KOREAN) == set()


def test_what_a_form_asks_for_is_explained_in_korean():
    helps = {field.help for spider in spiders() for field in fields(spider, Config())}

    assert {*helps, *(text for _, text in BUDGET.values())} - set(KOREAN) == set()


def test_every_setting_is_explained_in_korean():
    assert set(SETTINGS) == {name.upper() for name in Config.model_fields}


def test_whatever_a_page_shows_or_does_has_its_json_and_the_reverse():
    """Whoever adds a page adds what scripts ask for, and whoever adds that adds the page."""
    gates = (login.gate, *GATES)
    pages = {f"{m} {r.path}" for gate in gates for r in gate.pages.routes for m in r.methods}
    there = {
        f"{m} {r.path.removeprefix('/api')}"
        for gate in gates for r in gate.api.routes for m in r.methods
    }  # fmt: skip

    wanted = {page: set(filter(None, ELSEWHERE.get(page, page).split(", "))) for page in pages}
    assert {page: names - there for page, names in wanted.items() if names - there} == {}
    assert there - set.union(*wanted.values()) == set()
    assert set(ELSEWHERE) - pages == set()


def test_guessing_many_names_from_one_address_is_stopped_too(monkeypatch):
    """And ends: after a while, or, for a name, with the right password."""
    tried = Attempts()
    waits = [tried.begin(f"name-{n}", "one") for n in range(attempts.BY_ADDRESS + 1)]

    assert ([w for w in waits[:-1] if w], waits[-1] > 0) == ([], True)
    assert tried.begin("name-1", "another") == 0
    tried.succeeded("name-1", "another")
    later = attempts.time.monotonic() + attempts.WINDOW_SECONDS + 1
    monkeypatch.setattr(attempts.time, "monotonic", lambda: later)
    assert tried.begin("name-2", "one") == 0


def test_vendored_files_are_those_that_are_recorded():
    sources = json.loads((ADMIN / "static" / "SOURCES.json").read_text("utf-8"))

    found = {
        name: hashlib.sha256((ADMIN / "static" / name).read_bytes()).hexdigest() for name in sources
    }
    assert found == {name: source["sha256"] for name, source in sources.items()}
    assert {p.name for p in (ADMIN / "static").glob("*.min.*")} == set(sources)


def test_what_a_page_loads_besides_its_text_is_light():
    loaded = [p for p in (ADMIN / "static").iterdir() if p.suffix in {".js", ".css", ".svg"}]

    assert sum(p.stat().st_size for p in loaded) <= 200 * 1024


def test_every_picture_is_shown_in_the_docs_and_they_are_light():
    docs = ADMIN.parent / "docs"
    pictures = sorted((docs / "screenshots").iterdir())

    shown = re.findall(r"\(screenshots/([\w.-]+)\)", (docs / "admin.md").read_text("utf-8"))
    assert sorted(shown) == [picture.name for picture in pictures]
    assert sum(picture.stat().st_size for picture in pictures) < 2 * 10**6


def test_a_crawls_levels_are_as_wide_as_they_have_requests():
    depths = [
        DepthCounts(depth=0, done=1),
        DepthCounts(depth=1, done=1, queued=2, pruned=1),
        DepthCounts(depth=2),
    ]

    first, second, third = levels(depths)

    assert (first.total, [(p.x, p.width) for p in first.pieces]) == (1, [(225, 150)])
    drawn = [(p.state, p.x, p.width) for p in second.pieces]
    assert drawn == [("done", 0, 150), ("queued", 150, 300), ("pruned", 450, 150)]
    assert third.pieces == []
    assert levels([]) == []
