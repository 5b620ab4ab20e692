"""Pages as servers really send them: wrong encodings, odd links, JSON only, hostile ones."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from platforms.web import extract_article, page_links

URL = "https://news.example/politics/1?utm_source=x"
KOREAN = (
    "국회는 오늘 본회의를 열어 내년도 예산안을 처리했다. 여야는 밤샘 협상 끝에 합의에 이르렀다. "
    * 4
)
TEMPLATE = (
    "<html{lang}><head>{head}<title>예산안 처리</title></head>"
    "<body><article><h1>예산안 본회의 처리</h1><p>{text}</p></article></body></html>"
)


def korean_page(head: str = "", lang: str = "") -> str:
    return TEMPLATE.format(head=head, lang=lang, text=KOREAN)


@pytest.mark.parametrize(
    ("stored_as", "declared", "hint"),
    [
        ("utf-8", "euc-kr", None),
        ("euc-kr", "utf-8", None),
        ("cp949", "iso-8859-1", "cp1252"),
        ("cp949", "", None),
        ("utf-16", "", None),
        ("utf-16-le", "", "utf-8"),
        ("utf-8", "utf-8", "cp949"),
    ],
)
def test_the_text_is_read_whatever_encoding_is_declared(stored_as, declared, hint):
    meta = f'<meta charset="{declared}">' if declared else ""
    html = korean_page(meta).encode(stored_as)

    article = extract_article(html, URL, encoding=hint)

    assert article is not None
    assert article.title == "예산안 본회의 처리"
    assert "여야는 밤샘 협상 끝에 합의에 이르렀다." in article.text
    assert article.language == "ko"


def test_an_article_says_who_when_and_where():
    head = """<html lang="en-GB"><head><meta property="og:site_name" content="The Example">
    <link rel="canonical" href="/politics/1">
    <script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
      {"@type": "NewsArticle", "headline": "Budget &amp; taxes", "keywords": "money",
       "datePublished": "2026-01-02T08:30:00+09:00",
       "author": [{"name": "Kim Min"}, {"name": "Lee Jun"}],
       "image": {"url": "/lead.jpg"}}]}</script></head>"""
    body = "The parliament passed the budget of the coming year after a long night of talks. " * 6
    html = f"""{head}<body><article><h1>Budget & taxes</h1><p>{body}</p>
      <p>See <a href="/report#top">the report</a> that both sides signed at the end of the day.</p>
      <figure><img src="/a.jpg"></figure></article></body></html>"""

    article = extract_article(html.encode(), URL)

    assert article is not None
    assert article.identity == "web:https://news.example/politics/1"
    assert article.url == URL
    assert article.title == "Budget & taxes"
    assert article.author == "Kim Min; Lee Jun"
    assert article.published_at == datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
    assert (article.language, article.site) == ("en", "The Example")
    assert article.image == "https://news.example/lead.jpg"
    assert article.links == ["https://news.example/report"]
    assert article.media == ["https://news.example/a.jpg"]
    assert article.extractor == "trafilatura-fast"
    assert gzip.decompress(article.raw_html or b"") == html.encode()


def test_the_videos_that_a_page_states_are_media_of_its_article():
    head = "".join(
        f'<meta property="{name}" content="{value}">'
        for name, value in (
            ("og:video", "/film.mp4"),
            ("og:video:url", "https://news.example/film.mp4"),
            ("og:video:secure_url", "https://cdn.example/film.webm"),
        )
    )
    text = f"<p>{'This paragraph says what readers may want to know about it. ' * 5}</p>" * 3
    html = f"<html><head>{head}</head><body><article>{text}</article></body></html>"

    article = extract_article(html.encode(), "https://news.example/a")

    assert article.media == ["https://cdn.example/film.webm", "https://news.example/film.mp4"]


@pytest.mark.parametrize(
    ("stated", "identity"),
    [
        ("https://news.example/politics/one", "https://news.example/politics/one"),
        ("https://victim.example/politics/1", "https://news.example/politics/1"),
        ("https://news.example/", "https://news.example/politics/1"),
        ("http://[broken", "https://news.example/politics/1"),
    ],
    ids=["own page", "another host", "front page", "malformed"],
)
def test_a_page_states_its_identity_only_within_its_own_host(stated, identity):
    article = extract_article(korean_page(f'<link rel=canonical href="{stated}">').encode(), URL)

    assert article is not None
    assert article.external_id == identity


def test_malformed_addresses_in_a_page_cost_the_address_and_not_the_page():
    head = (
        '<base href="http://["><meta property="og:image" content="http://[x">'
        '<meta property="og:url" content="//host:port/">'
    )

    article = extract_article(korean_page(head).encode(), URL)

    assert article is not None
    assert article.image is None
    assert article.external_id == "https://news.example/politics/1"


def test_a_text_that_only_scripts_carry_is_found():
    next_data = {"props": {"post": {"title": "x", "content": f"<p>{KOREAN}</p><p>끝.</p>"}}}
    flight = f'1:["$","div",null,{{}}]\n2:T{len(KOREAN.encode()):x},{KOREAN}3:["$","p",null,{{}}]\n'
    pages = {
        "next data": f'<script id="__NEXT_DATA__">{json.dumps(next_data)}</script>',
        "flight": f"<script>self.__next_f.push([1,{json.dumps(flight)}])</script>",
        "json-ld": '<script type="application/ld+json">'
        + json.dumps({"@type": "Article", "headline": "x", "articleBody": KOREAN})
        + "</script>",
    }
    for name, script in pages.items():
        article = extract_article(f"<html><body><div></div>{script}</body></html>".encode(), URL)

        assert article is not None, name
        assert article.extractor == ("trafilatura-fast" if name == "json-ld" else "json")
        assert KOREAN.strip()[:60] in article.text


@pytest.mark.parametrize(
    "html",
    [
        b"",
        b"<html></html>",
        b"<html><body><div id=app></div><script src=app.js></script></body></html>",
        b"\x00" * 1000,
        b"%PDF-1.7 \xff\xfe\xfd" * 100,
        b"<html><body>" + b"<div>" * 200_000,
        b"<p " + b" ".join(b"a%d=b" % n for n in range(100_000)) + b">x",
        b'<script type="application/ld+json">' + b"[" * 500_000 + b"</script><p>x</p>",
    ],
    ids=["empty", "bare", "javascript", "nul", "pdf", "deep", "attributes", "deep json"],
)
def test_pages_with_nothing_to_keep_give_nothing_and_do_not_hang(html):
    assert extract_article(html, URL) is None
    assert page_links(html, URL) == []


def test_a_page_beyond_the_limits_is_cut():
    html = b"<html><body><article>" + b"<p>one two three four five six</p>" * 200_000

    article = extract_article(html, URL)

    assert article is not None
    assert len(article.text.splitlines()) < 30_000


def test_links_come_absolute_in_order_and_once():
    html = b"""<html><head><base href="https://news.example/a/"></head><body>
      <a href="b#top">1</a> <a href="b">again</a> <a href=" /c?x=1 ">2</a>
      <a href="//other.example">3</a>
      <a rel="nofollow sponsored" href="/paid">no</a> <a href="#here">no</a>
      <a href="mailto:a@example.org">no</a> <a href="javascript:void(0)">no</a>
      <a href="file:///etc/passwd">no</a> <a href="http://host:port/">no</a> <a href="ht\ntps://x.example/y">4</a>
    </body></html>"""

    assert page_links(html, URL) == [
        "https://news.example/a/b",
        "https://news.example/c?x=1",
        "https://other.example",
        "https://x.example/y",
    ]


def test_threads_extract_at_once_without_mixing():
    pages = {
        f"https://news.example/{n}": korean_page().replace("국회", f"국회{n}") for n in range(40)
    }

    with ThreadPoolExecutor(8) as pool:
        articles = list(pool.map(lambda u: extract_article(pages[u].encode(), u), pages))

    for n, article in enumerate(articles):
        assert article is not None
        assert article.text.count(f"국회{n}") == 4
