"""What a command says: one JSON document on stdout, errors on stderr; no secret in either."""

from __future__ import annotations

import json
import sys
import traceback
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
    cause = exc.__cause__
    while cause is not None:
        print(f"  because: {redacted(str(cause)) or type(cause).__name__}", file=sys.stderr)
        cause = cause.__cause__
    if hint:
        print(f"  hint: {redacted(hint)}", file=sys.stderr)
    if verbose:
        print(redacted("".join(traceback.format_exception(exc))), file=sys.stderr)
