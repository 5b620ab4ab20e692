"""Laws of the schedule of visits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from items import Video
from items.visit import Observation, Visit
from storage.visits import Policy, observed, thinned

NOW = datetime(2026, 11, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = Policy()
movements = st.floats(0, 1e6)
spans = st.floats(0.01, 1e4)


def a_video(views: int, at: datetime) -> Video:
    return Video(platform="youtube", external_id="v", url="u", view_count=views, fetched_at=at)


def visited(views: list[int], policy: Policy = POLICY) -> list[Visit]:
    """Visit when it is due, and find these views; return the states after each visit."""
    states: list[Visit] = []
    record, at = None, NOW
    for count in views:
        record = observed(record, a_video(count, at), policy) or record
        states.append(Visit.from_dict(record))
        if states[-1].at is None:
            break
        at = states[-1].at
    return states


@given(spans, movements)
def test_intervals_stay_within_their_bounds(elapsed, movement):
    assert POLICY.min_hours <= POLICY.following(elapsed, movement) <= POLICY.max_hours


@given(spans, movements, movements)
def test_what_moves_more_is_never_visited_later(elapsed, one, other):
    less, more = sorted((one, other))

    assert POLICY.following(elapsed, more) <= POLICY.following(elapsed, less)


@given(st.integers(0, 10**9), st.floats(0.5, 400), st.integers(1, 5))
def test_what_stands_still_is_visited_a_bounded_number_of_times(views, longest, patience):
    policy = Policy(min_hours=0.5, max_hours=longest, patience=patience)
    states = visited([views] * 100, policy)

    assert states[-1].at is None
    assert len(states) <= 1 + 10 + patience  # doublings from the shortest interval to the longest
    assert all(a.interval_hours <= b.interval_hours for a, b in pairwise(states))


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_each_next_visit_lies_ahead(views):
    for state in visited(views):
        assert state.at is None or state.at >= state.visited_at + POLICY.min_hours * HOUR


def test_a_hot_item_is_visited_hourly_a_slow_one_by_its_pace():
    hot = visited([1000 * 2**n for n in range(12)])
    slow = visited([1_000_000] + [1_000_000 + 50_000 * n for n in range(1, 3)])

    assert hot[-1].interval_hours == 1
    assert [s.interval_hours for s in slow] == [24, 48, 96]  # moved by 5 %: twice as long


def test_a_dead_item_that_another_crawl_sees_move_lives_again():
    dead = visited([5] * 40)[-1]
    again = observed(dead.to_dict(), a_video(500, dead.visited_at + HOUR), POLICY)

    assert dead.at is None
    assert Visit.from_dict(again).at == dead.visited_at + 2 * HOUR


def test_an_early_glance_that_shows_nothing_postpones_nothing():
    first = visited([5])[0]
    again = Visit.from_dict(observed(first.to_dict(), a_video(5, NOW + HOUR), POLICY))

    assert (again.interval_hours, again.still) == (first.interval_hours, 0)


points = st.lists(st.integers(0, 10**6), min_size=1, max_size=80, unique=True).map(
    lambda hours: [Observation(at=NOW + h * HOUR, views=h) for h in sorted(hours)]
)


@given(points, st.integers(2, 40))
def test_thinning_keeps_both_ends_the_order_and_the_bound(series, most):
    kept = thinned(series, most)

    assert len(kept) == min(len(series), most)
    assert (kept[0], kept[-1]) == (series[0], series[-1])
    assert kept == sorted((p for p in series if p in kept), key=lambda p: p.at)


def test_old_points_are_thinned_more_than_new_ones():
    series: list[Observation] = []
    for hour in range(2000):
        series = thinned([*series, Observation(at=NOW + hour * HOUR, views=hour)], 32)
    gaps = [b.at - a.at for a, b in pairwise(series)]

    assert len(series) == 32
    assert max(gaps[:8]) > 10 * max(gaps[-8:])


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_records_survive_a_round_trip(one, other):
    visit = visited([one, other])[-1]

    assert Visit.from_dict(visit.to_dict()) == visit
    assert replace(visit.points[-1], at=NOW).same(replace(visit.points[-1], at=NOW + HOUR))
