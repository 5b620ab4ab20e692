"""Pages made by JavaScript, through a real Chromium."""

from __future__ import annotations

import pytest

from platforms.browser import SYSTEM_BROWSER
from tests.conftest import missing_server
from tests.crawl import scrapy_crawl
from tests.mitm import MitmProxy
from tests.web import Web, article_html

SITE = "https://app.example"
SCRIPT = """
fetch("/story.json").then(r => r.json()).then(story => {
  document.title = story.title;
  document.body.innerHTML = "<article><h1>" + story.title + "</h1>" +
    ("<p>" + story.text + "</p>").repeat(3) + "</article><a href='/next'>next</a>" +
    "<img src='/picture.png'>";
});
"""
EMPTY = "<html><head><title>App</title></head><body><div id=root></div>{}</body></html>"


@pytest.fixture
def chromium():
    if not SYSTEM_BROWSER.exists():
        missing_server("chromium")
    return str(SYSTEM_BROWSER)


class App(Web):
    """A page that is empty until its script has run, one that stays empty, and a plain one."""

    def __init__(self) -> None:
        super().__init__()
        text = "The text of this story was not in the page but came later, made by a script. " * 3
        self.put(f"{SITE}/story", EMPTY.format(f"<script>{SCRIPT}</script>"))
        self.put(
            f"{SITE}/story.json",
            f'{{"title": "Made by a script", "text": "{text}"}}',
            kind="application/json",
        )
        self.put(f"{SITE}/empty", EMPTY.format(""))
        self.put(f"{SITE}/plain", article_html("Plain"))
        self.put(f"{SITE}/next", article_html("Next"))
        self.put(f"{SITE}/picture.png", b"\x89PNG", kind="image/png")


def test_a_page_made_by_javascript_becomes_an_article(tmp_path, chromium):
    """Only what gives no text is rendered, once; its links are followed, pictures left out."""
    web = App()
    addresses = tmp_path / "urls.txt"
    addresses.write_text("\n".join(f"{SITE}/{name}" for name in ("story", "empty", "plain")))
    with MitmProxy(web) as proxy:
        result = scrapy_crawl(
            "google",
            tmp_path,
            settings={"WEB_PROXY": proxy.url},
            env={"GLEANERY_PLAYWRIGHT": "true"},
            urls=addresses,
        )

    assert "Traceback" not in result.log, result.log
    rows = {row["url"].removeprefix(SITE): row for row in result.items}
    assert {path: (row["rendered"], row["depth"]) for path, row in rows.items()} == {
        "/story": (True, 1),
        "/plain": (False, 1),
        "/next": (False, 2),
    }
    assert rows["/story"]["title"] == "Made by a script"
    assert "made by a script" in rows["/story"]["text"]
    assert web.times[f"{SITE}/story"] == web.times[f"{SITE}/empty"] == 2
    assert web.times[f"{SITE}/plain"] == 1
    assert f"{SITE}/picture.png" not in web.asked
    assert result.stats["google/render_asked"] == 2
    assert result.stats["google/no_text"] == 1
