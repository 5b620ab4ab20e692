"""What probes of a worker are told."""

from __future__ import annotations

import asyncio
import threading
import time

from pipelines.work.pulse import Pulse


def test_a_loop_that_hangs_is_not_alive_and_one_that_goes_on_is():
    pulse, loop = Pulse(600), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    before = pulse.is_alive(), pulse.is_ready()

    thread.start()
    asyncio.run_coroutine_threadsafe(noted(pulse), loop).result()
    turning = pulse.is_alive(60), pulse.is_ready()
    gate = threading.Event()
    loop.call_soon_threadsafe(gate.wait, 60)
    hanging = pulse.is_alive(0.05), pulse.is_ready()
    gate.set()
    again = pulse.is_alive(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()

    assert (before, turning, hanging) == ((True, False), (True, True), (False, True))
    assert (again, pulse.is_alive()) == (True, False)


def test_a_queue_that_is_silent_for_a_lease_makes_it_not_ready():
    pulse = Pulse(0.02)

    pulse.heard()
    time.sleep(0.03)

    assert not pulse.is_ready()


async def noted(pulse: Pulse) -> None:
    pulse.began()
    pulse.heard()
