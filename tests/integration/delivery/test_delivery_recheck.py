"""What was ever unknown is looked at again: late copies go, late values are corrected."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from delivering import BOARD, Kill, Killed, Wire, World, item, wanted

from customer_orders.errors import NoAnswer
from customer_orders.ledger import reading
from customer_orders.model import Item

Make = Callable[..., World]
PLANNER = "emulator-planner"


@pytest.fixture
def patient(make_world: Make) -> World:
    """A world in which the time of a re-check does not pass."""
    return make_world(time={"recheck": 3_600})


async def doubted(world: World, *items: Item, on: str = "create_item") -> None:
    """Deliver lines whose items, or sizes, were unknown for a while, and not done then."""
    world.fault("status", on, status=503)
    ended = await world.run(*items)
    assert ended.error is None
    assert world.board() == wanted(*items)


def values(content: dict[str, Any]) -> str:
    """Column values as a mutation has them."""
    return json.dumps(json.dumps(content))


def late_item(world: World, wanted_item: Item, token: str = "emulator-token", **more: str) -> str:
    """The first send of a create arrives now. Gives the id of what it makes."""
    cells = {"key": wanted_item.record_uuid, "note": "as ordered", **more}
    group = next(g["id"] for g in world.get("state")["boards"][0]["groups"] if g["id"] != "topics")
    made = world.mutate(
        f'mutation {{ create_item(board_id: {BOARD}, group_id: "{group}", '
        f'item_name: "{wanted_item.name}", column_values: {values(cells)}) {{ id }} }}',
        token,
    )
    return str(made["create_item"]["id"])


def late_size(world: World, parent: str, size: str, token: str = "emulator-token", **more: str):
    """The same for a subitem."""
    cells = {"size": {"labels": [size]}, "qty": "100", **more}
    made = world.mutate(
        f'mutation {{ create_subitem(parent_item_id: {parent}, item_name: "{size}", '
        f"column_values: {values(cells)}) {{ id }} }}",
        token,
    )
    return str(made["create_subitem"]["id"])


def item_id(world: World, of: Item) -> str:
    """The item that the ledger knows."""
    query = f"select monday_id from item where record_uuid = '{of.record_uuid}'"
    return str(world.ask(query)[0][0])


def state_of(world: World, monday_id: str, board: int = 0) -> tuple[str, Any]:
    """Whether an item is active or archived, and what its key or size cell holds."""
    items = world.get("state")["boards"][board]["items"]
    (shown,) = [each for each in items if each["id"] == monday_id]
    return shown["state"], shown["values"].get("size" if board else "key")


KEY = item(0).record_uuid


def duplicates(world: World) -> list[tuple[str, str]]:
    """Severity and copy of the findings about second copies."""
    found = reading.findings(world.ledger, rule="duplicate")
    return [(each["severity"], each["source_column"]) for each in found]


def doubts(world: World) -> int:
    """Requests that are to be looked at again."""
    return int(world.ask("select count(*) from request where doubted is not null")[0][0])


async def test_a_late_copy_is_archived_first_thing_in_the_next_run(patient: World):
    """Ours, made after the first send, untouched: it goes, and the older item stays."""
    await doubted(patient, item(0), item(1))
    copy = late_item(patient, item(0))
    ended = await patient.run(item(0), item(1))
    assert ended.error is None
    assert patient.board() == wanted(item(0), item(1))
    assert state_of(patient, copy)[0] == "archived"
    assert set(ended.outcomes.values()) == {"unchanged"}


async def test_a_late_copy_is_archived_at_the_end_of_the_run(patient: World):
    """It came while the run was still busy with other things."""
    patient.fault("status", "create_item", status=503)
    copies: list[str] = []

    def late(number: int, body: bytes) -> None:
        if b"create_subitem(" in body and not copies:
            copies.append(late_item(patient, item(0)))

    ended = await patient.run(item(0), wrap=Wire(late))
    assert ended.error is None
    assert [state_of(patient, copy)[0] for copy in copies] == ["archived"]
    assert duplicates(patient) == [("info", copies[0])]
    assert patient.board() == wanted(item(0))


async def test_what_a_dead_process_left_is_looked_at_again(make_world: Make):
    """Nobody was there to mark its request: the run that settles it does, and a copy goes."""
    world = make_world(time={"recheck": 3_600, "replay": 0})
    killed = await world.run(item(0), wrap=lambda inner: Kill(inner, 2, after=False))
    assert isinstance(killed.error, Killed)
    ended = await world.run(item(0))
    assert (ended.error, doubts(world)) == (None, 1)
    copy = late_item(world, item(0))
    await world.run(item(0))
    assert state_of(world, copy)[0] == "archived"
    assert world.board() == wanted(item(0))


async def test_a_late_size_is_archived(patient: World):
    """A second subitem of the same size, under the item of the ledger."""
    await doubted(patient, item(0), on="create_subitem")
    copy = late_size(patient, item_id(patient, item(0)), "M")
    ended = await patient.run(item(0))
    assert ended.error is None
    assert state_of(patient, copy, 1)[0] == "archived"
    assert patient.board() == wanted(item(0))


@pytest.mark.parametrize("why", ["another user", "older", "a value of others", "a subitem"])
async def test_a_copy_that_may_be_somebody_s_work_loses_our_key(patient: World, why: str):
    """It stays on the board, is not ours any more, and is reported."""
    await doubted(patient, item(0))
    token = PLANNER if why == "another user" else "emulator-token"
    more = {"theirs": "call them"} if why == "a value of others" else {}
    copy = late_item(patient, item(0), token, **more)
    if why == "a subitem":
        late_size(patient, copy, "M")
    if why == "older":
        with patient.ledger.transaction() as connection:
            connection.exec_driver_sql("update request set first_send = first_send + 100")
    async with patient.session() as session:
        await patient.look_again(session)
    assert state_of(patient, copy) == ("active", None)
    assert duplicates(patient) == [("warning", copy)]


@pytest.mark.parametrize(
    "why",
    [
        "another user",
        "a value of others",
    ],
)
async def test_a_size_that_may_be_somebody_s_work_loses_its_size(patient: World, why: str):
    """It is no longer a second of its size, and stays."""
    await doubted(patient, item(0), on="create_subitem")
    token = PLANNER if why == "another user" else "emulator-token"
    more = {"note": "call them"} if why == "a value of others" else {}
    copy = late_size(patient, item_id(patient, item(0)), "M", token, **more)
    async with patient.session() as session:
        await patient.look_again(session)
    assert state_of(patient, copy, 1)[0] == "active"
    assert not state_of(patient, copy, 1)[1]
    assert duplicates(patient) == [("warning", copy)]


async def test_a_copy_stays_when_the_ledger_s_item_has_gone(patient: World):
    """A person archived the first: the second is all there is, and is not touched."""
    await doubted(patient, item(0))
    copy = late_item(patient, item(0))
    first = item_id(patient, item(0))
    patient.mutate(f"mutation {{ archive_item(item_id: {first}) {{ id }} }}")
    async with patient.session() as session:
        await patient.look_again(session)
    assert state_of(patient, copy) == ("active", item(0).record_uuid)
    assert duplicates(patient) == []


async def test_a_second_size_stays_when_the_ledger_s_subitem_has_gone(patient: World):
    """A person archived the first of the size: the second is all there is, and is not touched."""
    await doubted(patient, item(0), on="create_subitem")
    copy = late_size(patient, item_id(patient, item(0)), "M")
    ((first,),) = patient.ask("select monday_id from subitem where size = 'M'")
    patient.mutate(f"mutation {{ archive_item(item_id: {first}) {{ id }} }}")
    async with patient.session() as session:
        await patient.look_again(session)
    state, size = state_of(patient, copy, 1)
    assert (state, bool(size)) == ("active", True)
    assert duplicates(patient) == []


async def test_of_several_copies_the_oldest_stays_when_the_ledger_s_item_has_gone(patient: World):
    """A person deleted one of three: one of the other two stays."""
    await doubted(patient, item(0))
    older, newer = late_item(patient, item(0)), late_item(patient, item(0))
    first = item_id(patient, item(0))
    patient.mutate(f"mutation {{ delete_item(item_id: {first}) {{ id }} }}")
    async with patient.session() as session:
        await patient.look_again(session)
    assert state_of(patient, older) == ("active", item(0).record_uuid)
    assert state_of(patient, newer)[0] == "archived"
    assert duplicates(patient) == [("info", newer)]


async def test_of_several_sizes_the_oldest_stays_when_the_ledger_s_subitem_has_gone(patient: World):
    """The same for a size."""
    await doubted(patient, item(0), on="create_subitem")
    parent = item_id(patient, item(0))
    older, newer = late_size(patient, parent, "M"), late_size(patient, parent, "M")
    ((first,),) = patient.ask("select monday_id from subitem where size = 'M'")
    patient.mutate(f"mutation {{ delete_item(item_id: {first}) {{ id }} }}")
    async with patient.session() as session:
        await patient.look_again(session)
    assert state_of(patient, older, 1)[0] == "active"
    assert state_of(patient, newer, 1)[0] == "archived"
    assert duplicates(patient) == [("info", newer)]


async def test_a_second_group_is_left_alone(patient: World):
    """Groups do not tell who made them: one that comes late stays, and ours is used on."""
    await doubted(patient, item(0), on="create_group")
    title = json.dumps(item(0).group)
    patient.mutate(f"mutation {{ create_group(board_id: 10, group_name: {title}) {{ id }} }}")
    before = patient.get("state")["boards"][0]["groups"]
    ended = await patient.run(item(0), item(1))
    assert (ended.error, ended.by_document["create_group"]) == (None, 0)
    assert patient.get("state")["boards"][0]["groups"] == before
    assert len({each["group"] for each in patient.get("state")["boards"][0]["items"]}) == 1


async def test_a_person_s_copy_of_a_line_never_in_doubt_is_left_alone(patient: World):
    """Only what was ever unknown is looked at."""
    await doubted(patient, item(0))
    await patient.run(item(0), item(1))
    copy = late_item(patient, item(1))
    async with patient.session() as session:
        await patient.look_again(session)
    assert state_of(patient, copy) == ("active", item(1).record_uuid)


@pytest.mark.parametrize("recheck", [0, 3_600])
async def test_copies_are_looked_for_until_the_time_has_passed(make_world: Make, recheck: int):
    """The look at the end of the run is the last when the time has passed, else not."""
    world = make_world(time={"recheck": recheck})
    await doubted(world, item(0))
    assert doubts(world) == (1 if recheck else 0)
    copy = late_item(world, item(0))
    await world.run(item(0))
    assert (state_of(world, copy)[0] == "archived") is bool(recheck)


async def test_the_last_look_is_after_the_time(make_world: Make):
    """However late the next run comes, it looks once more."""
    world = make_world(time={"recheck": 3_600})
    await doubted(world, item(0))
    copy = late_item(world, item(0))
    with world.ledger.transaction() as connection:
        connection.exec_driver_sql("update request set recheck_after = 1 where doubted is not null")
    ended = await world.run(item(0))
    assert ended.error is None
    assert state_of(world, copy)[0] == "archived"
    assert doubts(world) == 0


async def test_a_late_value_is_corrected_by_the_next_plan(patient: World):
    """An update that was looked up as not done comes late, over a newer one."""
    await patient.run(item(0))
    await patient.run(item(0, note="old"), wrap=Wire(once(b'"note": "old"', b"old")))
    await patient.run(item(0, note="newer"))
    late = {"note": "old"}
    patient.mutate(
        f"mutation {{ change_multiple_column_values(board_id: {BOARD}, "
        f"item_id: {item_id(patient, item(0))}, column_values: {values(late)}) {{ id }} }}"
    )
    ended = await patient.run(item(0, note="newer"))
    assert ended.error is None
    assert set(ended.outcomes.values()) == {"updated"}
    assert patient.board() == wanted(item(0, note="newer"))
    assert patient.hashes() == {item(0).record_uuid: item(0, note="newer").row_hash}


def once(*words: bytes) -> Callable[[int, bytes], Exception | None]:
    """Loses the first change that holds one of the words, with a 503."""
    lost: list[int] = []

    def meddle(number: int, body: bytes) -> Exception | None:
        if lost or not any(word in body for word in words):
            return None
        lost.append(number)
        return NoAnswer("HTTP 503", status=503)

    return meddle


async def test_a_late_quantity_is_corrected(patient: World):
    """The same for a size."""
    await patient.run(item(0))
    await patient.run(item(0, M="7", L="80"), wrap=Wire(once(b'qty\\": \\"7')))
    await patient.run(item(0, M="9", L="80"))
    query = "select monday_id from subitem where size = 'M'"
    late = {"qty": "7"}
    patient.mutate(
        "mutation { change_multiple_column_values(board_id: 11, "
        f"item_id: {patient.ask(query)[0][0]}, column_values: {values(late)}) {{ id }} }}"
    )
    ended = await patient.run(item(0, M="9", L="80"))
    assert ended.error is None
    assert patient.board() == wanted(item(0, M="9", L="80"))


async def test_a_late_move_is_corrected(patient: World):
    """The item went on to a third group before the first move arrived."""
    groups = ["TORVANE 2026 SPRING", "TORVANE 2026 FALL"]
    await patient.run(item(0))
    patient.fault("status", "move_item_to_group", status=503)
    for group in groups:
        ended = await patient.run(item(0, group=group))
        assert ended.error is None
    ids = {g["title"]: g["id"] for g in patient.get("state")["boards"][0]["groups"]}
    patient.mutate(
        f"mutation {{ move_item_to_group(item_id: {item_id(patient, item(0))}, "
        f'group_id: "{ids[groups[0]]}") {{ id }} }}'
    )
    ended = await patient.run(item(0, group=groups[1]))
    assert ended.error is None
    assert patient.board() == wanted(item(0, group=groups[1]))


async def test_a_person_s_other_value_is_not_a_late_one(patient: World):
    """Only what we sent counts: anything else is for `verify` to show."""
    await patient.run(item(0))
    await patient.run(item(0, note="new"), wrap=Wire(once(b'"new')))
    theirs = {"note": "mine"}
    patient.mutate(
        f"mutation {{ change_multiple_column_values(board_id: {BOARD}, "
        f"item_id: {item_id(patient, item(0))}, column_values: {values(theirs)}) {{ id }} }}"
    )
    ended = await patient.run(item(0, note="new"))
    assert (ended.mutations, set(ended.outcomes.values())) == (0, {"unchanged"})
    assert patient.hashes() == {item(0).record_uuid: item(0, note="new").row_hash}


async def test_a_copy_that_cannot_be_archived_now_is_archived_later(patient: World):
    """A limit or a lost answer costs this look; the finding says so, and the next look tries."""
    await doubted(patient, item(0))
    copy = late_item(patient, item(0))
    patient.fault("status", "archive_item", status=503)
    async with patient.session() as session:
        await patient.look_again(session)
    assert duplicates(patient) == [("error", copy)]
    async with patient.session() as session:
        await patient.look_again(session)
    assert state_of(patient, copy)[0] == "archived"
    assert duplicates(patient) == [("info", copy)]


@pytest.mark.parametrize("also", ["nothing else", "change_multiple_column_values"])
async def test_a_copy_that_may_not_be_archived(patient: World, also: str):
    """The token's user may not: the copy loses its key, or stays for now; the run goes on."""
    await doubted(patient, item(0))
    copy = late_item(patient, item(0))
    for refused in ("archive_item", also):
        patient.fault("status", refused, status=403, count=None)
    ended = await patient.run(item(0), item(1))
    assert ended.error is None
    assert ended.outcomes[item(1).record_uuid] == "created"
    (key, severity) = (None, "warning") if also == "nothing else" else (KEY, "error")
    assert state_of(patient, copy) == ("active", key)
    assert duplicates(patient) == [(severity, copy)]


async def test_a_copy_found_first_thing_is_reported_by_that_run(patient: World):
    """The line is planned in the same run, and its new finding is still open at the end."""
    await doubted(patient, item(0))
    copy = late_item(patient, item(0), PLANNER)
    ended = await patient.run(item(0))
    assert ended.error is None
    assert state_of(patient, copy) == ("active", None)
    assert duplicates(patient) == [("warning", copy)]
