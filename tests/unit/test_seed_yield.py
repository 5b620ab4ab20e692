"""Laws of seeds that fade."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from items.seed_yield import LEAST, Brought, SeedPolicy, SeedYield

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = SeedPolicy()
counts = st.integers(0, 10_000)


def a_seed(**more) -> SeedYield:
    return SeedYield(key="reddit:subreddit=x", group="reddit", **more)


def crawled(*crawls: tuple[int, int], every: timedelta = DAY) -> SeedYield:
    """Crawl with these requests and good items."""
    seed = a_seed()
    for n, (requests, good) in enumerate(crawls):
        brought = Brought(requests=requests, items=requests, good=good)
        seed = seed.after(brought, NOW + n * every, POLICY)
    return seed


@given(counts, counts)
def test_shares_lie_between_the_floor_and_one_and_budgets_allow_a_look(requests, good):
    seed = crawled((requests, good))

    assert POLICY.floor <= seed.share(POLICY) <= 1
    assert seed.budget(POLICY) is None or LEAST <= seed.budget(POLICY) <= max(LEAST, requests)


@given(counts, counts, counts)
def test_more_good_items_never_lower_the_share(requests, one, other):
    less, more = sorted((one, other))

    assert crawled((requests, less)).share(POLICY) <= crawled((requests, more)).share(POLICY)


@given(st.integers(1, 500), st.integers(2, 6))
def test_a_seed_that_brings_nothing_fades_and_one_that_brings_enough_does_not(requests, crawls):
    shares = [crawled(*[(requests, 0)] * n).share(POLICY) for n in range(crawls)]

    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1 > shares[1]
    assert crawled(*[(requests, requests)] * crawls).budget(POLICY) is None


def test_rests_double_end_and_are_over_with_the_first_good_item():
    barren = [crawled(*[(500, 0)] * n) for n in range(1, 8)]
    days = [(seed.rest_until - seed.at) / DAY for seed in barren]
    better = barren[-1].after(Brought(requests=5, items=5, good=1), NOW + 60 * DAY, POLICY)

    assert days == [1, 2, 4, 8, 16, 30, 30]
    assert barren[0].rests_at(NOW)
    assert not barren[0].rests_at(NOW + DAY)
    assert (better.rests, better.rest_until) == (0, None)


def test_what_was_is_forgotten_by_half_each_week():
    seed = crawled((200, 10), (0, 0), every=7 * DAY)

    assert (seed.requests, seed.good) == (100, 5)


def test_a_capped_crawl_does_not_lower_what_is_usual():
    seed = crawled((100, 0)).after(Brought(requests=17, capped=True), NOW + DAY, POLICY)

    assert seed.usual == 100


@given(counts, counts)
def test_records_survive_a_round_trip(requests, good):
    seed = crawled((requests, good))

    assert SeedYield.from_dict(seed.to_dict()) == seed
