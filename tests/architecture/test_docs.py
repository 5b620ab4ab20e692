"""What the code names, the docs name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from commands.settings import settings_page
from gleanery.config import Config

ROOT = Path(__file__).parents[2]
DOCS = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md")))
PACKAGES = (
    "gleanery",
    "media",
    "quality",
    "platforms",
    "storage",
    "model_server",
    "crawlers",
    "spiders",
    "pipelines",
    "middlewares",
)
CODE = "\n".join(
    path.read_text(encoding="utf-8")
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
)


@pytest.mark.parametrize("name", sorted(Config.model_fields))
def test_every_setting_is_named_in_the_docs(name):
    assert f"`GLEANERY_{name.upper()}`" in DOCS


def test_every_stat_is_named_in_the_docs():
    """In full, or up to a last part that is made up at run time or listed in words."""
    stats = set(
        re.findall(r"""(?:inc_value|set_value|max_value)\(\s*f?["']([a-z_]+/[a-z_/]+)""", CODE)
    )

    named = {
        stat for stat in stats if f"`{stat}" in DOCS or f"`{stat.rpartition('/')[0]}/…" in DOCS
    }
    scrapys_own = {
        "robotstxt/request_count",
        "robotstxt/response_count",
        "robotstxt/response_status_count/",
    }
    assert stats - named - scrapys_own == set()


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs").glob("*.md")) + sorted(ROOT.glob("*.md")), ids=lambda p: p.name
)
def test_links_between_pages_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [t for t in targets if not (page.parent / t).exists()] == []


def test_the_settings_page_is_the_one_that_the_command_writes():
    """Renew it with ``gleanery settings --markdown > docs/settings.md``."""
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == settings_page()
