"""Values that take long to make."""

from __future__ import annotations

import threading

import pytest

from gleanery.errors import StoreUnavailableError
from gleanery.kept import Kept
from tests.conftest import wait_until


class Maker:
    """Gives 1, 2, 3, …; from the second on it waits for ``go``."""

    def __init__(self) -> None:
        self.made, self.go = 0, threading.Event()
        self.error: Exception | None = None

    def __call__(self) -> int:
        if self.made:
            self.go.wait(60)
        if self.error:
            raise self.error
        self.made += 1
        return self.made


def test_what_is_made_quickly_is_made_anew_each_time():
    kept, maker = Kept(lambda _: 0), Maker()
    maker.go.set()

    assert [kept.get(maker).value for _ in range(3)] == [1, 2, 3]


def test_the_last_value_is_given_while_the_next_one_is_made():
    kept, maker = Kept(lambda _: 1e-9), Maker()

    assert [kept.get(maker).value for _ in range(3)] == [1, 1, 1]
    maker.go.set()
    wait_until(lambda: kept.get(maker).value > 1, seconds=60)
    kept.close()


def test_a_value_that_cannot_be_made_anew_is_no_longer_given():
    kept, maker = Kept(lambda _: 1e-9), Maker()
    kept.get(maker)
    maker.error = StoreUnavailableError("away")
    maker.go.set()

    def away() -> bool:
        try:
            kept.get(maker)
        except StoreUnavailableError:
            return True
        return False

    wait_until(away, seconds=60)
    maker.error = None
    assert kept.get(maker).value == 2
    kept.close()


def test_the_first_one_raises_what_its_maker_raises():
    with pytest.raises(StoreUnavailableError):
        Kept(lambda _: 1).get(_away)


def _away() -> int:
    raise StoreUnavailableError("away")
