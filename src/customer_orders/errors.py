"""Every exception of this program.

CustomerOrdersError            one base: a message, a hint, an exit code
  ConfigError                  the configuration is missing, half written or wrong
  SourceError                  the order lines could not be read
    SourceEmpty                the source was read and holds no order line (exit 3)
  LedgerError                  our own tables could not be read or written
    LedgerBusy                 nothing was stored, and a moment later it may go well
    LockHeld                   another process applies to this board
    LockLost                   another process took the board over from us
  BoardError                   the live board is not what the configuration says
  MondayError                  monday answered, and the answer is an error
    Unauthorized               the token is not accepted
      Forbidden                the token is accepted, and may not do this
    Throttled                  a limit was reached; says how long to wait
    Unreachable                the request certainly did not leave
    RequestRefused             the request as a whole was refused; nothing was done
  NoAnswer                     nobody knows whether the request was carried out
  DayUsed                      the calls that may be used today are used
  Stopped                      a person or the system asked this process to stop
  PlanRefused                  a guard says no (exit 3)
    ChecksumDiffers            the plan is not the one that was reviewed (exit 3)
"""

from __future__ import annotations


class CustomerOrdersError(Exception):
    """Base of every error an operator may see.

    `message` says what is wrong and names the file, column, line or setting; `hint` says what to
    do about it. Foreign exceptions are chained with `from`, so the cause is never lost.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(CustomerOrdersError):
    """The configuration is missing, half written or wrong."""


class SourceError(CustomerOrdersError):
    """The order lines could not be read."""


class SourceEmpty(SourceError):
    """The source was read and holds no order line."""

    exit_code = 3


class LedgerError(CustomerOrdersError):
    """Our own tables could not be read or written."""


class LedgerBusy(LedgerError):
    """Nothing was stored, and the same step may go well a moment later."""


class LockHeld(LedgerError):
    """Another process applies to this board."""


class LockLost(LedgerError):
    """Another process took the board over; nothing more may be recorded from here."""


class BoardError(CustomerOrdersError):
    """The live board is not what the configuration says."""


class MondayError(CustomerOrdersError):
    """monday answered, and the answer is an error."""

    def __init__(self, message: str, *, code: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


class Unauthorized(MondayError):
    """The token is not accepted."""


class Forbidden(Unauthorized):
    """The token is accepted, and its user may not do this."""


class Throttled(MondayError):
    """A limit was reached, or a board is locked; nothing was done."""

    def __init__(self, message: str, *, code: str, retry_in: float) -> None:
        super().__init__(message, code=code)
        self.retry_in = retry_in


class Unreachable(MondayError):
    """The request certainly did not leave; nothing was done."""


class RequestRefused(MondayError):
    """The request as a whole was refused; nothing was done."""


class NoAnswer(CustomerOrdersError):
    """Nobody knows whether the request was carried out: no status, a 5xx or an unreadable body."""

    def __init__(self, message: str, *, status: int | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class DayUsed(CustomerOrdersError):
    """The calls of this UTC day that may be used are used; the next run goes on."""


class Stopped(CustomerOrdersError):
    """A person or the system asked this process to stop; what was under way is recorded."""


class PlanRefused(CustomerOrdersError):
    """A guard says no; the message holds the numbers."""

    exit_code = 3


class ChecksumDiffers(PlanRefused):
    """The plan made now is not the plan that was reviewed."""
