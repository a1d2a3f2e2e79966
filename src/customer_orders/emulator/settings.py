"""Every number and every undocumented behaviour of the emulator, in one place.

A limit left at None follows the plan and the token kind (developer.monday.com, rate limits,
2026-09-06). What monday does not document is a setting here whose comment says "assumption".
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Plan = Literal["free", "standard", "pro", "enterprise"]
TokenKind = Literal["personal", "app"]


@dataclass(frozen=True, kw_only=True)
class PlanLimits:
    """The documented limits of one plan."""

    requests_per_minute: int
    concurrency: int
    calls_per_day: int


PLANS: dict[str, PlanLimits] = {
    "free": PlanLimits(requests_per_minute=1_000, concurrency=40, calls_per_day=1_000),
    "standard": PlanLimits(requests_per_minute=1_000, concurrency=40, calls_per_day=1_000),
    "pro": PlanLimits(requests_per_minute=2_500, concurrency=100, calls_per_day=10_000),
    "enterprise": PlanLimits(requests_per_minute=5_000, concurrency=250, calls_per_day=25_000),
}

#: What one mutation costs. Only create_item is known (30,000); the rest are assumptions.
OPERATION_COSTS: dict[str, int] = {
    "create_item": 30_000,
    "create_subitem": 30_000,
    "duplicate_item": 30_000,
    "duplicate_group": 30_000,
    "create_board": 30_000,
    "complexity": 0,
    "*": 10_000,
}


@dataclass(kw_only=True)
class Settings:
    """How this monday behaves. Every field may be changed while it runs."""

    plan: Plan = "pro"
    token_kind: TokenKind = "personal"  # noqa: S105 - a kind, not a secret

    #: None: the plan's own number.
    requests_per_minute: int | None = None
    concurrency: int | None = None
    calls_per_day: int | None = None
    #: None: 10M a minute for a personal token (1M on free), 5M read and 5M write for an app.
    complexity_per_minute: int | None = None
    complexity_per_request: int = 5_000_000
    ip_requests_per_10_seconds: int = 5_000
    #: Stood in copies of the limits page before 2025; None: not enforced.
    mutations_per_minute: int | None = None
    #: Mutations with a limit of their own (duplicate_board and others are not emulated).
    operations_per_minute: dict[str, int] = field(
        default_factory=lambda: {"create_board": 40, "duplicate_group": 40}
    )
    formula_values_per_minute: int = 10_000
    formula_columns_per_request: int = 5
    #: What a rate-limited call and a complexity-only query count against the day.
    light_call_weight: float = 0.1
    #: What another program of the same account takes from every minute's complexity.
    other_complexity_per_minute: int = 0

    costs: dict[str, int] = field(default_factory=dict)
    #: A failed mutation "costs significantly less" (changelog 2025-10); the share is an assumption.
    failed_cost_share: float = 0.1
    #: "adjustments are taken from the following minute"; False gives them back at once.
    refund_next_minute: bool = True

    index_lag_seconds: float = 0.0
    #: [OBS] a plain items_page scan may lag too; off by default.
    index_lag_on_scans: bool = False
    cursor_seconds: float = 3_600.0

    idempotency_seconds: float = 1_800.0
    idempotency_response_bytes: int = 1_000_000
    #: The size of the budget per user is an assumption.
    idempotency_budget_bytes: int = 50_000_000
    #: Assumption: an answer with errors[] and HTTP 200 is remembered like any other.
    idempotency_caches_errors: bool = True
    #: Assumption: a 5xx of monday's own is not remembered.
    idempotency_caches_5xx: bool = False
    #: Assumption: the same key with another body gets the first answer.
    idempotency_other_body: Literal["replay", "conflict", "execute"] = "replay"
    idempotency_scope: Literal["user", "account"] = "user"

    call_cap_seconds: float = 60.0
    latency_per_request: float = 0.0
    latency_per_mutation: float = 0.0
    #: Each wait is multiplied by a random factor between 1 - jitter and 1 + jitter.
    latency_jitter: float = 0.0
    #: Above this many writing requests in flight on one board monday answers 423; None: never.
    writes_per_board: int | None = None

    def cost(self, operation: str) -> int:
        """Complexity of one mutation, without the fields it selects."""
        for table in (self.costs, OPERATION_COSTS):
            if operation in table:
                return table[operation]
        return self.costs.get("*", OPERATION_COSTS["*"])

    def request_limit(self) -> int:
        return self.requests_per_minute or PLANS[self.plan].requests_per_minute

    def concurrency_limit(self) -> int:
        return self.concurrency or PLANS[self.plan].concurrency

    def day_limit(self) -> int:
        return self.calls_per_day or PLANS[self.plan].calls_per_day

    def complexity_limit(self) -> int:
        if self.complexity_per_minute is not None:
            return self.complexity_per_minute
        if self.plan == "free":
            return 1_000_000
        return 10_000_000 if self.token_kind == "personal" else 5_000_000  # noqa: S105 - a kind

    def change(self, values: Mapping[str, Any]) -> None:
        """Set several fields at once; an unknown name or a value of another kind is an error."""
        defaults = Settings()
        known = {each.name for each in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"unknown setting {name!r}")
            if not _fits(value, getattr(defaults, name)):
                raise ValueError(f"setting {name!r} cannot be {value!r}")
        if values.get("plan", "free") not in PLANS:
            raise ValueError(f"unknown plan {values['plan']!r}")
        for name, value in values.items():
            setattr(self, name, value)

    def to_json(self) -> dict[str, Any]:
        """Every setting with its value."""
        return asdict(self)


def _fits(value: object, default: object) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if default is None or isinstance(default, int | float):
        return (
            value is None if default is None and value is None else isinstance(value, int | float)
        )
    return isinstance(value, type(default))
