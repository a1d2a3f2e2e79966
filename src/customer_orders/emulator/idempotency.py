"""The `Idempotency-Key` header on mutations (docs/idempotency.md, 2026-09-06).

The first run executes and its answer is kept for 30 minutes; the same key then gets that answer
again; while the first run is in flight the key gets 409. What the page does not say is a setting.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from customer_orders.emulator.errors import Refusal

if TYPE_CHECKING:
    from customer_orders.emulator.clock import Clock
    from customer_orders.emulator.settings import Settings

#: Seconds that a 409 asks to wait; not documented.
CONFLICT_RETRY = 1


@dataclass
class _Entry:
    body: bytes
    expires: float
    status: int = 0
    #: None while the first run is in flight.
    answer: bytes | None = None


class Idempotency:
    """Answers kept by key."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self._entries: dict[tuple[str, str], _Entry] = {}
        #: Bytes of kept answers, by the first part of the place.
        self._held: Counter[str] = Counter()

    def begin(self, user_id: str, key: str, body: bytes) -> tuple[int, bytes] | None:
        """The answer kept for this key; None when the caller shall execute and then `end`."""
        self._forget_old()
        place = self._place(user_id, key)
        entry = self._entries.get(place)
        if entry is not None and entry.body != body:
            if self.settings.idempotency_other_body == "conflict":
                raise Refusal(422, "Idempotency key was used with another request")
            if self.settings.idempotency_other_body == "execute":
                self._held[place[0]] -= len(entry.answer or b"")
                entry = None
        if entry is not None and entry.answer is not None:
            return entry.status, entry.answer
        if entry is not None:
            raise Refusal(
                409,
                "A request with this idempotency key is currently being processed",
                "IDEMPOTENCY_CONFLICT",
                retry_after=CONFLICT_RETRY,
            )
        self._entries[place] = _Entry(body, float("inf"))
        return None

    def end(
        self, user_id: str, key: str, status: int, answer: bytes, *, has_errors: bool, keep: bool
    ) -> None:
        """The first run is over: keep its answer, or free the key when it may not be kept."""
        place = self._place(user_id, key)
        entry = self._entries.get(place)
        if entry is None:
            return
        if keep and self._may_keep(place[0], status, answer, has_errors):
            entry.status, entry.answer = status, answer
            self._held[place[0]] += len(answer)
            entry.expires = self.clock.now() + self.settings.idempotency_seconds
        else:
            del self._entries[place]

    def _may_keep(self, scope: str, status: int, answer: bytes, has_errors: bool) -> bool:
        settings = self.settings
        if status == 429 or len(answer) > settings.idempotency_response_bytes:
            return False
        if status >= 500 and not settings.idempotency_caches_5xx:
            return False
        if has_errors and not settings.idempotency_caches_errors:
            return False
        return self._held[scope] + len(answer) <= settings.idempotency_budget_bytes

    def _place(self, user_id: str, key: str) -> tuple[str, str]:
        return (user_id if self.settings.idempotency_scope == "user" else "", key)

    def _forget_old(self) -> None:
        # Entries stand in the order in which they were begun; long-lived ones in flight are few.
        now = self.clock.now()
        for place, entry in list(self._entries.items()):
            if entry.expires <= now:
                del self._entries[place]
                self._held[place[0]] -= len(entry.answer or b"")
            elif entry.answer is not None:
                break
