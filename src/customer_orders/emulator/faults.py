"""A plan of trouble: which requests go wrong, and how.

A rule is JSON: `{"kind": "apply_then_drop", "operation": "create_item", "count": 1}`. It matches
a request that holds the operation (a root field such as create_item or
items_page_by_column_values, or "*"), skips the first `skip` of them, then strikes `count` times
(null: for ever) with `probability`. The kinds:

    drop_before        the connection closes and nothing is done
    apply_then_drop    all is done, the connection closes
    apply_then_status  all is done, the answer is `status` (500, 502 ...) with `body` json or html
    apply_first_n_then the first `n` mutations are done, then `status`, or a drop when it is null
    status             nothing is done, the answer is `status` (401, 423, 500 ...) with `body`
    rate_limit         nothing is done, the answer is the 429 of `shape`: minute, concurrency,
                       daily, complexity, ip, mutations, html; complexity_2025_01 and _2024_10
                       as older versions had it; field, field_concurrency and resource, which
                       come as HTTP 200 with errors[]
    alias_error        one mutation fails with `code`, `message`, `column_id` or `error_data`, and
                       `status` as its status_code; the others go on
    late               the connection closes at once, all is done `seconds` later
    slow               all is done, the answer comes `seconds` later
    cut_body           all is done, the body ends in the middle
    person             first a person does `act` (edit, archive, delete, duplicate, move) to `item`
                       (an id; else the one that the request writes, else any), with `values` or
                       to `group`; then the request goes its way
    other_program      first another program of the account takes `complexity` and `calls`; then
                       the request goes its way

One rule strikes a request, one each of its mutations; `person` and `other_program` come on top.
`remember` says whether an Idempotency-Key keeps the true answer (default: it does).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from customer_orders.emulator.shapes import RATE_LIMITS

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Mapping

Kind = Literal[
    "drop_before",
    "apply_then_drop",
    "apply_then_status",
    "apply_first_n_then",
    "status",
    "rate_limit",
    "alias_error",
    "late",
    "slow",
    "cut_body",
    "person",
    "other_program",
]
#: What one rule of the plan can meet: the request, each mutation of it, or those around it.
ALIAS = ("alias_error",)
EVENTS = ("person", "other_program")


@dataclass(kw_only=True)
class Fault:
    """One rule of the plan."""

    kind: Kind
    operation: str = "*"
    count: int | None = 1
    probability: float = 1.0
    skip: int = 0
    status: int | None = None
    body: Literal["json", "html"] = "json"
    n: int = 0
    seconds: float = 0.0
    shape: str = "minute"
    retry_after: int = 1
    code: str = "ColumnValueException"
    message: str = "invalid value"
    column_id: str | None = None
    error_data: Any = None
    remember: bool = True
    act: Literal["edit", "archive", "delete", "duplicate", "move"] = "edit"
    item: str | None = None
    values: dict[str, Any] | None = None
    group: str | None = None
    complexity: int = 0
    calls: int = 0

    def strikes(self, operations: Iterable[str], source: random.Random) -> bool:
        """Whether this request is struck; counts it."""
        if self.count == 0 or (self.operation != "*" and self.operation not in operations):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.probability < 1.0 and source.random() >= self.probability:
            return False
        if self.count is not None:
            self.count -= 1
        return True


class FaultPlan:
    """The rules in force, tried in order; the first that strikes is the one."""

    def __init__(self, source: random.Random) -> None:
        self.random = source
        self.rules: list[Fault] = []

    def add(self, rule: Mapping[str, Any]) -> None:
        """Add a rule; an unknown field or kind is an error."""
        known = {each.name for each in fields(Fault)}
        if unknown := sorted(set(rule) - known):
            raise ValueError(f"unknown fields of a fault: {unknown}")
        if rule.get("kind") not in get_args(Kind):
            raise ValueError(f"unknown kind of fault: {rule.get('kind')!r}")
        if rule.get("shape", "minute") not in RATE_LIMITS:
            raise ValueError(f"unknown shape of a fault: {rule['shape']!r}")
        self.rules.append(Fault(**rule))

    def add_all(self, rules: Mapping[str, Any] | list[Mapping[str, Any]]) -> None:
        """Add one rule or a list of them."""
        for rule in rules if isinstance(rules, list) else [rules]:
            self.add(rule)

    def clear(self) -> None:
        self.rules.clear()

    def for_request(self, operations: Iterable[str]) -> Fault | None:
        """The fault that strikes this request, if any."""
        rules = (rule for rule in self.rules if rule.kind not in (*ALIAS, *EVENTS))
        return next((rule for rule in rules if rule.strikes(operations, self.random)), None)

    def for_alias(self, operation: str) -> Fault | None:
        """The fault that strikes this one mutation, if any."""
        rules = (rule for rule in self.rules if rule.kind in ALIAS)
        return next((rule for rule in rules if rule.strikes((operation,), self.random)), None)

    def events(self, operations: Iterable[str]) -> list[Fault]:
        """What others do before this request."""
        rules = (rule for rule in self.rules if rule.kind in EVENTS)
        return [rule for rule in rules if rule.strikes(operations, self.random)]

    def to_json(self) -> list[dict[str, Any]]:
        """The rules with what is left of their counts."""
        return [asdict(rule) for rule in self.rules]
