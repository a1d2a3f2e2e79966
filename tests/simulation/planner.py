"""People at the board: what they do between two runs, and what must be forgiven for it."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from world import BOARD, PLANNER, SUBITEMS, TYPES

from customer_orders.emulator import Monday

TOO_MANY = 429
#: Board and label column, as places in the emulator's state and as ids.
TYPE_LABELS = (0, BOARD, "drop_1")
SIZE_LABELS = (1, SUBITEMS, "size_1")
Labels = list[dict[str, Any]]


@dataclass
class Planner:
    """A person at the board, and what must be forgiven on their account."""

    monday: Monday
    hit: Counter[str]
    #: (item id, column id) -> value that the person wrote into a column of ours.
    edited: dict[tuple[str, str], str] = field(default_factory=dict)
    #: Ids of items and subitems that the person archived or deleted.
    archived: set[str] = field(default_factory=set)
    #: (item id, column id) -> value that the person wrote into a column of others.
    written: dict[tuple[str, str], str] = field(default_factory=dict)
    #: Ids of labels of ORDER TYPE that the person deleted: cells that had one are empty.
    deleted_labels: set[int] = field(default_factory=set)
    #: Keys that the person made up, and those that the person wrote over.
    keys: set[str] = field(default_factory=set)
    lost_keys: set[str] = field(default_factory=set)

    async def act(self, what: str, rng: random.Random) -> None:
        """Do one thing to something that stands on the board."""
        boards = self.monday.save()["boards"]
        place = 1 if what in ("cut_qty", "archive_size", "delete_size", "relabel") else 0
        items = [i for i in boards[place]["items"] if i.get("state", "active") == "active"]
        if not items:
            return
        self.hit[f"person_{what}"] += 1
        item = rng.choice(items)
        chosen = item["id"]
        match what:
            case "note":
                await self._note(BOARD, chosen, "text_9", "checked")
            case "cut_qty":
                await self._note(SUBITEMS, chosen, "cut_1", "7")
            case "edit":
                self.edited[chosen, "text_1"] = "by hand"
                await self._write(BOARD, chosen, "text_1", "by hand")
            case "rename":
                self.edited[chosen, "name"] = "by hand"
                await self._write(BOARD, chosen, "name", "by hand")
            case "wrong_key":
                self.keys.add("typed wrong")
                self.lost_keys.add(item["values"].get("key_1"))
                await self._write(BOARD, chosen, "key_1", "typed wrong")
            case "paste_key":
                key = rng.choice(items)["values"].get("key_1")
                self.lost_keys |= {item["values"].get("key_1"), key}
                await self._write(BOARD, chosen, "key_1", key or "")
            case "relabel":
                await self._relabel(boards[0], item, rng)
            case "make":
                self.keys.add("made up")
                values = json.dumps({"key_1": "made up"})
                await self._do("create_item", board_id=BOARD, item_name="M", column_values=values)
            case "move":
                group = rng.choice(_standing(boards[0]))
                await self._do("move_item_to_group", item_id=chosen, group_id=group)
            case "archive" | "archive_size" | "delete" | "delete_size":
                self.archived.add(chosen)
                await self._do(f"{what.removesuffix('_size')}_item", item_id=chosen)
            case "delete_group":
                await self._delete_group(boards[0], rng)
            case "duplicate":
                await self._do("duplicate_item", board_id=BOARD, item_id=chosen)
            case "label_off":
                await self._switch_label_off(rng)
            case "label_gone":
                await self._delete_label(rng)

    async def _relabel(
        self, board: dict[str, Any], size: dict[str, Any], rng: random.Random
    ) -> None:
        known = self._labels(SIZE_LABELS)
        if labels := [each["label"] for each in known if not each.get("is_deactivated")]:
            above = next(i for i in board["items"] if i["id"] == size["parent"])
            self.lost_keys.add(above["values"].get("key_1"))
            await self._write(SUBITEMS, size["id"], "size_1", {"labels": [rng.choice(labels)]})

    async def _delete_group(self, board: dict[str, Any], rng: random.Random) -> None:
        groups = _standing(board)
        if len(groups) > 1:
            gone = rng.choice(groups)
            self.archived |= {i["id"] for i in board["items"] if i["group"] == gone}
            await self._do("delete_group", board_id=BOARD, group_id=gone)

    async def _switch_label_off(self, rng: random.Random) -> None:
        where = rng.choice((TYPE_LABELS, SIZE_LABELS))
        if labels := self._labels(where):
            rng.choice(labels)["is_deactivated"] = True
            await self._put_labels(where, labels)

    async def _delete_label(self, rng: random.Random) -> None:
        """The cells that had it know nothing of a label that is made again."""
        labels = self._labels(TYPE_LABELS)
        if len(labels) > 1:
            gone = labels.pop(rng.randrange(len(labels)))
            self.deleted_labels.add(gone["id"])
            await self._put_labels(TYPE_LABELS, labels)

    async def mend_labels(self) -> None:
        """Somebody reads the findings: every label is there again, and may be chosen."""
        for where, wanted in ((TYPE_LABELS, sorted(set(TYPES))), (SIZE_LABELS, [])):
            labels = self._labels(where)
            missing = set(wanted) - {label["label"] for label in labels}
            mended = [{**label, "is_deactivated": False} for label in labels]
            mended += [{"label": text} for text in sorted(missing)]
            if mended != labels:
                await self._put_labels(where, mended)

    def _labels(self, where: tuple[int, str, str]) -> Labels:
        return list(self._column(where)["settings"]["labels"])

    def _column(self, where: tuple[int, str, str]) -> dict[str, Any]:
        place, _, column_id = where
        columns = self.monday.save()["boards"][place]["columns"]
        (column,) = (each for each in columns if each["id"] == column_id)
        return dict(column)

    async def _put_labels(self, where: tuple[int, str, str], labels: Labels) -> None:
        revision = str(self._column(where)["revision"])
        text = ", ".join(
            "{" + ", ".join(f"{name}: {json.dumps(value)}" for name, value in label.items()) + "}"
            for label in labels
        )
        _, board, column = where
        await self._post(
            f'mutation {{ update_dropdown_column(board_id: {board}, id: "{column}", '
            f'revision: "{revision}", settings: {{labels: [{text}]}}) {{ id }} }}'
        )

    async def _note(self, board: str, item: str, column: str, value: str) -> None:
        self.written[item, column] = value
        await self._write(board, item, column, value)

    async def _write(self, board: str, item: str, column: str, value: Any) -> None:
        values = json.dumps({column: value})
        change = "change_multiple_column_values"
        await self._do(change, board_id=board, item_id=item, column_values=values)

    async def _do(self, field_name: str, **values: str) -> None:
        arguments = ", ".join(f"{name}: {json.dumps(value)}" for name, value in values.items())
        await self._post(f"mutation {{ {field_name}({arguments}) {{ id }} }}")

    async def _post(self, text: str) -> None:
        """Like anybody's, the call may have to wait; it is never refused."""
        body = json.dumps({"query": text}).encode()
        headers = {"Authorization": PLANNER}
        answer = await self.monday.post(body, headers)
        if answer.status == TOO_MANY:
            await asyncio.sleep(float(answer.headers["Retry-After"]))
            answer = await self.monday.post(body, headers)
        assert b'"errors"' not in answer.body, answer.body


def _standing(board: dict[str, Any]) -> list[str]:
    return [group["id"] for group in board["groups"] if group["state"] == "active"]
