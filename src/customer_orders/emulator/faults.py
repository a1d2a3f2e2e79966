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
    rate_limit         nothing is done, the answer is the 429 of `shape` (minute, concurrency,
                       daily, complexity, ip, mutations, html, or field: HTTP 200 and errors[])
    alias_error        one mutation fails with `code`, `message`, `column_id`; the others go on
    late               the connection closes at once, all is done `seconds` later
    slow               all is done, the answer comes `seconds` later
    cut_body           all is done, the body ends in the middle

`remember` says whether an Idempotency-Key keeps the true answer (default: it does).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

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
]


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
    remember: bool = True

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
        self.rules.append(Fault(**rule))

    def add_all(self, rules: Mapping[str, Any] | list[Mapping[str, Any]]) -> None:
        """Add one rule or a list of them."""
        for rule in rules if isinstance(rules, list) else [rules]:
            self.add(rule)

    def clear(self) -> None:
        self.rules.clear()

    def for_request(self, operations: Iterable[str]) -> Fault | None:
        """The fault that strikes this request, if any."""
        return self._first(operations, alias=False)

    def for_alias(self, operation: str) -> Fault | None:
        """The fault that strikes this one mutation, if any."""
        return self._first((operation,), alias=True)

    def to_json(self) -> list[dict[str, Any]]:
        """The rules with what is left of their counts."""
        return [asdict(rule) for rule in self.rules]

    def _first(self, operations: Iterable[str], *, alias: bool) -> Fault | None:
        for rule in self.rules:
            is_alias = rule.kind == "alias_error"
            if is_alias == alias and rule.strikes(operations, self.random):
                return rule
        return None
