"""What the emulator saw, for tests and benchmarks to assert on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Stats:
    """Counts since the start or the last reset."""

    calls: int = 0
    queries: int = 0
    #: Aliases that were executed, by mutation; failed ones count in `failed` as well.
    mutations: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    #: 429s by the code in their body.
    rate_limited: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    complexity_charged: int = 0
    peak_concurrency: int = 0
    replays: int = 0
    #: The distinct texts received, in order of arrival.
    documents: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "documents": list(self.documents)}
