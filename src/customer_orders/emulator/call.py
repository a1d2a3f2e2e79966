"""One request while it is executed: who asks, what it costs, and when it must stop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from customer_orders.emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLResolveInfo

    from customer_orders.emulator.boards import Boards
    from customer_orders.emulator.core import Monday
    from customer_orders.emulator.documents import Prepared
    from customer_orders.emulator.state import User

    Info = GraphQLResolveInfo["Call"]


@dataclass(kw_only=True)
class Call:
    """The context that every resolver gets."""

    monday: Monday
    user: User
    prepared: Prepared
    variables: Mapping[str, Any]
    #: What was charged before execution, and what the budget was then.
    estimate: int
    budget_before: int
    #: Mutations that may still run; None: all. A crash or the 60 s cap in the middle sets it.
    mutations_left: int | None = None
    #: Complexity that turned out not to be needed: short pages, failed mutations.
    saved: int = 0
    #: The formula columns whose values were shown.
    formulas: set[str] = field(default_factory=set)

    @property
    def boards(self) -> Boards:
        return self.monday.boards

    @property
    def actual(self) -> int:
        return max(0, self.estimate - self.saved)

    def start_mutation(self, name: str) -> None:
        """Count one alias; raises when it is not to run."""
        if self.mutations_left is not None:
            if self.mutations_left == 0:
                raise ApiError("INTERNAL_SERVER_ERROR", "Internal server error", status_code=500)
            self.mutations_left -= 1
        self.monday.stats.mutations[name] += 1
        fault = self.monday.faults.for_alias(name)
        if fault is not None:
            self.monday.stats.faults[fault.kind] += 1
            data = {"column_id": fault.column_id} if fault.column_id else fault.error_data
            raise ApiError(
                fault.code, fault.message, status_code=fault.status or 200, error_data=data
            )
        self.monday.limits.count_operation(name)

    def read_formula(self, column_id: str) -> None:
        """Count one shown formula against its own limits."""
        self.formulas.add(column_id)
        self.monday.limits.count_formula(len(self.formulas))

    def mutation_failed(self, name: str) -> None:
        """A failed mutation costs only a share (changelog 2025-10)."""
        self.monday.stats.failed[name] += 1
        settings = self.monday.settings
        self.saved += int(settings.cost(name) * (1 - settings.failed_cost_share))
