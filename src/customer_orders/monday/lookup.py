"""The look before every create: what already stands on a board under our keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from customer_orders.config import Settings
from customer_orders.model import Board, DeliveredItem, Finding, Severity, ShownItem
from customer_orders.monday.boards import BoardAPI
from customer_orders.monday.session import Session
from customer_orders.plan import Action, Operation, Target


async def already_there(
    session: Session,
    settings: Settings,
    operations: Iterable[Operation],
    delivered: Mapping[str, DeliveredItem],
) -> tuple[dict[str, DeliveredItem], list[Finding]]:
    """record_uuid -> the item that stands on the board where the operations would create.

    Items to be made are looked up by key; items that are to get a subitem are read by id, and so
    are those with a column in which the edits of people are kept. A lost or restored ledger thus
    links what is there and cannot fill the board twice. Of several items with one key the oldest
    counts, and a finding names the others.
    """
    kept = set(settings.mapping.ownership.keep_board_edits)
    wanted = [o for o in operations if o.action is Action.CREATE or kept & _titles(o)]
    found: dict[str, DeliveredItem] = {}
    findings: list[Finding] = []
    for board in settings.boards:
        live = session.boards[board.id]
        of_board = [o for o in wanted if o.board == board.id]
        creates = [o for o in of_board if o.action is Action.CREATE]
        keys = {o.record_uuid or "" for o in creates if o.kind is Target.ITEM}
        parents = ({o.record_uuid or "" for o in of_board} - keys) & delivered.keys()
        by_key = await session.api.under_keys(live, board.key_column, keys) if keys else {}
        by_key |= await _parents(session.api, live, parents, delivered)
        for record_uuid, shown in by_key.items():
            size_column = settings.mapping.subitem_size
            found[record_uuid] = shown[0].as_delivered(record_uuid, size_column)
            findings += [_copy(record_uuid, copy) for copy in shown[1:]]
    return found, findings


def _titles(operation: Operation) -> set[str]:
    return set(operation.payload.get("values", {}))


def _copy(record_uuid: str, copy: ShownItem) -> Finding:
    return Finding(
        rule="duplicate",
        message=f"item {copy.monday_id} bears the key of an older item; it is left alone",
        severity=Severity.ERROR,
        record_uuid=record_uuid,
        column=copy.monday_id,
    )


async def _parents(
    api: BoardAPI, board: Board, lines: set[str], delivered: Mapping[str, DeliveredItem]
) -> dict[str, list[ShownItem]]:
    by_id = {delivered[line].monday_id: line for line in sorted(lines)}
    shown = await api.read(board, list(by_id))
    return {by_id[item.monday_id]: [item] for item in shown}
