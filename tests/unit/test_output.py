"""What an error says on a terminal."""

from __future__ import annotations

import pytest

from customer_orders.cli.output import explain
from customer_orders.errors import LedgerError


def raised(*chain: Exception) -> BaseException:
    """The first of them, each raised from the next."""
    *outer, last = chain
    cause: Exception = last
    for exc in reversed(outer):
        exc.__cause__ = cause
        cause = exc
    return cause


@pytest.mark.parametrize(
    ("chain", "because"),
    [
        # The driver's words stand in our message already, and SQLAlchemy only passes them on.
        ((Exception("(x.Error) no  disk\n(Background)"), Exception("no disk")), []),
        ((Exception("a reason of its own"),), ["a reason of its own"]),
        ((KeyError(), Exception("deep")), ["KeyError", "deep"]),
    ],
)
def test_a_cause_is_told_once(
    chain: tuple[Exception, ...], because: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """In the order of the chain."""
    error = raised(LedgerError("the ledger failed: no disk", hint="mend it"), *chain)
    explain(error, as_json=False, verbose=False)
    told = capsys.readouterr().err.splitlines()
    causes = [f"  because: {cause}" for cause in because]
    assert told == ["error: the ledger failed: no disk", *causes, "  hint: mend it"]
