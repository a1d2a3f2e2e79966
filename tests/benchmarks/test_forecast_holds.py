"""What `plan` says of calls, complexity and minutes, beside what `apply` then takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bench_delivery import OTHERS
from emulated import LIFTED, Emulated, Lot, virtually
from neighbour import Neighbour
from oracle import MUTATION, REQUEST

LATENCY = {"latency_per_request": REQUEST, "latency_per_mutation": MUTATION, "costs": {}}


async def _runs(folder: Path, share: float, *lots: Lot) -> tuple[Any, float]:
    """The last of these runs, and its seconds, beside another program."""
    emulated = Emulated(folder, "pro", **LIFTED)
    with emulated.seams():
        emulated.limit(**LATENCY)
        async with Neighbour(emulated.monday, share, seed=11).beside():
            for lot in lots:
                begun = emulated.clock.now()
                run = await emulated.apply(lot)
            return run, emulated.clock.now() - begun


@pytest.mark.parametrize(
    ("share", "lots"),
    [(0.0, [Lot(400)]), (OTHERS, [Lot(400), Lot(800)])],
    ids=["alone", "shared, in the second run"],
)
def test_a_forecast_holds(tmp_path: Path, share: float, lots: list[Lot]):
    """Within 15 % of what it took; of others a run knows what the run before has seen.

    Beside others the calls of so short a run may be a fifth more: its requests are still growing.
    """
    run, seconds = virtually(_runs(tmp_path, share, *lots))
    said, took = run.details.estimate, run.traffic
    assert said.calls == pytest.approx(took.requests, rel=0.2 if share else 0.15)
    assert said.complexity == pytest.approx(took.complexity, rel=0.01)
    assert said.minutes * 60 == pytest.approx(seconds, rel=0.15)
