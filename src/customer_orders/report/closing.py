"""Ends a run in one way, however it ended: counted, reported, recorded."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from customer_orders.config import Settings, redacted
from customer_orders.errors import CustomerOrdersError
from customer_orders.ledger import Ledger, runs
from customer_orders.monday import Session
from customer_orders.report.page import write
from customer_orders.report.run import Run, of_run

log = structlog.get_logger()


@dataclass
class Closing:
    """What the end of a run needs, gathered while it goes on."""

    settings: Settings
    ledger: Ledger
    run_id: str
    name: str
    stage_only: bool
    #: None until monday was reached.
    session: Session | None = None

    def close(self, error: CustomerOrdersError | None) -> Run:
        """Count, write the report, and record the end."""
        runs.settle_outcomes(self.ledger, self.run_id)
        folder = self.settings.path(self.settings.report.folder)
        client = self.session.client if self.session else None
        run = of_run(
            self.ledger,
            self.run_id,
            name=self.name,
            mutations=client.usage.mutations if client else 0,
            api_calls=client.usage.calls if client else 0,
            waited=client.governor.waited if client else {},
            report=str(folder / f"{self.run_id}.html"),
            staged_only=self.stage_only,
            error=error,
        )
        # The ledger first: a folder that cannot be written must not leave the run open.
        message = redacted(error.message) if error else None
        runs.close_run(self.ledger, run.id, run.status, run.as_json(), message)
        log.info("run ended", status=run.status, mutations=run.mutations, error=message)
        write(run, folder)
        return run

    def broken_off(self, exc: BaseException) -> None:
        """Close a run that was stopped, or that met an error of our own."""
        hint = "run it again: what was under way is looked up first"
        self.close(CustomerOrdersError(f"broken off: {type(exc).__name__}", hint=hint))
