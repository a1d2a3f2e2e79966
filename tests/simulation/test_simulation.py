"""The invariants of delivery, over seeded histories of trouble in virtual time."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from history import Verdict
from simulate import histories
from trouble import RULES

from customer_orders.ledger.results import Reopen

SEEDS = range(24)
#: Histories within which each mutant is caught.
PATIENCE = range(40)


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    """What the seeds came to."""
    return list(histories(SEEDS))


def test_nothing_is_lost_or_written_twice(verdicts: list[Verdict]) -> None:
    """Board and snapshot equal the source in the end, whatever happened on the way."""
    wrong = {verdict.seed: verdict.faults for verdict in verdicts if verdict.faults}
    assert wrong == {}, "replay with: python tests/simulation/simulate.py --first SEED --seeds 1"


def test_there_was_trouble(verdicts: list[Verdict]) -> None:
    """Every kind of fault struck, processes died, and boards were taken over."""
    trouble: Counter[str] = sum((verdict.trouble for verdict in verdicts), Counter())
    assert set(RULES) <= set(trouble)
    assert sum(verdict.crashes for verdict in verdicts) > len(SEEDS) / 2
    assert sum(verdict.takeovers for verdict in verdicts) > 0


async def _all_undone(request: Any, *_: Any) -> dict[int, Reopen]:
    """What a careless program assumes of a request that nobody answered."""
    return {claimed.id: Reopen(reason="assumed") for claimed in request.operations}


async def _not_looked_up(*_: Any) -> tuple[dict[str, Any], list[Any]]:
    """A program that trusts its ledger alone."""
    return {}, []


@pytest.mark.parametrize(
    ("rule", "mutant"),
    [
        pytest.param(
            "customer_orders.delivery.deliver.look_up", _all_undone, id="unknown is sent again"
        ),
        pytest.param(
            "customer_orders.pipeline.already_there", _not_looked_up, id="no look before a create"
        ),
    ],
)
def test_a_careless_program_is_caught(
    monkeypatch: pytest.MonkeyPatch, rule: str, mutant: Callable[..., Any]
) -> None:
    """The simulation can fail: without this rule there are duplicates within a few seeds."""
    monkeypatch.setattr(rule, mutant)
    assert any(verdict.faults for verdict in histories(PATIENCE))
