"""The readiness of a set-up: one row per thing that a run needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from customer_orders.errors import CustomerOrdersError

PASSED, WARNING, FAILED = "passed", "warning", "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """What was looked at, what was found, and what to do."""

    what: str
    status: str
    found: str
    hint: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing is known that would stop a run here."""
        return self.status != FAILED

    def as_json(self) -> dict[str, str]:
        """One row of the document."""
        return {"what": self.what, "status": self.status, "found": self.found, "hint": self.hint}

    @classmethod
    def passed(cls, what: str, found: str, hint: str = "") -> Check:
        """A check that holds."""
        return cls(what=what, status=PASSED, found=found, hint=hint)

    @classmethod
    def warned(cls, what: str, found: str, hint: str) -> Check:
        """A check that stops no run, and that somebody should look at."""
        return cls(what=what, status=WARNING, found=found, hint=hint)

    @classmethod
    def unknown(cls, what: str, needs: str) -> Check:
        """A question that cannot be asked while something else is in the way."""
        return cls.warned(what, f"not looked at: it needs {needs}", "mend that first")

    @classmethod
    def failed(cls, what: str, exc: CustomerOrdersError) -> Check:
        """A check that would stop a run."""
        return cls(what=what, status=FAILED, found=exc.message, hint=exc.hint)

    @classmethod
    def of(cls, what: str, look: Callable[[], str]) -> Check:
        """Look, and say what was found or what stood in the way."""
        try:
            return cls.passed(what, look())
        except CustomerOrdersError as exc:
            return cls.failed(what, exc)
