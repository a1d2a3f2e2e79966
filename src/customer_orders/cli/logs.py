"""Log lines: one event with its keys a line, ASCII, to stderr, without secrets."""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from customer_orders.config import redacted

LogFormat = Literal["text", "json"]


def configure(log_format: LogFormat, level: int) -> None:
    """Set structlog up for the whole process; `level` is one of `logging`."""
    renderer = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _redact,
            renderer,
            _ascii,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {
        key: redacted(value) if isinstance(value, str) else value for key, value in event.items()
    }


def _ascii(_logger: Any, _name: str, line: Any) -> str:
    """A Windows console in cp1252 takes it as well."""
    return str(line).encode("ascii", "backslashreplace").decode("ascii")
