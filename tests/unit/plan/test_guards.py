"""The mass-change guard: shrinkage, growth and shares, with the numbers in the message."""

import pytest

from customer_orders.config import GuardSettings
from customer_orders.errors import PlanRefused
from customer_orders.plan import LastRead, guard_plan, guard_source

GUARD = GuardSettings()


def check_source(rows: int, before: int, **guard: float) -> None:
    """The guard over a source that had so many rows."""
    settings = GuardSettings.model_validate(guard)
    guard_source(rows, {}, LastRead(rows=before, by_customer={}), settings)


def test_first_read_passes() -> None:
    """Without an earlier read there is nothing to compare with."""
    guard_source(5, {"TORVANE": 5}, None, GUARD)


@pytest.mark.parametrize(
    ("rows", "before"),
    [(1000, 1000), (700, 1000), (1428, 1000), (70, 100), (142, 100), (0, 49), (1, 49), (900, 49)],
)
def test_source_of_a_likely_size_passes(rows: int, before: int) -> None:
    """From 70 % of the last read to its inverse; below the floor of 50 rows nothing is judged."""
    check_source(rows, before)


@pytest.mark.parametrize(
    ("rows", "before"),
    [(699, 1000), (1429, 1000), (69, 100), (143, 100), (0, 50), (34, 50), (72, 50)],
)
def test_source_that_shrank_or_grew_is_refused(rows: int, before: int) -> None:
    """Beyond belief in either direction: the message says both numbers, the hint the way out."""
    with pytest.raises(PlanRefused) as refusal:
        check_source(rows, before)
    assert refusal.value.message == (
        f"the source has {rows} rows, the last complete read had {before}"
    )
    assert "--force" in refusal.value.hint
    assert "source_rows" in refusal.value.hint
    assert refusal.value.exit_code == 3


def test_share_of_rows_is_a_setting() -> None:
    """Another share, another bound."""
    check_source(500, 1000, source_rows=0.5)
    check_source(2000, 1000, source_rows=0.5)
    with pytest.raises(PlanRefused):
        check_source(999, 1000, source_rows=1)


def test_floor_is_a_setting() -> None:
    """With a floor of 0 a handful of rows is judged as well."""
    with pytest.raises(PlanRefused):
        check_source(1, 10, floor=0)


def by_customer(now: dict[str, int], before: dict[str, int]) -> None:
    """The guard over rows by customer, the total being plausible."""
    guard_source(1000, now, LastRead(rows=1000, by_customer=before), GUARD)


def test_customer_that_shrank_is_refused() -> None:
    """A customer of the last read that lost its rows is named, though the total holds."""
    with pytest.raises(PlanRefused, match=r"O'DRAVEN GOLF\" has 60 rows, .* had 100"):
        by_customer({"O'DRAVEN GOLF": 60, "TORVANE": 940}, {"O'DRAVEN GOLF": 100, "TORVANE": 900})


def test_customer_that_is_gone_is_refused() -> None:
    """A customer without any row is the worst shrinkage."""
    with pytest.raises(PlanRefused, match='"KESTERBY" has 0 rows'):
        by_customer({"TORVANE": 1000}, {"KESTERBY": 50, "TORVANE": 950})


def test_customer_that_grew_is_refused() -> None:
    """Growth is judged by customer as well."""
    with pytest.raises(PlanRefused, match='"KESTERBY" has 150 rows'):
        by_customer({"KESTERBY": 150}, {"KESTERBY": 100})


def test_all_faults_are_said_at_once() -> None:
    """The total and each customer, in alphabetical order, in one message."""
    last = LastRead(rows=300, by_customer={"B": 100, "A": 100, "C": 100})
    with pytest.raises(PlanRefused) as refusal:
        guard_source(110, {"A": 10, "C": 100}, last, GUARD)
    assert refusal.value.message.split("; ") == [
        "the source has 110 rows, the last complete read had 300",
        '"A" has 10 rows, the last complete read had 100',
        '"B" has 0 rows, the last complete read had 100',
    ]


@pytest.mark.parametrize(("now", "before"), [({"A": 0}, {"A": 49}), ({"NEW": 500}, {})])
def test_small_and_new_customers_pass(now: dict[str, int], before: dict[str, int]) -> None:
    """Below the floor a customer may come and go; one that is new has no past."""
    by_customer(now, before)


@pytest.mark.parametrize(
    ("known", "missing", "updated"),
    [(100, 30, 30), (100, 0, 0), (49, 49, 49), (50, 15, 15), (0, 0, 0), (1000, 300, 0)],
)
def test_likely_plan_passes(known: int, missing: int, updated: int) -> None:
    """Up to 30 % missing and 30 % changed; below 50 known lines nothing is judged."""
    guard_plan(known=known, missing=missing, updated=updated, guard=GUARD)


def test_too_many_missing_lines_are_refused() -> None:
    """The message says how many of how many, the share and what is allowed."""
    with pytest.raises(PlanRefused) as refusal:
        guard_plan(known=1000, missing=304, updated=0, guard=GUARD)
    assert refusal.value.message == (
        "304 of 1000 delivered lines are missing from the source (30.4%, allowed 30.0%)"
    )
    assert "changed_or_missing" in refusal.value.hint
    assert "--force" in refusal.value.hint


def test_too_many_updates_are_refused() -> None:
    """Missing lines and updates are judged apart, and both are said."""
    with pytest.raises(PlanRefused) as refusal:
        guard_plan(known=50, missing=16, updated=50, guard=GUARD)
    assert refusal.value.message == (
        "16 of 50 delivered lines are missing from the source (32.0%, allowed 30.0%); "
        "50 of 50 delivered lines are to be changed (100.0%, allowed 30.0%)"
    )


def test_shares_are_settings() -> None:
    """A share of 1 lets everything through, a floor of 0 judges the smallest board."""
    guard_plan(known=100, missing=100, updated=100, guard=GuardSettings(changed_or_missing=1))
    with pytest.raises(PlanRefused):
        guard_plan(known=2, missing=1, updated=0, guard=GuardSettings(floor=0))
