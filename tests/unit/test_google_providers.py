"""Search providers: addresses, answers, refusals."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from gleanery.errors import ConfigError, CredentialError, ExtractionError, PlatformUnavailableError
from platforms.google.provider import Search
from spiders.google_arguments import GoogleArguments, providers

SETTINGS = {
    "GOOGLE_NEWS_URL": "https://news.google.com",
    "GOOGLE_NEWS_ACCEPT_TERMS": True,
    "CSE_URL": "https://cse.example/v1",
    "CSE_KEY": SecretStr("key"),
    "CSE_CX": "cx",
    "SEARXNG_URL": "https://searx.example/",
}


def provider(name, **settings):
    return providers()[name](SETTINGS | settings)


def search(kind="query", value="기후 변화", **more):
    return Search(kind=kind, value=value, **more)


@pytest.mark.parametrize(
    ("name", "asked", "address"),
    [
        (
            "google_news",
            search(language="ko", country="KR"),
            "https://news.google.com/rss/search"
            "?q=%EA%B8%B0%ED%9B%84+%EB%B3%80%ED%99%94&hl=ko&gl=KR&ceid=KR:ko",
        ),
        ("google_news", search("top"), "https://news.google.com/rss?hl=en-US&gl=US&ceid=US:en"),
        (
            "google_news",
            search("topic", "technology", language="en", country="GB"),
            "https://news.google.com/rss/headlines/section/topic/TECHNOLOGY"
            "?hl=en-GB&gl=GB&ceid=GB:en",
        ),
        (
            "google_news",
            search("topic", "CAAqJggKIiBDQkFTRWdv", language="pt-BR", country="BR"),
            "https://news.google.com/rss/topics/CAAqJggKIiBDQkFTRWdv?hl=pt-BR&gl=BR&ceid=BR:pt-419",
        ),
        ("cse", search(value="ai"), "https://cse.example/v1?cx=cx&q=ai&start=1"),
        (
            "cse",
            search(value="ai", language="ko", country="KR", limit=5),
            "https://cse.example/v1?cx=cx&q=ai&start=1&num=5&hl=ko&lr=lang_ko&gl=kr",
        ),
        (
            "searxng",
            search(value="ai", language="ko", country="KR"),
            "https://searx.example/search?q=ai&format=json&pageno=1&language=ko-KR",
        ),
    ],
)
def test_what_is_asked(name, asked, address):
    assert provider(name).start(asked).more == [address]


@pytest.mark.parametrize(
    ("name", "missing", "said"),
    [
        ("google_news", {"GOOGLE_NEWS_ACCEPT_TERMS": "False"}, "GLEANERY_GOOGLE_NEWS_ACCEPT_TERMS"),
        ("cse", {"CSE_KEY": SecretStr("")}, "set GLEANERY_CSE_KEY$"),
        ("cse", {"CSE_KEY": "", "CSE_CX": ""}, "GLEANERY_CSE_KEY and GLEANERY_CSE_CX"),
        ("searxng", {"SEARXNG_URL": ""}, "GLEANERY_SEARXNG_URL"),
    ],
)
def test_what_is_missing_is_named(name, missing, said):
    with pytest.raises(CredentialError, match=said):
        provider(name, **missing).check(search())


def test_an_unknown_topic_lists_those_there_are():
    with pytest.raises(ConfigError, match="WORLD, NATION, BUSINESS"):
        provider("google_news").check(search("topic", "politics"))


@pytest.mark.parametrize("name", ["cse", "searxng"])
@pytest.mark.parametrize("body", [b"", b'{"items": [', b"[]", b"<html>"])
def test_an_answer_that_is_no_json_object_is_refused(name, body):
    with pytest.raises(ExtractionError):
        provider(name).read(body, "https://a.example/?pageno=1", search())


@pytest.mark.parametrize(
    ("name", "status", "message", "error", "said"),
    [
        ("cse", 403, "Requests from referer <empty> are blocked.", CredentialError, "refuses the"),
        ("cse", 429, "Quota exceeded for quota metric", PlatformUnavailableError, "quota used up"),
        ("cse", 400, "API key not valid.", CredentialError, "refuses the key"),
        ("cse", 503, "", PlatformUnavailableError, "the server failed"),
        ("searxng", 403, "", CredentialError, "add json to search.formats"),
        ("searxng", 429, "", PlatformUnavailableError, "too many requests"),
        ("google_news", 429, "", PlatformUnavailableError, "too many requests"),
        ("feed", 401, "", CredentialError, "access refused"),
    ],
)
def test_a_refusal_says_what_to_do(name, status, message, error, said):
    refusal = provider(name).refusal(status, json.dumps({"error": {"message": message}}).encode())

    assert isinstance(refusal, error)
    assert said in str(refusal)


NEWS_SITEMAP = b"""<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc> https://e.org/1 </loc><lastmod>2026-01-01</lastmod></url>
<url><loc>https://e.org/2</loc><news:news><news:publication><news:name>E</news:name>
<news:language>en</news:language></news:publication><news:title>Two</news:title>
<news:publication_date>2026-11-22T09:00:00+09:00</news:publication_date></news:news></url>
<url><loc>ftp://e.org/3</loc></url></urlset>"""


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_sitemap_gives_its_pages_and_what_a_news_sitemap_states(pack):
    listing = provider("sitemap").read(pack(NEWS_SITEMAP), "https://e.org/s.xml", search())

    assert [(r.url, r.title, r.site, r.published_at) for r in listing.results] == [
        ("https://e.org/1", "", None, None),
        ("https://e.org/2", "Two", "E", datetime(2026, 11, 22, tzinfo=UTC)),
    ]
    assert listing.problem == ""


def test_a_sitemap_cut_off_gives_what_it_has_and_says_so():
    listing = provider("sitemap").read(NEWS_SITEMAP[:400], "https://e.org/s.xml", search())

    assert [r.url for r in listing.results][:1] == ["https://e.org/1"]
    assert listing.problem == "malformed or cut off"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>x</body></html>",
        b"\x1f\x8b\x08broken",
        gzip.compress(bytes(70_000_000)),
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    ],
    ids=["empty", "html", "broken gzip", "bomb", "entity"],
)
def test_what_is_no_sitemap_is_refused(body):
    with pytest.raises(ExtractionError):
        provider("sitemap").read(body, "https://e.org/s.xml", search())


def test_a_list_of_addresses_has_comments_and_names_its_faulty_line(tmp_path):
    path = tmp_path / "urls.txt"
    path.write_text("\ufeff# ours\n\n https://e.org/1 \nhttps://e.org/2\n", encoding="utf-8")

    found = provider("urls").start(search("urls", str(path))).results
    path.write_text("https://e.org/1\nwww.e.org\n", encoding="utf-8")

    assert [r.url for r in found] == ["https://e.org/1", "https://e.org/2"]
    with pytest.raises(
        ConfigError, match=r"line 2: not an absolute http\(s\) address: 'www.e.org'"
    ):
        provider("urls").check(search("urls", str(path)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"provider": "bing"}, "There are: cse, google_news, searxng"),
        ({"provider": "cse", "topic": "WORLD"}, "provider=cse knows no topic="),
        ({"language": "korean"}, "e.g. ko, en-GB or pt-BR"),
        ({"country": "KOR"}, "two letters"),
        ({"allow": "(unclosed"}, "no regular expression"),
        ({"results": "0"}, "greater than or equal to 1"),
        ({"results": "many"}, "valid integer"),
        ({"same_site": "perhaps"}, "valid boolean"),
        ({"qeury": "x"}, "Did you mean 'query'"),
        ({"category": "new_media"}, "did you mean 'news_media'"),
    ],
)
def test_a_wrong_argument_is_explained(given, said):
    with pytest.raises(ConfigError) as error:
        GoogleArguments.parse("google", given)

    assert said in str(error.value)


@pytest.mark.parametrize(
    ("given", "country"),
    [
        ({}, None),
        ({"language": "ko"}, "KR"),
        ({"language": "en-GB"}, "GB"),
        ({"language": "en", "country": "au"}, "AU"),
    ],
)
def test_a_language_alone_means_its_country(given, country):
    assert GoogleArguments.parse("google", given).edition_country == country
