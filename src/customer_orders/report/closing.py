"""Ends a run in one way, however it ended: counted, reported, recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import structlog

from customer_orders.config import Settings, redacted
from customer_orders.errors import CustomerOrdersError, LedgerError
from customer_orders.ledger import Ledger, runs
from customer_orders.monday import Session
from customer_orders.plan import Estimate
from customer_orders.report.page import write
from customer_orders.report.run import Run, Traffic, count_run

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
    #: None until the plan was made.
    estimate: Estimate | None = None

    def close(self, error: CustomerOrdersError | None) -> Run:
        """Count, write the report, and record the end."""
        message = redacted(error.message) if error else None
        boards = self.session.boards if self.session else {}
        try:
            runs.settle_outcomes(self.ledger, self.run_id)
            run = count_run(self._bare(error), self.ledger, boards, self.estimate)
            # The ledger first: a folder that cannot be written must not leave the run open.
            runs.close_run(self.ledger, run.id, run.status, run.as_json(), message)
        except LedgerError as exc:
            log.error("the ledger cannot be read: the report has no counts")
            write(self._bare(error or exc), self._folder)
            raise
        log.info("run ended", status=run.status, mutations=run.traffic.mutations, error=message)
        write(run, self._folder)
        return run

    @property
    def _folder(self) -> Path:
        return self.settings.path(self.settings.report.folder)

    def _bare(self, error: CustomerOrdersError | None) -> Run:
        """What is known of the run without its ledger."""
        return Run(
            id=self.run_id,
            name=self.name,
            report=str(self._folder / f"{self.run_id}.html"),
            error=error,
            staged_only=self.stage_only,
            traffic=Traffic.of(self.session.client) if self.session else Traffic(),
        )

    def broken_off(self, exc: BaseException) -> None:
        """Close a run that was stopped, or that met an error of our own."""
        hint = "run it again: what was under way is looked up first"
        self.close(CustomerOrdersError(f"broken off: {type(exc).__name__}", hint=hint))
