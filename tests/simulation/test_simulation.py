"""The invariants of delivery, over seeded histories of trouble in virtual time."""

import pytest
from history import Verdict, play
from mutants import MUTANTS, Mutant
from points import waits
from script import FAULTS, Script
from simulate import figures, histories, on, playground, shrunk, simulate, spread

SEEDS = range(300)
SERVER_SEEDS = range(1_000, 1_100)
#: Histories within which each mutant is caught.
PATIENCE = range(200)

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    """What the seeds came to, and the histories that aim at crash points."""
    return simulate(SEEDS)[0]


def test_nothing_is_lost_or_written_twice(verdicts: list[Verdict]) -> None:
    """Board and snapshot equal the source in the end, whatever happened on the way."""
    wrong = {v.script.seed: [str(fault) for fault in v.faults] for v in verdicts if v.faults}
    assert wrong == {}, "replay with: python tests/simulation/simulate.py --first SEED --seeds 1"


def test_on_a_server() -> None:
    """The same with a ledger on PostgreSQL."""
    with on("postgresql") as urls:
        verdicts = list(spread([(Script.draw(seed), None) for seed in SERVER_SEEDS], urls))
    wrong = {v.script.seed: [str(fault) for fault in v.faults] for v in verdicts if v.faults}
    assert wrong == {}, "replay with: make simulate SEEDS=1 ARGS='--engine postgresql --first SEED'"
    assert sum(v.crashes for v in verdicts) > len(SERVER_SEEDS) / 10


def test_there_was_trouble(verdicts: list[Verdict]) -> None:
    """Every kind of fault was there, and processes died at every crash point."""
    closing = figures(verdicts, 1.0)
    assert set(FAULTS) <= set(closing["faults"])
    assert closing["crash_points_hit"] == closing["crash_points"]
    assert closing["crashes"] > len(SEEDS) / 4
    assert closing["takeovers"] > len(SEEDS) / 10
    # Without copies that stand for a while the re-check would not be tried.
    assert closing["peak_duplicates"] > 0
    # What is refused is left out of the judgement: it must stay the exception.
    lines = sum(verdict.script.lines for verdict in verdicts)
    assert closing["refused_lines"] < lines / 10


def test_every_wait_of_delivery_is_a_crash_point(verdicts: list[Verdict]) -> None:
    """But for the one that cleans up after an error of the program, which no history has."""
    passed = {place.split()[-1] for verdict in verdicts for place in verdict.places.passed}
    unmet = [text for place, text in waits("delivery") if place not in passed]
    assert unmet == ["await asyncio.gather(*under_way, return_exceptions=True)"]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_careless_program_is_caught(mutant: Mutant) -> None:
    """The simulation can fail: without this rule something is wrong within 200 seeds."""
    with mutant.alive():
        assert any(verdict.faults for verdict in histories(PATIENCE))


def test_a_history_is_exactly_repeatable() -> None:
    """The same seed passes the same crash points, with the same trouble and the same runs."""
    first, second = histories([7, 7])
    assert first == second
    assert first.runs > 3


def test_a_failing_seed_is_made_smaller() -> None:
    """What is left still fails, has fewer lines, and survives its own JSON."""
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "no look before a create")
    with mutant.alive(), playground() as stage:
        failing = next(v.script for v in histories(PATIENCE) if v.faults)
        small = shrunk(failing)
        assert play(Script.of_json(small.as_json()), stage).faults
    assert small.lines < failing.lines
