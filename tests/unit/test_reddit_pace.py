"""How long Reddit is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.reddit.pace import LONGEST_WAIT_SECONDS, WAIT_WITHOUT_ADVICE_SECONDS, Pace


def limit(remaining: float, used: int, reset: int) -> dict[str, str]:
    return {
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-used": str(used),
        "x-ratelimit-reset": str(reset),
    }


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (200, {}, 0),
        (200, limit(990.0, 10, 300), 0),
        (200, limit(0.0, 1000, 120), 120),
        (200, limit(300.0, 700, 500), 10),  # far ahead of its share: prawcore waits 10 s at most
        (200, {"x-ratelimit-remaining": "many"}, 0),
        (200, {"x-ratelimit-remaining": "5"}, 0),
        (200, {"retry-after": "30"}, 0),
        (429, {"retry-after": "30"}, 30),
        (429, {"retry-after": "100000"}, LONGEST_WAIT_SECONDS),
        (429, {"retry-after": "-5"}, WAIT_WITHOUT_ADVICE_SECONDS),
        (429, {"retry-after": "soon"}, WAIT_WITHOUT_ADVICE_SECONDS),
        (429, {}, WAIT_WITHOUT_ADVICE_SECONDS),
        (429, limit(0.0, 1000, 60) | {"retry-after": "5"}, 60),
    ],
)
def test_the_wait_is_what_the_headers_ask_for(status, headers, seconds):
    assert Pace().wait_after(status, headers) == pytest.approx(seconds, abs=0.5)


def test_a_date_is_a_retry_after_too():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)

    assert Pace().wait_after(429, {"retry-after": later}) == pytest.approx(40, abs=2)


def test_trouble_is_waited_out_longer_each_time_until_it_ends():
    pace = Pace()

    waits = [pace.wait_after(status, {}) for status in [503] * 8 + [200, 500]]

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 0, 1]


@given(
    status=st.sampled_from([200, 403, 429, 503]),
    values=st.lists(st.one_of(st.text(max_size=8), st.floats().map(str)), min_size=4, max_size=4),
)
def test_no_header_stops_a_crawl(status, values):
    names = ("x-ratelimit-remaining", "x-ratelimit-used", "x-ratelimit-reset", "retry-after")

    wait = Pace().wait_after(status, dict(zip(names, values, strict=True)))

    assert 0 <= wait <= LONGEST_WAIT_SECONDS
