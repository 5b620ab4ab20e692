"""What the Google spider says and does where a provider or a page fails."""

from __future__ import annotations

import gzip
import json
from html import escape

import pytest
import yaml

from tests.contracts.store_items import STRINGS
from tests.crawl import scrapy_crawl
from tests.mitm import MitmProxy
from tests.web import Web, article_html, rss

SITE = "https://site.example"


def write_seeds(home, *seeds):
    path = home / "seeds.yaml"
    rows = [{"platform": "google", "kind": kind, "value": value} for kind, value in seeds]
    path.write_text(yaml.safe_dump(rows), encoding="utf-8")
    return path


def crawl(home, web, *, env=None, **more):
    settings = {"RETRY_TIMES": 1} | more.pop("settings", {})
    with MitmProxy(web) as proxy:
        settings["WEB_PROXY"] = proxy.url
        result = scrapy_crawl("google", home, settings=settings, env=env, **more)
    assert proxy.errors == []
    assert "Traceback" not in result.log, result.log
    return result


def lines(result, text):
    return [line for line in result.log.splitlines() if text in line and "DEBUG" not in line]


def test_every_way_a_feed_can_fail_is_one_line_and_the_others_are_read(tmp_path):
    web = Web()
    good = rss([f"{SITE}/good"])
    answers = {
        "forbidden": (403, "no"),
        "gone": (404, "no"),
        "busy": (429, "no"),
        "down": (503, "no"),
        "html": (200, "<html><body>Please log in</body></html>"),
        "nothing": (200, ""),
        "without-entries": (200, rss([])),
        "cut-off": (200, rss([f"{SITE}/cut-1", f"{SITE}/cut-2"])[:-40]),
        "good": (200, good),
    }
    for name, (status, body) in answers.items():
        web.put(f"https://{name}.example/rss", body, kind="application/xml", status=status)
    web.put("https://robots.example/rss", good, kind="application/xml")
    web.robots["robots.example"] = "User-agent: *\nDisallow: /"
    for page in ("good", "cut-1"):
        web.put(f"{SITE}/{page}", article_html(page))
    names = [*answers, "robots"]
    seeds = write_seeds(tmp_path, *(("feed", f"https://{name}.example/rss") for name in names))

    result = crawl(tmp_path, web, seeds=seeds, max_depth=1)

    assert result.report["reason"] == "finished"
    said = {name: lines(result, f"{name}.example/rss") for name in names}
    assert {name: len(found) for name, found in said.items()} == dict.fromkeys(names, 1) | {
        "good": 0
    }
    assert "HTTP 403" in said["forbidden"][0]
    assert "too many requests" in said["busy"][0]
    assert "the server failed (HTTP 503)" in said["down"][0]
    assert "an HTML page" in said["html"][0]
    assert "malformed feed" in said["cut-off"][0]
    assert "robots.txt" in said["robots"][0]
    assert {row["url"] for row in result.items} == {f"{SITE}/good", f"{SITE}/cut-1"}
    assert result.stats["google/listing_failed"] == 7
    assert result.stats["google/no_results"] == 1
    assert result.stats["google/malformed_listing"] == 1


def test_pages_that_fail_are_counted_and_leave_nothing_behind(tmp_path):
    """Those that say odd things are kept: statements, control characters, all scripts."""
    web = Web()
    for name, text in STRINGS.items():
        said = f"{escape(text)} is what somebody wrote on a page with words enough for a reader. "
        web.put(f"{SITE}/odd-{name}", article_html(escape(text), text=said * 3 + "&#27;&#xffff;"))
    web.put(f"{SITE}/empty", "")
    web.put(f"{SITE}/thin", "<html><title>Thin</title><body><nav>Home</nav></body></html>")
    web.put(f"{SITE}/film", b"\x00" * 500_000, kind="video/mp4")
    web.put(f"{SITE}/broken", "oh", status=500)
    web.put(f"{SITE}/good", article_html("Good"))
    kept = ["good", *(f"odd-{name}" for name in STRINGS)]
    names = ["empty", "thin", "film", "broken", "missing", *kept]
    addresses = tmp_path / "urls.txt"
    addresses.write_text("# pages\n" + "\n".join(f"{SITE}/{n}" for n in names))

    result = crawl(tmp_path, web, urls=addresses)

    assert {row["url"]: row["depth"] for row in result.items} == {f"{SITE}/{n}": 1 for n in kept}
    assert result.stats["google/no_text"] == 2
    assert result.stats["google/not_html"] == 1
    assert result.stats["google/page_failed/404"] == 1
    assert result.stats["google/page_failed/500"] == 1
    assert len(lines(result, f"{SITE}/broken")) == len(lines(result, f"{SITE}/missing")) == 1
    with result.store() as store:
        assert store.stats(classified_kinds=[]).total == len(kept)
        assert store.find(f"web:{SITE}/odd-sql")["title"] == STRINGS["sql"]


SEARX = "https://searx.example"


def test_searxng_a_sitemap_and_a_list_lead_to_pages_together(tmp_path):
    """SearXNG's second page is cut off, an index has a gzip sitemap and a missing one."""
    web = Web()
    query = f"{SEARX}/search?q=energy&format=json&pageno="
    first = {"results": [{"url": f"{SITE}/s{n}", "title": "S"} for n in range(3)]}
    web.put(query + "1", json.dumps(first), kind="application/json")
    web.put(query + "2", json.dumps(first)[:-20], kind="application/json")
    web.robots["searx.example"] = "User-agent: *\nDisallow: /"  # an API asked on purpose
    index = "".join(f"<sitemap><loc>{SITE}/{n}</loc></sitemap>" for n in ("a.xml.gz", "b.xml"))
    web.put(f"{SITE}/map.xml", f"<sitemapindex>{index}</sitemapindex>", kind="text/xml")
    pages = "".join(f"<url><loc>{SITE}/m{n}</loc></url>" for n in range(9))
    packed = gzip.compress(f"<urlset>{pages}</urlset>".encode())
    web.put(f"{SITE}/a.xml.gz", packed, kind="application/gzip")
    for name in [*(f"s{n}" for n in range(3)), *(f"m{n}" for n in range(9)), "u"]:
        web.put(f"{SITE}/{name}", article_html(name, links=[f"{SITE}/m8", "https://away.example/"]))
    addresses = tmp_path / "urls.txt"
    addresses.write_text(f"{SITE}/u\n")
    seeds = write_seeds(
        tmp_path, ("query", "energy"), ("sitemap", f"{SITE}/map.xml"), ("urls", str(addresses))
    )

    result = crawl(
        tmp_path,
        web,
        settings={"SEARXNG_URL": SEARX},
        seeds=seeds,
        provider="searxng",
        results=5,
    )

    found = {row["url"].removeprefix(f"{SITE}/"): row for row in result.items}
    assert set(found) == {"s0", "s1", "s2", "m0", "m1", "m2", "m3", "m4", "u", "m8"}
    assert found["s0"]["found_by"] == "searxng"
    assert found["m0"]["found_by"] == "sitemap"
    assert found["u"]["found_by"] == "urls"
    assert found["m8"]["depth"] == 2
    assert found["m8"]["parent"] in {row["identity"] for row in result.items if row["depth"] == 1}
    assert len(lines(result, "not JSON, or was cut off")) == 1
    assert result.stats["google/listing_failed/404"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "nothing to start from; give one of -a query=…"),
        ({"feed": "site.example/rss"}, "not an absolute http(s) address: 'site.example/rss'"),
        ({"urls": "missing.txt"}, "Cannot read the list of addresses missing.txt"),
        ({"query": "x", "provider": "cse"}, "set GLEANERY_CSE_KEY and GLEANERY_CSE_CX"),
    ],
    ids=["nothing", "no address", "no file", "no key"],
)
def test_a_crawl_that_cannot_begin_says_why_and_fails(tmp_path, arguments, said):
    result = scrapy_crawl("google", tmp_path, **arguments)

    assert result.returncode != 0
    assert said in result.log
    assert "Traceback" not in result.log
    assert result.items == []


def test_seeds_of_a_file_that_lack_a_key_are_left_out_and_the_others_crawled(tmp_path):
    web = Web()
    web.put(f"{SITE}/rss", rss([f"{SITE}/good"]), kind="application/xml")
    web.put(f"{SITE}/good", article_html("Good"))
    seeds = write_seeds(tmp_path, ("query", "a"), ("top", "true"), ("feed", f"{SITE}/rss"))

    result = crawl(tmp_path, web, seeds=seeds, max_depth=1)

    assert [row["url"] for row in result.items] == [f"{SITE}/good"]
    assert len(lines(result, "Left out: google:query=a, google:top=true. Google offers")) == 1
