"""What applying a plan takes, before anything is sent: calls, complexity, minutes, what binds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from customer_orders.plan.operations import RANKS, Action, Target

#: Complexity of one mutation. create_item is 30,000 and 1 for the id (monday's documents); no other
#: figure is published, so every mutation is taken for as dear until monday has told its cost.
MUTATION_COST = 30_001
#: Seconds that monday takes for one mutation, and for a request around it, as a rule.
MUTATION_SECONDS, REQUEST_SECONDS = 0.3, 0.1
#: Seconds that a request is to take at most: far from the 60 after which monday cuts it off.
TARGET_SECONDS = 15.0
#: Mutations that fit into it.
FITTING = int(TARGET_SECONDS / MUTATION_SECONDS)
#: Mutations in the first request of a run, and requests under way at first.
FIRST_SIZE, FIRST_LANES = 10, 4
#: Of what others leave of a minute, what is used: the rest is room for their ups and downs.
USED = 0.92

Kind = tuple[Target, Action]


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """What the account allows."""

    #: Complexity of a minute, as far as other programs leave it.
    complexity: float
    #: Whether there are any: then a request leaves as soon as half of it fits.
    shared: bool
    #: Whether a run has written on this account before: only then it is known who else is there.
    others_known: bool
    #: Calls that may still be used today, and on a whole day.
    calls_left: float
    calls_a_day: int
    #: Most mutations in a request, and most requests at a time.
    aliases: int
    in_flight: int
    #: What one mutation of a kind costs.
    prices: Mapping[Kind, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What applying costs, before anything is sent."""

    calls: int
    complexity: int
    #: Of sending; the wait for another day's calls comes on top.
    minutes: float
    #: The budget that there is least of; empty when nothing is sent.
    binds: str
    calls_left: int
    calls_a_day: int
    #: Whether it counts what other programs of the account use.
    others_known: bool = True

    @property
    def fits_today(self) -> bool:
        """Whether the calls that are left today are enough."""
        return self.calls <= self.calls_left

    @property
    def days(self) -> int:
        """UTC days on which something is sent, today among them."""
        later = max(self.calls - self.calls_left, 0)
        return 1 + math.ceil(later / max(self.calls_a_day, 1))

    def as_json(self) -> dict[str, int | float | str | bool]:
        """The figures of plans and reports."""
        return {
            "calls": self.calls,
            "complexity": self.complexity,
            "minutes": round(self.minutes, 2),
            "binds": self.binds,
            "calls_left": self.calls_left,
            "calls_a_day": self.calls_a_day,
            "fits_today": self.fits_today,
            "days": self.days,
            "others_known": self.others_known,
        }


def forecast(counts: Mapping[Kind, int], allowed: Allowance) -> Estimate:
    """The cost of so many operations of each kind; links send nothing."""
    sent = {kind: number for kind, number in counts.items() if kind[1] is not Action.LINK}
    mutations, calls, minutes = sum(sent.values()), 0, 0.0
    size, most = min(FIRST_SIZE, allowed.aliases), min(allowed.aliases, FITTING)
    complexity = allowed.complexity
    if allowed.shared:
        most, complexity = max(most // 2, 1), complexity * USED
    for kind, number in sorted(sent.items(), key=lambda pair: RANKS[pair[0]]):
        a_minute = max(int(complexity // allowed.prices[kind]), 1)
        minutes += number / a_minute
        # Beside others a request leaves when there is room for it, not when a minute begins.
        at_once = number if allowed.shared else a_minute
        requests, size = _requests(number, min(size, most), most, at_once)
        calls += requests
    sending = (mutations * MUTATION_SECONDS + calls * REQUEST_SECONDS) / allowed.in_flight / 60
    # The budget of a minute is there at once: only for the minutes after the first is waited.
    budget = max(math.ceil(minutes) - 1, 0) + min(sending, TARGET_SECONDS / 60)
    return Estimate(
        calls=calls,
        complexity=round(sum(number * allowed.prices[kind] for kind, number in sent.items())),
        minutes=max(sending, budget),
        binds=_binds(mutations, calls > allowed.calls_left, budget > sending),
        calls_left=int(allowed.calls_left),
        calls_a_day=allowed.calls_a_day,
        others_known=allowed.others_known,
    )


def _requests(number: int, size: int, most: int, at_once: int) -> tuple[int, int]:
    """Requests for so many mutations of a kind, and how large the next kind's first one is.

    They grow as delivery lets them (`delivery/pace.py`): twice as large each round of answers.
    """
    calls = 0
    while number and size < most:
        sent = min(number, FIRST_LANES * size)
        calls += math.ceil(sent / size)
        number -= sent
        size = min(max(size, 2 * sent), 2 * size, most)
    # What is left of a budget goes in a smaller one.
    whole, rest = divmod(number, at_once) if number else (0, 0)
    return calls + whole * math.ceil(at_once / most) + math.ceil(rest / most), size


def _binds(mutations: int, days: bool, minutes: bool) -> str:
    if not mutations:
        return ""
    if days:
        return "calls a day"
    return "complexity a minute" if minutes else "the time that monday takes"
