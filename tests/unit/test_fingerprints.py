"""Fingerprints worked out once for each address, and the mapping that remembers them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.http import FormRequest, JsonRequest
from scrapy.utils.request import RequestFingerprinter, fingerprint

from crawlers.frontier.fingerprints import LONGEST, REMEMBERED, Fingerprinter
from crawlers.frontier.recent import Recent

_PARTS = st.text(alphabet="abAB019 가é%/?&=;+#~._-", max_size=12)
_ADDRESSES = st.builds(
    "{}://{}{}/{}".format,
    st.sampled_from(["http", "https", "HTTP"]),
    st.sampled_from(["example.com", "EXAMPLE.com", "한국.kr", "[::1]", "user:word@example.com"]),
    st.sampled_from(["", ":80", ":8080"]),
    _PARTS,
)
_REQUESTS = st.one_of(
    st.builds(
        Request,
        _ADDRESSES,
        method=st.sampled_from(["GET", "get", "HEAD", "POST"]),
        headers=st.sampled_from([{}, {"Accept": "text/html"}]),
        body=st.sampled_from([b"", b"text"]),
        meta=st.sampled_from([{}, {"verbatim_url": True}, {"verbatim_url": False, "depth": 2}]),
        dont_filter=st.booleans(),
    ),
    st.builds(FormRequest, _ADDRESSES, formdata=st.sampled_from([None, {"a": "b"}])),
    st.builds(JsonRequest, _ADDRESSES, data=st.sampled_from([None, {"a": 1}])),
)


@given(st.lists(_REQUESTS, min_size=1, max_size=12))
def test_each_request_has_the_fingerprint_that_scrapy_gives_it(requests):
    """Whichever others of the same address were asked for before it."""
    ours, scrapys = Fingerprinter(), RequestFingerprinter()
    twice = [*requests, *(request.replace() for request in requests)]

    assert [ours.fingerprint(request) for request in twice] == [
        scrapys.fingerprint(request.replace()) for request in twice
    ]


def test_only_so_many_addresses_are_remembered():
    ours = Fingerprinter()
    for number in range(REMEMBERED + 100):
        ours.fingerprint(Request(f"https://example.com/{number}"))
    long = Request("https://example.com/" + "a" * LONGEST)

    assert ours.fingerprint(long) == fingerprint(long)
    assert REMEMBERED // 2 <= len(ours._known) <= REMEMBERED
    assert ours._known.get(long.url) is None


@given(
    st.integers(2, 12),
    st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=80),
)
def test_what_was_used_last_is_there_and_no_more_than_the_size(size, steps):
    recent, told, used = Recent(size), {}, []
    for step, (is_set, key) in enumerate(steps):
        if is_set:
            recent[key] = told[key] = step
            used.append(key)
        elif (found := recent.get(key)) is not None:
            assert found == told[key]
            used.append(key)
        assert len(recent) <= size

    newest = list(dict.fromkeys(reversed(used)))[: size // 2]
    assert {key: recent.get(key) for key in newest} == {key: told[key] for key in newest}
