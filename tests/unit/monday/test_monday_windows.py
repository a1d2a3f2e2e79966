"""A budget that fills up every minute, and the calls of a day."""

from __future__ import annotations

import pytest

from customer_orders.errors import DayUsed
from customer_orders.monday.windows import Day, Minute

MIDNIGHT = 1_800_057_600.0


def shared(theirs: float, minutes: int = 12) -> Minute:
    """A minute's budget after others have used so much of each of some minutes, evenly."""
    budget = Minute(1_000)
    for begun in range(0, minutes * 60, 60):
        for second in (10, 30, 50):
            used = theirs * second / 60
            budget.learn(int(1_000 - used), 0, 60 - second, begun + second)
    budget.fits(1, minutes * 60)
    return budget


def test_what_others_use_is_left_to_them() -> None:
    """Ours is spent over the minute; near its end all that they did not use is ours."""
    budget, begun = shared(400), 12 * 60
    assert budget.share == pytest.approx(600, rel=0.1)
    fitting = [budget.fits(1, begun + second) for second in (0, 15, 30, 50)]
    assert fitting == sorted(fitting)
    assert fitting[0] < 200 < fitting[-1] < 650
    budget.learn(800, 0, 2, begun + 58)
    assert budget.fits(1, begun + 58) > 750


def test_all_of_it_is_ours_when_nobody_else_is_there() -> None:
    """What we spend is not taken for others; a little is left so that they can be seen."""
    budget = Minute(1_000)
    for begun in range(0, 600, 60):
        assert budget.fits(1, begun) == 980
        budget.spend(1_000)
        budget.learn(0, 0, 30, begun + 30)
    assert budget.share == 980


def test_others_who_have_gone_are_forgotten() -> None:
    """Some minutes later the whole budget is used again."""
    budget = shared(400)
    for begun in range(12 * 60, 32 * 60, 60):
        budget.learn(1_000, 0, 30, begun + 30)
    assert budget.fits(1, 32 * 60) > 950


def test_what_others_use_is_estimated_by_minutes() -> None:
    """The average of what was seen; what goes up and down leaves less to us than what does not."""
    steady, restless = Minute(1_000), Minute(1_000)
    for minute in range(41):
        for budget, left in ((steady, 600), (restless, 700 if minute % 2 else 500)):
            budget.fits(1, minute * 60)
            budget.learn(left, 0, 10, minute * 60 + 50)
    rooms = [budget.fits(1, 40 * 60 + 59) + budget.used for budget in (steady, restless)]
    assert steady.others == pytest.approx(400 * 60 / 50, rel=0.05)
    assert restless.others == pytest.approx(steady.others, rel=0.1)
    assert rooms[0] > rooms[1] + 10


def test_the_first_minutes_weigh_more() -> None:
    """What was seen in some seconds is soon forgotten; what an earlier run saw is not."""
    guessed, known = Minute(1_000), Minute(1_000)
    known.expect(800)
    guessed.learn(1_000, 0, 60, 0)
    guessed.learn(890, 0, 52, 8)
    assert guessed.others == pytest.approx(800, rel=0.05)
    for budget in (guessed, known):
        for minute in range(1, 4):
            budget.fits(1, minute * 60)
            budget.learn(600, 0, 1, minute * 60 + 59)
        budget.fits(1, 240)
    assert guessed.others == pytest.approx(400, rel=0.2)
    assert known.others > 550


def test_a_minute_that_was_half_seen_counts_half() -> None:
    """But one in which others were not seen at all counts fully, whenever that was told."""
    half, nothing, whole = shared(400), shared(400), shared(400)
    before, begun = half.others, 12 * 60
    half.learn(900, 0, 30, begun + 30)
    nothing.learn(1_000, 0, 30, begun + 30)
    whole.learn(800, 0, 1, begun + 59)
    for budget in (half, nothing, whole):
        budget.fits(1, begun + 61)
    assert before - whole.others == pytest.approx(2 * (before - half.others), rel=0.1)
    assert nothing.others == pytest.approx(before * 0.7)


@pytest.mark.parametrize(
    ("told", "waits", "kept"),
    [((0, 3), True, 0.85), ((0, 3), False, 1), ((45, 54), True, 1)],
    ids=["told too early", "nothing to send", "told near the end"],
)
def test_who_keeps_answers_away_is_doubted(told: tuple[int, int], waits: bool, kept: float) -> None:
    """Ours waited to the end of a minute, and nothing was told of who it waited for."""
    budget = Minute(1_000)
    budget.expect(700)
    for second in told:
        budget.learn(990, 0, 60 - second, second)
    budget.spend(990)
    if waits:
        assert budget.wait(10, 50, 58) > 0
    budget.fits(1, 61)
    assert budget.others == pytest.approx(700 * kept)


def test_others_do_not_have_it_all() -> None:
    """What is remembered of a larger budget leaves something of this one."""
    budget = Minute(1_000)
    budget.expect(6_000)
    assert budget.share == pytest.approx(20)


def test_waiting_ends_when_a_good_part_fits() -> None:
    """Room comes with time as far as our share goes, then near the end, then with the next."""
    budget, begun = shared(400), 12 * 60
    budget.spend(budget.fits(1, begun))
    seconds = budget.wait(1, 100, begun)
    assert 0 < seconds < 60
    assert budget.fits(1, begun + seconds + 0.1) >= 25
    budget.spend(1_000 - budget.used)
    assert budget.wait(1, 100, begun + 1) == 56
    assert budget.wait(1, 100, begun + 57) == 3


def test_what_is_left_is_asked_once_near_the_end_of_a_minute() -> None:
    """Only where others are; what they left is ours then."""
    budget, begun = shared(400), 12 * 60
    budget.fits(1, begun)
    assert not budget.asks(begun + 50)
    assert budget.asks(begun + 57)
    assert not budget.asks(begun + 58)
    budget.learn(900, 0, 2, begun + 58)
    assert budget.fits(1, begun + 58) > 850
    assert budget.asks(begun + 119) is False
    assert not Minute(1_000).asks(0)


@pytest.mark.parametrize("varies", [0, 250, 500])
def test_a_wait_ends_beside_restless_others(varies: float) -> None:
    """What is waited for fits some time, also when little is left and nobody tells of others."""
    budget, now = Minute(1_000), 0.0
    budget.expect(500)
    budget._varies = varies
    while (seconds := budget.wait(30.001, 25, now)) > 0:
        now += seconds
        assert now <= 120
    assert budget.fits(30.001, now) >= 1


def test_a_minute_that_began_before_ours_tells_nothing_of_others() -> None:
    """We took it for ended too early: what is used of it may be ours."""
    budget = Minute(1_000)
    budget.fits(1, 0)
    budget.spend(980)
    budget.learn(20, 0, 43, 17)
    budget.resets = 60
    budget.fits(1, 60)
    budget.learn(20, 0, 1, 60)
    budget.fits(1, 62)
    assert budget.others == 0


def test_the_end_of_a_minute_is_the_earliest_that_was_told() -> None:
    """The server rounds up to whole seconds, so the smallest sum is nearest."""
    budget = Minute(1_000)
    budget.learn(0, 0, 50, 10.0)
    budget.learn(0, 0, 31, 28.6)
    budget.learn(0, 0, 30, 29.9)
    assert budget.resets == pytest.approx(59.6)


def test_the_calls_of_a_day_end() -> None:
    """What was counted before this process counts too."""
    day = Day(100, lambda: MIDNIGHT)
    day.before = 98.0
    day.count(1)
    day.require()
    day.count(1)
    with pytest.raises(DayUsed, match="100 calls"):
        day.require()


def test_a_new_day_begins_at_midnight() -> None:
    """UTC, with all its calls."""
    now = [MIDNIGHT - 1]
    day = Day(100, lambda: now[0])
    day.count(100)
    assert day.left == 0
    now[0] = MIDNIGHT
    assert day.left == 100


def test_calls_that_were_entered_are_not_counted_twice() -> None:
    """Nor are those lost that were made while the entry was written."""
    day = Day(100, lambda: MIDNIGHT)
    day.count(10)
    today, calls = day.to_enter()
    day.count(1)
    day.entered(today, calls, before=40)
    assert (day.before, day.since, day.left) == (40, 1, 59)


@pytest.mark.parametrize("between", [0, 1])
def test_midnight_while_calls_are_entered(between: int) -> None:
    """They stay the old day's; the new one has all its calls but those that it counted itself."""
    now = [MIDNIGHT - 1]
    day = Day(100, lambda: now[0])
    day.count(30)
    yesterday, calls = day.to_enter()
    now[0] = MIDNIGHT
    day.count(between)
    day.entered(yesterday, calls, before=98)
    assert yesterday != day.today
    assert (day.before, day.since, day.left) == (0, between, 100 - between)


def test_calls_of_yesterday_are_not_entered_for_today() -> None:
    """The date and the calls belong together, also when nothing was counted since midnight."""
    now = [MIDNIGHT - 1]
    day = Day(100, lambda: now[0])
    day.count(30)
    now[0] = MIDNIGHT
    assert day.to_enter() == (day.today, 0)
