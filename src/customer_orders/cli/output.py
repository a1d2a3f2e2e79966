"""What a command says: one JSON document on stdout, errors on stderr; no secret in either."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from customer_orders.config import redacted


def print_json(document: Any) -> None:
    """One document on stdout."""
    print(redacted(json.dumps(document, indent=2, ensure_ascii=False, default=str)))


def explain(exc: BaseException, *, as_json: bool, verbose: bool) -> None:
    """The chain of causes on stderr, one a line, then what to do; the traceback when asked."""
    hint = getattr(exc, "hint", "")
    if as_json:
        print_json({"error": {"message": redacted(str(exc)), "hint": redacted(hint)}})
    print(f"error: {redacted(str(exc))}", file=sys.stderr)
    for cause in _causes(exc):
        print(f"  because: {redacted(cause)}", file=sys.stderr)
    if hint:
        print(f"  hint: {redacted(hint)}", file=sys.stderr)
    if verbose:
        print(redacted("".join(traceback.format_exception(exc))), file=sys.stderr)


def _causes(exc: BaseException) -> Iterator[str]:
    """What each cause says that was not said before it, and that it does not only pass on."""
    told, cause = _line(exc), exc.__cause__
    while cause is not None:
        said, deeper = _line(cause), cause.__cause__
        passed_on = deeper is not None and _line(deeper) in said
        if said not in told and not passed_on:
            told += said
            yield said
        cause = deeper


def _line(exc: BaseException) -> str:
    return " ".join(str(exc).split()) or type(exc).__name__
