"""What a hostile page can and cannot make a crawl do, through ``scrapy crawl``."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack

import pytest

from tests.crawl import scrapy_crawl
from tests.hostile_site import HostileSite

OPEN, CLOSED, SILENT = "127.0.0.2", "127.0.0.1", "127.0.0.3"
"""One site we may crawl, one we must not even connect to, one without a robots.txt to be had."""
ONLY_OPEN = {"GLEANERY_ALLOWED_ADDRESSES": "127.0.0.2/31"}
GRAPH = {"SPIDER_MODULES": "tests.spiders"}
ARTICLE = (
    "<html><head><title>{title}</title></head><body><article><h1>{title}</h1><p>"
    + "예산안이 오늘 국회 본회의를 통과했다. The budget passed the parliament today. " * 6
    + "</p></article></body></html>"
)


def warnings_of(log: str) -> list[str]:
    return re.findall(r"\] (?:WARNING|ERROR): (.*)", log)


def linking(*links: str) -> bytes:
    anchors = "".join(f'<a href="{link}">link</a>' for link in links)
    return f"<html><title>page</title><p>page</p>{anchors}</html>".encode()


@pytest.fixture
def sites():
    """The three sites, on one port."""
    with ExitStack() as stack:
        first = stack.enter_context(HostileSite(OPEN))
        yield (
            first,
            *(stack.enter_context(HostileSite(a, first.server_port)) for a in (CLOSED, SILENT)),
        )


def test_no_page_leads_a_crawl_to_an_address_that_is_not_public(tmp_path, sites):
    site, closed, silent = sites
    port = site.server_port
    refused = [
        f"http://localhost:{port}/name",
        f"http://127.1:{port}/short",
        f"http://2130706433:{port}/decimal",
        f"http://0x7f.0.0.1:{port}/hex",
        f"http://0177.0.0.1:{port}/octal",
        f"http://[::1]:{port}/six",
        f"http://[::ffff:127.0.0.1]:{port}/mapped",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://10.0.0.1/router",
        "file:///etc/passwd",
        "ftp://127.0.0.1/pub",
        "s3://bucket/key",
        "data:text/html,<p>x</p>",
    ]
    redirects = {
        "/to-metadata": "http://169.254.169.254/latest/meta-data/iam",
        "/to-loopback": f"http://127.0.0.1:{port}/redirected",
        "/to-name": f"http://localhost:{port}/redirected-name",
        "/to-file": "file:///etc/shadow",
    }
    site.routes = {
        "/page/0": linking(*refused, *redirects, "/page/1", f"{silent.url}/page/2", "/private/3"),
        "/page/1": linking(),
        "/private/3": linking(),
        "/robots.txt": b"User-agent: gleanery\nDisallow: /private/\n",
        **redirects,
    }
    silent.statuses["/robots.txt"] = [503]
    silent.routes["/page/2"] = linking()

    result = scrapy_crawl(
        "graph", tmp_path, settings=GRAPH, env=ONLY_OPEN, page=f"{site.url}/page/0", max_depth=3
    )

    assert result.returncode == 0, result.log
    assert closed.hits == []
    assert {row["external_id"] for row in result.items} == {"0", "1"}
    assert set(silent.hits) == {"/robots.txt"}
    assert "/private/3" not in site.hits
    assert all("Gleanery/" in agent for agent in site.agents)
    said = [line for line in warnings_of(result.log) if line.startswith("Refused ")]
    # Scrapy itself does not follow a redirect from http to file:
    assert len(said) == len(set(said)) == len(refused) + len(redirects) - 1
    assert result.stats["ssrf/refused"] == len(said)
    assert result.stats["robotstxt/unreachable"] == 1
    assert "Traceback" not in result.log
    with result.store() as store:
        assert len(list(store.scan())) == 2


def test_a_proxy_is_reached_though_private_but_not_asked_for_private_hosts(tmp_path, sites):
    proxy, closed, _ = sites
    port = closed.server_port
    proxy.routes = {
        "http://news.example/a": ARTICLE.format(title="Budget").encode(),
        "http://news.example/b": f"http://127.0.0.1:{port}/redirected",
    }
    urls = tmp_path / "urls.txt"
    urls.write_text(
        "http://news.example/a\nhttp://news.example/b\nhttp://169.254.169.254/latest\n"
        f"http://localhost:{port}/x\nhttp://127.1:{port}/y\nhttp://metadata.google.internal/z\n",
        encoding="utf-8",
    )

    result = scrapy_crawl(
        "google",
        tmp_path,
        env={"GLEANERY_ALLOWED_ADDRESSES": "", "GLEANERY_WEB_PROXY": proxy.url},
        urls=urls,
        max_depth=1,
    )

    pages = [hit for hit in proxy.hits if not hit.endswith("/robots.txt")]
    assert sorted(pages) == ["http://news.example/a", "http://news.example/b"]
    assert closed.hits == []
    assert [row["title"] for row in result.items] == ["Budget"]
    assert result.stats["ssrf/refused"] == 5
    assert "Traceback" not in result.log


@pytest.mark.slow
def test_pages_too_big_too_slow_or_without_end_cost_little_and_leave_nothing(tmp_path, sites):
    site = sites[0]
    article = ARTICLE.format(title="예산안 통과")
    site.routes = {
        "/good": article.encode(),
        "/charset": article.encode("cp949"),
        "/later": article.replace("예산안 통과", "나중에").encode(),
        "/empty": b"",
        "/loop": "/loop2",
        "/loop2": "/loop",
    }
    site.headers["/charset"] = {"content-type": "text/html; charset=iso-8859-1"}
    site.headers["/later"] = {"retry-after": "2"}
    site.statuses["/later"] = [503, 200]
    paths = ("good", "charset", "later", "empty", "loop", "huge", "huge-chunked", "bomb", "drip")
    urls = tmp_path / "urls.txt"
    urls.write_text("".join(f"{site.url}/{path}\n" for path in paths), encoding="utf-8")

    result = scrapy_crawl(
        "google",
        tmp_path,
        settings={"DOWNLOAD_TIMEOUT": 4, "RETRY_TIMES": 1, "REDIRECT_MAX_TIMES": 5},
        env=ONLY_OPEN,
        urls=urls,
        max_depth=1,
    )

    assert {row["external_id"].rsplit("/", 1)[1] for row in result.items} == {
        "good",
        "charset",
        "later",
    }
    assert {row["title"] for row in result.items} == {"예산안 통과", "나중에"}
    assert result.stats["blocked/waited_seconds"] == 2
    said = warnings_of(result.log)
    for path in ("huge", "huge-chunked", "bomb", "drip"):
        assert any(f"/{path}" in line for line in said), (path, said)
    assert site.hits.count("/loop") + site.hits.count("/loop2") <= 12
    assert "Traceback" not in result.log
    assert result.stats["memusage/max"] - result.stats["memusage/startup"] < 300 * 2**20
    with result.store() as store:
        assert len(list(store.scan())) == 3


def test_secrets_in_an_address_are_not_logged(tmp_path, sites):
    site = sites[0]
    site.routes["/page/0"] = linking("/page/1?key=AIzaTOPSECRET1&x=1", "/page/2?q=TOPSECRET2")

    result = scrapy_crawl(
        "graph",
        tmp_path,
        settings=GRAPH | {"LOG_LEVEL": "DEBUG"},
        env=ONLY_OPEN | {"GLEANERY_CSE_KEY": "TOPSECRET2"},
        page=f"{site.url}/page/0",
    )

    assert "/page/1?key=AIzaTOPSECRET1&x=1" in site.hits
    assert "key=[hidden]&x=1" in result.log
    assert "q=[hidden]" in result.log
    assert "TOPSECRET" not in result.log


def test_a_service_of_the_operators_own_answers_us_but_no_page_reaches_it(tmp_path, sites):
    """SearXNG on a private address: its results come, links to it and to its neighbours do not."""
    site, closed, _ = sites
    ours = f"http://{CLOSED}:{closed.server_port}"
    query = "/search?q=budget&format=json&pageno=1"
    found = [f"{site.url}/article", f"{ours}/admin", "http://127.0.0.1:1/other"]
    closed.routes[query] = json.dumps({"results": [{"url": url} for url in found]}).encode()
    site.routes["/article"] = (
        ARTICLE.format(title="Budget").replace("</article>", f'<a href="{ours}/x">x</a></article>')
    ).encode()

    result = scrapy_crawl(
        "google",
        tmp_path,
        env=ONLY_OPEN | {"GLEANERY_SEARXNG_URL": ours},
        provider="searxng",
        query="budget",
        same_site="false",
        max_depth=2,
    )

    assert [row["title"] for row in result.items] == ["Budget"]
    assert [hit for hit in closed.hits if "pageno=2" not in hit] == [query]
    assert result.stats["ssrf/refused"] >= 2
