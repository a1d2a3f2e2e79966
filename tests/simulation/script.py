"""What will happen in a history, drawn from its seed before anything is played.

Every part has a seed of its own, so that a script from which something was taken out plays the
rest as before: that is how a failing seed is made smaller.
"""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

#: Rules that the emulator draws from; `count` and the operation they strike are drawn too.
FAULTS: dict[str, dict[str, Any]] = {
    "drop_before": {"kind": "drop_before"},
    "apply_then_drop": {"kind": "apply_then_drop"},
    "apply_then_drop_forgotten": {"kind": "apply_then_drop", "remember": False},
    "apply_then_502": {"kind": "apply_then_status", "status": 502, "body": "html"},
    "apply_then_504": {"kind": "apply_then_status", "status": 504},
    "some_then_500": {"kind": "apply_first_n_then", "n": 2, "status": 500},
    "some_then_drop": {"kind": "apply_first_n_then", "n": 3, "status": None},
    "status_500": {"kind": "status", "status": 500},
    "locked_423": {"kind": "status", "status": 423},
    "throttled_minute": {"kind": "rate_limit", "shape": "minute", "retry_after": 7},
    "throttled_complexity": {"kind": "rate_limit", "shape": "complexity", "retry_after": 11},
    "throttled_concurrency": {"kind": "rate_limit", "shape": "concurrency", "retry_after": 4},
    "throttled_html": {"kind": "rate_limit", "shape": "html", "retry_after": 3},
    "throttled_in_200": {"kind": "rate_limit", "shape": "field", "retry_after": 5},
    "slow": {"kind": "slow", "seconds": 70.0},
    "cut_body": {"kind": "cut_body"},
    "late": {"kind": "late", "seconds": 20.0},
    "very_late": {"kind": "late", "seconds": 600.0},
    "very_late_forgotten": {"kind": "late", "seconds": 600.0, "remember": False},
    "refused_alias": {"kind": "alias_error", "code": "ColumnValueException"},
    "refused_cell": {"kind": "alias_error", "code": "ColumnValueException", "column_id": "text_1"},
    "throttled_alias": {"kind": "alias_error", "code": "COMPLEXITY_BUDGET_EXHAUSTED"},
    "broken_alias": {"kind": "alias_error", "code": "INTERNAL_SERVER_ERROR", "status": 500},
    "other_program": {"kind": "other_program", "complexity": 9_900_000, "calls": 1},
}
OPERATIONS = ("*", "create_item", "create_subitem", "change_multiple_column_values", "create_group")
#: Seconds that reading the source takes: long enough to be paused there.
READING = 5.0
#: Ledger calls where a pause is most dangerous: the board was looked at, or a request was sent,
#: and nothing of it is written down. A moment drawn at random seldom meets them.
GAPS = ("stage", "record")
#: Seconds within which most runs come that far.
LONGEST_PAUSE = 25.0
#: What a planner does between two runs.
ACTS = (
    *("note", "note", "cut_qty", "move", "move", "edit", "rename", "archive", "archive_size"),
    *("delete", "delete_size", "duplicate", "delete_group", "make", "wrong_key"),
    *("label_off", "label_gone", "paste_key", "relabel"),
)
#: What becomes of sizes and of lines that are gone, as the configuration says.
SIZE_GONE = ("zero", "zero", "archive", "delete")
LINE_GONE = ("keep", "archive")


@dataclass(kw_only=True)
class Day:
    """One run and what happens around it."""

    seed: int
    #: (name, rule) of each fault.
    faults: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    #: Chance that the process dies at a crash point.
    crash_rate: float = 0.0
    #: Chance that a request does not leave, or its answer is lost.
    loss: float = 0.0
    #: Seconds after which the process stands still until another has taken over.
    pause_after: float | None = None
    #: Ledger call before which it stands still instead, when it comes that far.
    pause_before: str | None = None
    #: How long after the takeover the first process wakes up.
    wakes_after: float = 0.0
    people: list[str] = field(default_factory=list)
    #: Quiet seconds after the run.
    rest: float = 1.0
    #: `kept`, `deleted`, or `restored` from before the run.
    ledger: str = "kept"


@dataclass(kw_only=True)
class Script:
    """A whole history."""

    seed: int
    lines: int
    #: Operations of a request at most; single ones repeat their bytes when a change comes again.
    aliases: int
    #: Bytes of answers that monday keeps for replays; 0: none.
    remembers: int
    #: Whether among them are answers with errors.
    remembers_errors: bool
    size_gone: str
    line_gone: str
    days: list[Day]

    @classmethod
    def draw(cls, seed: int, lines: int = 20) -> Script:
        """The script of a seed."""
        rng = random.Random(seed)
        remembers = rng.choice((50_000_000, 50_000_000, 0))
        days = [_day(random.Random(rng.random())) for _ in range(rng.randint(3, 4))]
        aliases = rng.choice((5, 5, 1))
        return cls(
            seed=seed,
            lines=lines,
            aliases=aliases,
            remembers=remembers,
            size_gone=rng.choice(SIZE_GONE),
            line_gone=rng.choice(LINE_GONE),
            remembers_errors=rng.choice((True, False)),
            days=days,
        )

    def as_json(self) -> str:
        """For `simulate.py --script`."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def of_json(cls, text: str) -> Script:
        """What `as_json` gave."""
        document = json.loads(text)
        days = [Day(**day) for day in document.pop("days")]
        return cls(days=days, **document)

    def smaller(self) -> Iterator[Script]:
        """Scripts with one thing less."""
        for lines in (1, 2, 5, self.lines // 2, self.lines - 1):
            if 0 < lines < self.lines:
                yield dataclasses.replace(self, lines=lines)
        for place, day in enumerate(self.days):
            if len(self.days) > 1:
                yield self._with(place, None)
            for less in _less(day):
                yield self._with(place, less)

    def _with(self, place: int, day: Day | None) -> Script:
        days = [*self.days[:place], *([day] if day else []), *self.days[place + 1 :]]
        return dataclasses.replace(self, days=days)


def _less(day: Day) -> Iterator[Day]:
    for place in range(len(day.faults)):
        yield dataclasses.replace(day, faults=day.faults[:place] + day.faults[place + 1 :])
    for place in range(len(day.people)):
        yield dataclasses.replace(day, people=day.people[:place] + day.people[place + 1 :])
    for name, nothing in (("crash_rate", 0.0), ("loss", 0.0), ("pause_after", None)):
        if getattr(day, name):
            yield dataclasses.replace(day, **{name: nothing})
    if day.ledger != "kept":
        yield dataclasses.replace(day, ledger="kept")


def _day(rng: random.Random) -> Day:
    names = rng.sample(sorted(FAULTS), rng.randrange(5))
    return Day(
        seed=rng.randrange(2**32),
        faults=[(name, _rule(rng, name)) for name in names],
        crash_rate=rng.choice((0.0, 0.0, 0.002, 0.01)),
        loss=rng.choice((0.0, 0.02)),
        pause_after=_pause(rng) if rng.random() < 0.25 else None,
        wakes_after=rng.choice((0.0, rng.uniform(0, 15), 300.0)),
        people=rng.choices(ACTS, k=rng.choice((0, 0, 1, 3))),
        rest=rng.choice((1.0, 100.0, 400.0)),
        ledger=rng.choices(("kept", "deleted", "restored"), (9, 1, 1))[0],
        pause_before=rng.choice((None, *GAPS)),
    )


def _pause(rng: random.Random) -> float:
    """While it plans, or while it delivers."""
    return rng.choice((rng.uniform(0, READING), rng.uniform(READING, LONGEST_PAUSE)))


def _rule(rng: random.Random, name: str) -> dict[str, Any]:
    return {
        **FAULTS[name],
        "count": rng.randint(1, 3),
        "skip": rng.randrange(4),
        "operation": rng.choice(OPERATIONS),
    }
