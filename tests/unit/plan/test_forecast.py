"""What applying takes: calls, complexity, minutes, and the budget that binds."""

from __future__ import annotations

import pytest
from planning import CREATE, MAKE_SIZE, allowed

from customer_orders.plan import MUTATION_COST, forecast


def test_a_minute_binds() -> None:
    """333 creates fit into a minute, in seven requests; seven more until they are so large."""
    estimate = forecast({CREATE: 3_330}, allowed())
    assert estimate.complexity == 3_330 * MUTATION_COST
    assert estimate.calls == 77
    assert 9 < estimate.minutes < 9.5
    assert estimate.binds == "complexity a minute"
    assert estimate.fits_today


def test_kinds_do_not_share_a_request() -> None:
    """One of each is two calls, and takes no minute."""
    estimate = forecast({CREATE: 1, MAKE_SIZE: 1}, allowed())
    assert estimate.calls == 2
    assert estimate.minutes < 0.1
    assert estimate.binds == "the time that monday takes"


def test_what_is_known_of_prices_counts() -> None:
    """At a third of the price three times as many fit into a minute."""
    dear = forecast({CREATE: 9_990}, allowed())
    cheap = forecast({CREATE: 9_990}, allowed(prices={CREATE: MUTATION_COST / 3}))
    assert cheap.complexity == pytest.approx(dear.complexity / 3)
    assert cheap.minutes == pytest.approx(dear.minutes / 3, rel=0.1)


def test_the_first_requests_are_small() -> None:
    """20 items go in two requests of ten, then sizes in four of twenty and one of five."""
    assert forecast({CREATE: 20, MAKE_SIZE: 85}, allowed()).calls == 7
    assert forecast({CREATE: 5, MAKE_SIZE: 20}, allowed()).calls == 3
    assert forecast({MAKE_SIZE: 85, CREATE: 20}, allowed(aliases=10)).calls == 11


def test_requests_are_half_as_large_where_others_are() -> None:
    """A request leaves as soon as half of it fits."""
    alone, shared = (forecast({CREATE: 9_990}, allowed(shared=s)) for s in (False, True))
    assert shared.calls == pytest.approx(alone.calls * 2, rel=0.1)


def test_what_others_take_makes_it_longer() -> None:
    """With half of a minute left to us it takes twice as long."""
    alone, shared = (forecast({CREATE: 6_660}, allowed(complexity=c)) for c in (10e6, 5e6))
    assert shared.minutes == pytest.approx(alone.minutes * 2, rel=0.05)


def test_a_forecast_says_whether_it_counts_others() -> None:
    """Before a run has written on the account, nothing is known of them."""
    assert [
        forecast({CREATE: 1}, allowed(others_known=known)).as_json()["others_known"]
        for known in (True, False)
    ] == [True, False]


def test_calls_of_today_may_not_be_enough() -> None:
    """The plan says so, and on how many days something is sent."""
    estimate = forecast({CREATE: 3_330}, allowed(calls_left=9, calls_a_day=50))
    assert (estimate.fits_today, estimate.days) == (False, 3)
    assert estimate.binds == "calls a day"
