"""How large requests become, and how many of them go at a time."""

from __future__ import annotations

from customer_orders.config import MondaySettings
from customer_orders.delivery.pace import Pace


def pace(aliases: int = 50, in_flight: int = 12) -> Pace:
    """A pace of a board that nothing is known of."""
    return Pace(MondaySettings(aliases=aliases, in_flight=in_flight))


def played(learning: Pace, each: float, requests: int = 30) -> Pace:
    """After so many good requests of mutations that take this long."""
    for _ in range(requests):
        count = learning.size
        learning.answered(count, 0.1 + each * count)
        learning.achieved(count)
    return learning


def test_requests_grow_until_they_take_long() -> None:
    """Quick mutations fill a request; slow ones keep it far from the 60 seconds of the cap."""
    assert played(pace(), 0.01).size == 50
    assert 40 <= played(pace(), 0.3).size <= 50
    assert 8 <= played(pace(), 1.5).size <= 10


def test_a_size_that_fits_is_found_from_below() -> None:
    """49 mutations of 0.3 s are wanted; requests of 33 say that as many would fit."""
    learning = pace()
    for _ in range(10):
        learning.answered(33, 0.1 + 0.3 * 33)
        learning.achieved(33)
    assert learning.size >= 49


def test_a_request_that_took_long_makes_the_next_one_smaller() -> None:
    """Also when monday becomes slow in the middle."""
    learning = played(pace(), 0.01)
    learning.answered(50, 50.0)
    assert learning.size == 15


def test_what_was_in_vain_is_halved_and_grows_again() -> None:
    """Down to one, and back."""
    learning = played(pace(), 0.01)
    for size in (25, 12, 6, 3, 1, 1):
        learning.in_vain(learning.size)
        assert learning.size == size
    assert played(learning, 0.01).size == 50


def test_lanes_open_one_by_one_and_close_by_half() -> None:
    """One more for each round of answers, never more than allowed, never less than one."""
    learning = pace()
    assert learning.lanes == 4
    played(learning, 0.1, requests=5)
    assert learning.lanes == 5
    assert played(learning, 0.1, requests=200).lanes == 12
    learning.crowded(10.0, 11.0)
    assert learning.lanes == 6
    for moment in range(20, 30):
        learning.crowded(moment, moment)
    assert learning.lanes == 1


def test_requests_that_left_together_halve_once() -> None:
    """What they met was the same crowd."""
    learning = played(pace(), 0.1, requests=200)
    for _ in range(5):
        learning.crowded(10.0, 11.0)
    assert learning.lanes == 6


def test_the_configuration_is_the_ceiling() -> None:
    """From the first request on."""
    learning = pace(aliases=3, in_flight=2)
    assert (learning.size, learning.lanes) == (3, 2)
    played(learning, 0.01)
    assert (learning.size, learning.lanes) == (3, 2)
