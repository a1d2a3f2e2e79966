"""The benchmark of delivery in small, and the oracle that it is measured by."""

from __future__ import annotations

import pytest
from bench_delivery import measure
from oracle import Account, one_by_one, shortest

PRO = Account(plan="pro", token="personal")
FREE = Account(plan="free", token="personal")


@pytest.mark.parametrize(
    ("account", "mutations", "cost", "seconds"),
    [
        # 333 a minute fit; the last ones leave when the third minute begins.
        (PRO, 333, 30_001, 0.4),
        (PRO, 334, 30_001, 60.4),
        (Account(plan="pro", token="app"), 167, 30_001, 60.4),
        # One request of 33 a minute, a thousand of them a day, and the rest after midnight.
        (FREE, 33_000, 30_001, 999 * 60 + 0.4),
        (FREE, 33_001, 30_001, 86_400 + 0.4),
    ],
)
def test_the_shortest_schedule(account: Account, mutations: int, cost: int, seconds: float):
    """Arithmetic that can be done by hand."""
    assert shortest(account, mutations, cost) == pytest.approx(seconds)


def test_one_by_one_is_bound_by_calls():
    """A thousand calls a day, minutes that are used up, then a wait until midnight."""
    seconds, calls = one_by_one(FREE, 2_000, 30_001)
    assert seconds > 86_400 * 2
    assert calls > 2_000


def test_a_first_load_in_small():
    """Seven minutes' worth of creates: near the shortest schedule, next to nothing refused."""
    measured = measure(PRO, "creates", 400)
    assert measured.mutations == 400 + 1_700
    assert 0.85 < measured.share <= 1
    assert measured.refused < 0.01
    assert measured.peer > measured.seconds
    assert 0.9 < measured.said < 1.1
    assert 0.9 < measured.said_requests < 1.1


def test_an_app_of_a_free_account_ends_in_small():
    """Queries and mutations have a budget each there, which no answer says in words."""
    measured = measure(Account(plan="free", token="app"), "updates 10k", 60)
    assert measured.refused * measured.calls < 2.5
    assert 0.5 < measured.said < 1.5


def test_another_program_finds_room():
    """It takes four tenths at random: we use most of the rest, and it is seldom refused."""
    measured = measure(PRO, "creates, shared", 300)
    assert measured.mutations == 300 + 1_275
    assert measured.share > 0.75
    assert 0.8 < measured.said < 1.2
    assert measured.others_refused < 0.05
    assert measured.refused < 0.02
