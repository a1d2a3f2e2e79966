"""An operation: one mutation for one target, in the words of our keys, never of monday's ids."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


class Action(enum.StrEnum):
    """What an operation does. The order is the order within a line."""

    #: Make a group that the board does not have.
    ENSURE_GROUP = "ensure_group"
    #: Make an item or a subitem.
    CREATE = "create"
    #: Take over what already stands on the board under our key; nothing is sent.
    LINK = "link"
    #: Move an item to another group.
    MOVE = "move"
    #: Write the changed columns, and the name when that changed.
    UPDATE = "update"
    #: Set the quantity of a size that is no longer ordered to 0.
    ZERO = "zero"
    #: Take what is no longer ordered off the board, as the configuration asks.
    ARCHIVE = "archive"
    DELETE = "delete"

    @property
    def removes(self) -> bool:
        """Whether nothing stands there afterwards."""
        return self in (Action.ARCHIVE, Action.DELETE)


class Target(enum.StrEnum):
    """What an operation is for."""

    GROUP = "group"
    ITEM = "item"
    SUBITEM = "subitem"
    #: A second item or subitem under a key of ours: it leaves the board, or loses the key.
    COPY = "copy"


#: Place within a line: group, create or link, move, update, subitems.
RANKS = {
    (Target.GROUP, Action.ENSURE_GROUP): 0,
    (Target.ITEM, Action.CREATE): 1,
    (Target.ITEM, Action.LINK): 1,
    (Target.ITEM, Action.MOVE): 2,
    (Target.ITEM, Action.UPDATE): 3,
    (Target.SUBITEM, Action.LINK): 4,
    (Target.SUBITEM, Action.CREATE): 5,
    (Target.SUBITEM, Action.UPDATE): 5,
    (Target.SUBITEM, Action.ZERO): 5,
    (Target.SUBITEM, Action.ARCHIVE): 5,
    (Target.SUBITEM, Action.DELETE): 5,
    (Target.ITEM, Action.ARCHIVE): 5,
    (Target.COPY, Action.ARCHIVE): 6,
    (Target.COPY, Action.UPDATE): 6,
}


#: JSON with sorted keys; one encoder, because making one takes longer than a payload.
sorted_json = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One mutation, planned."""

    kind: Target
    action: Action
    board: str
    customer: str
    #: Title of the group an item goes to; of the group itself for a group.
    group: str
    #: None for a group.
    record_uuid: str | None = None
    #: Only for a subitem, and for a copy of one.
    size: str | None = None
    #: What is sent, by board title and in canonical values.
    payload: Mapping[str, Any] = field(default_factory=dict)
    #: What stood there before, of the same shape.
    before: Mapping[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """The key of what the operation is for: unique with the action among open operations."""
        if self.kind is Target.COPY:
            return f"{self.board}/copy {self.payload['monday_id']}"
        parts = [self.board, self.record_uuid or f"group {self.group}", *([self.size or ""])]
        return "/".join(part for part in parts if part)

    @property
    def begins(self) -> bool:
        """Whether the ledger knows an item from here on, whatever it knew before."""
        return self.kind is Target.ITEM and self.action in (Action.CREATE, Action.LINK)

    @property
    def below(self) -> bool:
        """Whether it is for something on the board of subitems."""
        return self.kind is not Target.GROUP and self.size is not None

    @property
    def needs_group(self) -> bool:
        """Whether the group has to be there first."""
        return self.kind is Target.ITEM and self.action in (Action.CREATE, Action.MOVE)

    @property
    def rank(self) -> int:
        """Place within its line."""
        return RANKS[self.kind, self.action]

    @property
    def payload_text(self) -> str:
        """The payload as JSON with sorted keys: what the ledger stores and the checksum reads."""
        return sorted_json(self.payload)


def checksum(operations: Iterable[Operation]) -> str:
    """SHA-256 over the sorted operations."""
    return checksum_of((o.target, o.action, o.payload_text) for o in operations)


def checksum_of(operations: Iterable[tuple[str, str, str]]) -> str:
    """The same, from target, action and payload text: what a kept plan holds."""
    lines = sorted("\t".join(parts) for parts in operations)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
