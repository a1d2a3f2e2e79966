"""The staging area: one transaction that retires the old plan and writes the new one."""

from __future__ import annotations

import json
from itertools import product

import pytest
from books import BOARD, GROUP, Books, group, line, of_item, of_size, planned, whole
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from customer_orders.errors import LedgerError
from customer_orders.ledger import State, knowledge, reading, retelling, runs
from customer_orders.ledger.results import Done, Refusal, Reopen
from customer_orders.ledger.rows import operation_row
from customer_orders.ledger.schema import board_group, operation, run, run_line, snapshot
from customer_orders.model import Finding, Severity
from customer_orders.plan import ALL_RUNS, Action, Outcome

DATA = Refusal(category="data", code="ColumnValueException", error="no such label", hint="mend it")


def finish(books: Books, run_id: str, held, *, refuse: tuple[str, ...] = ()) -> None:
    """Deliver all that becomes ready; operations whose target ends so are refused."""
    while books.ready(run_id):
        stored = books.take(run_id, held)
        results = [
            DATA
            if each.operation.target.endswith(refuse or ("nothing",))
            else Done(monday_id=f"m{each.id}")
            for each in stored.operations
        ]
        books.record(held, stored, *results)


def test_a_plan_is_staged(books: Books):
    """Operations are pending, lines have their planned outcome, groups and figures are kept."""
    plan = planned(
        [line("a"), line("b", Outcome.SKIPPED)],
        [group(), *whole("a")],
        groups={BOARD: {"Old": "g7"}},
    )
    run_id, _ = books.run(plan)
    assert set(books.states().values()) == {State.PENDING}
    assert len(books.states()) == 4
    assert {row.line: row.planned for row in books.rows(run_line)} == {
        "a": "created",
        "b": "skipped",
    }
    assert [tuple(row) for row in books.rows(board_group)] == [(BOARD, "Old", "g7")]
    (row,) = books.rows(run)
    assert (row.id, row.status, row.scope) == (run_id, "RUNNING", "scope")
    assert (row.checksum, row.source_rows) == (plan.plan.checksum, 7)
    assert json.loads(row.source_customers) == {"Torvane": 7}
    # A new line gets its snapshot row when it is claimed, not before.
    assert books.rows(snapshot) == []


def test_staging_is_one_transaction(books: Books):
    """When one row cannot be written, the plan before it still stands."""
    books.run(planned([line("a")], whole("a")))
    before = books.everything()
    twice = planned([line("b")], [of_item("b"), of_item("b")])
    with pytest.raises(LedgerError, match=r"(?i)unique"):
        books.run(twice)
    assert books.everything() == before


def test_what_was_pending_is_superseded(books: Books):
    """The next plan retires what was not sent, and nothing else."""
    first, _ = books.run(planned([line("a")], [group(), *whole("a")]))
    second, _ = books.run(planned([line("a")], [group(), *whole("a")]))
    assert set(books.states(first).values()) == {State.SUPERSEDED}
    assert set(books.states(second).values()) == {State.PENDING}


def test_what_is_pending_on_another_board_stays(books: Books):
    """A run retires only what belongs to the boards that it holds."""
    run_id, _ = books.run()
    with books.ledger.transaction() as connection:
        elsewhere = operation_row(of_item("z", board="77"), "other")
        connection.execute(insert(operation).values(elsewhere))
    runs.stage(books.ledger, run_id, planned([line("a")], whole("a")))
    assert books.states("other") == {("z", "create"): State.PENDING}


def test_what_is_sending_or_delivered_stays(books: Books):
    """Only pending operations are superseded: an unknown one keeps its state."""
    first, held = books.run(planned([line("a")], [group(), *whole("a")]))
    group_request = books.take(first, held)
    books.record(held, group_request, Done(monday_id="g"))
    books.take(first, held)
    books.run(planned([line("a", Outcome.PENDING)], groups={BOARD: {GROUP: "g"}}))
    assert books.states(first) == {
        (f"group {GROUP}", "ensure_group"): "delivered",
        ("a", "create"): "sending",
        ("a/M", "create"): "superseded",
        ("a/L", "create"): "superseded",
    }


OPEN_STATES = (State.PENDING, State.SENDING)


@pytest.mark.parametrize(("one", "other"), list(product(State, State)))
def test_one_open_operation_per_target_and_action(books: Books, one: State, other: State):
    """Two of them may not both be open; any number may be finished."""
    rows = [operation_row(of_item("a"), "r") | {"state": state} for state in (one, other)]

    def write() -> None:
        with books.ledger.transaction() as connection:
            for row in rows:
                connection.execute(insert(operation).values(row))

    if one in OPEN_STATES and other in OPEN_STATES:
        with pytest.raises(LedgerError) as caught:
            write()
        assert isinstance(caught.value.__cause__, IntegrityError)
    else:
        write()
        assert len(books.rows(operation)) == 2


def test_another_action_or_target_may_be_open_too(books: Books):
    """A line may be moved and updated at once, and so may its sizes."""
    made = [
        of_item("a", Action.MOVE, group="X"),
        of_item("a", Action.UPDATE, values={"NOTE": "y"}),
        of_size("a", "M", action=Action.UPDATE),
        of_size("a", "L", action=Action.UPDATE),
        of_item("b", Action.UPDATE, values={"NOTE": "y"}),
    ]
    books.run(planned([line("a", Outcome.MOVED), line("b", Outcome.UPDATED)], made))
    assert len(books.states()) == 5


def test_a_failed_operation_is_replaced_when_its_line_is_planned_whole(books: Books):
    """A new payload for the target retires the refusal; what it held is free again."""
    run_id, held = books.run(planned([line("a")], [group(), *whole("a")]))
    finish(books, run_id, held, refuse=("a/M",))
    assert books.states(run_id)["a/M", "create"] == State.FAILED
    assert list(knowledge.refused_payloads(books.ledger, "v1", {})) == [(f"{BOARD}/a/M", "create")]
    again = [of_size("a", "M", "2")]
    books.run(planned([line("a", Outcome.UPDATED)], again, groups={BOARD: {GROUP: "g"}}))
    assert books.states(run_id)["a/M", "create"] == State.SUPERSEDED
    assert knowledge.refused_payloads(books.ledger, "v1", {}) == {}


def test_a_failed_operation_is_replaced_when_nothing_is_left_to_do(books: Books):
    """The size is no longer ordered: its refusal holds nothing, and its finding is closed."""
    run_id, held = books.run(planned([line("a")], [group(), *whole("a")]))
    finish(books, run_id, held, refuse=("a/M",))
    books.run(planned([line("a", Outcome.UNCHANGED)], groups={BOARD: {GROUP: "g"}}))
    assert books.states(run_id)["a/M", "create"] == State.SUPERSEDED
    assert reading.findings(books.ledger) == []


def test_a_refusal_is_kept_while_another_action_is_planned(books: Books):
    """A refused move is held although the same item is updated with something new."""
    before = [of_item("a", Action.MOVE, group="X"), of_item("a", Action.UPDATE, values={"N": "1"})]
    run_id, held = books.run(planned([line("a", Outcome.MOVED)], before))
    stored = books.take(run_id, held)
    books.record(held, stored, DATA)
    finish(books, run_id, held, refuse=("/a",))
    after = [of_item("a", Action.UPDATE, values={"N": "2"})]
    books.run(planned([line("a", Outcome.FAILED)], after))
    assert list(knowledge.refused_payloads(books.ledger, "v1", {})) == [(f"{BOARD}/a", "move")]


def test_a_refused_group_that_is_there_now_holds_nothing(books: Books):
    """A person made the group: its refusal is retired."""
    run_id, held = books.run(planned([line("a")], [group(), *whole("a")]))
    finish(books, run_id, held, refuse=(GROUP,))
    assert set(books.states(run_id).values()) == {State.FAILED}
    books.run(planned([line("a")], whole("a"), groups={BOARD: {GROUP: "g7"}}))
    assert set(books.states(run_id).values()) == {State.SUPERSEDED}
    assert reading.findings(books.ledger) == []


def test_lines_without_a_difference_advance_in_bulk(books: Books):
    """A line that was rendered and needs nothing gets the new hash and mapping version."""
    run_id, held = books.run(planned([line("a")], [group(), *whole("a")]))
    finish(books, run_id, held)
    changed = line("a", Outcome.UNCHANGED, "another hash")
    books.run(planned([changed], version="v2", groups={BOARD: {GROUP: "g"}}))
    (row,) = books.rows(snapshot)
    assert (row.row_hash, row.seen_hash) == ("another hash", "another hash")
    assert (row.mapping_version, row.last_delivered) == ("v2", books.now)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.PENDING, Outcome.SKIPPED])
def test_lines_that_are_held_do_not_advance(books: Books, outcome: Outcome):
    """A line that is held, failed or unsettled keeps what the snapshot says of it."""
    run_id, held = books.run(planned([line("a")], [group(), *whole("a")]))
    finish(books, run_id, held)
    books.run(planned([line("a", outcome, "another hash")]))
    assert books.hashes() == {"a": "hash of a"}


def remark(rule: str, name: str | None = "a", **parts) -> Finding:
    """A remark about a line."""
    return Finding(rule=rule, message=f"{rule} of {name}", record_uuid=name, **parts)


def open_rules(books: Books) -> list[str]:
    """Rules of the open findings."""
    return sorted(found["rule"] for found in reading.findings(books.ledger))


def test_findings_are_made_renewed_and_resolved(books: Books):
    """The first and the last run that had it are kept; a line without it resolves it."""
    first, _ = books.run(planned([line("a")], findings=[remark("cell", column="FREIGHT")]))
    again = remark("cell", column="FREIGHT", value="x", severity=Severity.ERROR)
    second, _ = books.run(planned([line("a")], findings=[again]))
    (found,) = reading.findings(books.ledger)
    assert (found["first_run"], found["last_run"]) == (first, second)
    assert (found["value"], found["severity"], found["resolved_run"]) == ("x", "error", None)
    third, _ = books.run(planned([line("a")]))
    assert reading.findings(books.ledger) == []
    (found,) = reading.findings(books.ledger, state="all")
    assert (found["resolved_run"], found["last_run"]) == (third, second)
    fourth, _ = books.run(planned([line("a")], findings=[again]))
    (found,) = reading.findings(books.ledger)
    assert (found["first_run"], found["last_run"]) == (first, fourth)


def test_findings_of_lines_that_were_not_looked_at_stay(books: Books):
    """An unchanged line is not rendered: nothing is known against its findings."""
    operations = [group(), *whole("a"), *whole("b")]
    remarks = [remark("cell"), remark("cell", "b")]
    run_id, held = books.run(planned([line("a"), line("b")], operations, findings=remarks))
    finish(books, run_id, held)
    books.run(planned([line("b")]))
    assert [found["record_uuid"] for found in reading.findings(books.ledger)] == ["a"]


def test_findings_of_rows_and_of_missing_lines_are_of_the_last_read(books: Books):
    """They belong to the read as a whole: what it no longer says is resolved."""
    unnamed = Finding(rule="blank rows", message="2 rows were dropped")
    books.run(planned(findings=[unnamed, remark("missing")]))
    assert open_rules(books) == ["blank rows", "missing"]
    books.run(planned(findings=[remark("missing")]))
    assert open_rules(books) == ["missing"]
    books.run(planned())
    assert open_rules(books) == []


def test_findings_are_chosen(books: Books):
    """By customer without regard to case, rule, severity, first run and state."""
    one = remark("cell", "a", customer="Müller", severity=Severity.ERROR)
    first, _ = books.run(planned([line("a"), line("b")], findings=[one]))
    two = remark("total", "b", customer="TORVANE")
    second, _ = books.run(planned([line("a"), line("b")], findings=[one, two]))

    def rules(**chosen: str) -> list[str]:
        return [found["rule"] for found in reading.findings(books.ledger, **chosen)]

    assert rules() == ["cell", "total"]
    assert rules(customer="MÜLLER") == rules(severity="error") == rules(new_in=first) == ["cell"]
    assert rules(rule="total") == rules(new_in=second) == ["total"]
    assert rules(customer="NOBODY") == rules(state="resolved") == []
    books.run(planned([line("a"), line("b")], findings=[two]))
    assert rules(state="resolved") == ["cell"]
    assert rules(state="all") == ["cell", "total"]
    (seen,) = reading.findings(books.ledger)
    assert (seen["state"], seen["first_seen"] <= seen["last_seen"]) == ("open", True)


def test_findings_of_a_line_that_is_gone_and_comes_back(books: Books):
    """Resolved while a delivered line is missing; open again with it, though nobody renders it."""
    operations = [group(), *whole("a")]
    run_id, held = books.run(planned([line("a")], operations, findings=[remark("cell")]))
    finish(books, run_id, held)
    gone, _ = books.run(planned(missing=["a"], findings=[remark("missing")]))
    assert open_rules(books) == ["missing"]
    assert reading.status(books.ledger)["open_findings"] == 1
    (found,) = reading.findings(books.ledger, state="resolved")
    assert (found["rule"], found["state"]) == ("cell", "gone")
    counted = {row["rule"]: row for row in retelling.finding_counts(books.ledger, gone)}
    assert (counted["cell"]["open"], counted["cell"]["resolved"]) == (0, 1)
    books.run(planned())
    assert open_rules(books) == ["cell"]


def test_a_resolved_finding_is_resolved_once(books: Books):
    """It does not count again in the run in which its line goes."""
    operations = [group(), *whole("a")]
    run_id, held = books.run(planned([line("a")], operations, findings=[remark("cell")]))
    finish(books, run_id, held)
    mended, _ = books.run(planned([line("a", Outcome.UNCHANGED)]))
    gone, _ = books.run(planned(missing=["a"]))
    (found,) = reading.findings(books.ledger, state="resolved")
    assert (found["state"], found["resolved_run"]) == ("resolved", mended)
    assert retelling.finding_counts(books.ledger, mended)[0]["resolved"] == 1
    assert retelling.finding_counts(books.ledger, gone) == []


def test_findings_of_a_line_that_never_arrived_go_with_it(books: Books):
    """Such a line is looked at whenever it is read: not looked at means gone."""
    books.run(planned([line("a", Outcome.SKIPPED)], findings=[remark("customer")]))
    gone, _ = books.run(planned())
    (found,) = reading.findings(books.ledger, state="all")
    assert (found["state"], found["resolved_run"]) == ("resolved", gone)
    back, _ = books.run(planned([line("a", Outcome.SKIPPED)], findings=[remark("customer")]))
    (found,) = reading.findings(books.ledger)
    assert (found["first_run"], found["last_run"]) != (gone, gone)
    assert found["last_run"] == back


def test_the_finding_of_a_refusal_stays_until_it_is_planned_afresh(books: Books):
    """Looking at the line again does not close it; a new plan for the operation does."""
    run_id, held = books.run(planned([line("a")], [group(), *whole("a")]))
    finish(books, run_id, held, refuse=("a/M",))
    (found,) = reading.findings(books.ledger)
    assert (found["rule"], found["record_uuid"], found["source_column"]) == ("refused", "a", "M")
    assert (found["customer"], found["severity"]) == ("TORVANE", "error")
    assert found["message"] == "create was refused: no such label"
    books.run(planned([line("a", Outcome.FAILED)]))
    assert open_rules(books) == ["refused"]
    books.run(planned([line("a", Outcome.UPDATED)], [of_size("a", "M", "2")]))
    assert open_rules(books) == []


def reads(books: Books, scope: str) -> dict[str, int]:
    """Line -> complete reads without it, where one more read of the scope does not have it."""
    found = knowledge.missing_lines(books.ledger, ["a", "b"], scope)
    assert {line.customer for line in found} == {"TORVANE"}
    return {line.record_uuid: line.reads for line in found}


def test_missing_marks(books: Books):
    """The first read without the line dates the mark, each one counts, and its return ends it."""
    run_id, held = books.run(planned([line("a"), line("b")], [group(), *whole("a"), *whole("b")]))
    finish(books, run_id, held)

    def marks() -> dict[str, tuple[float | None, int]]:
        return {x.record_uuid: (x.missing_since, x.missing_reads) for x in books.rows(snapshot)}

    books.run(planned(missing=["a"]))
    since = books.now
    assert marks() == {"a": (since, 1), "b": (None, 0)}
    books.run(planned(missing=["a"]))
    assert marks()["a"] == (since, 2)
    assert reads(books, "scope") == {"a": 3, "b": 1}
    assert reads(books, "narrow") == {"a": 1, "b": 1}
    books.run(planned(missing=["b"]))
    assert marks() == {"a": (None, 0), "b": (books.now, 1)}


def test_missing_reads_are_of_one_scope(books: Books):
    """Reads of another scope say nothing about the earlier ones: the count starts again."""
    run_id, held = books.run(planned([line("a")], [group(), *whole("a")]))
    finish(books, run_id, held)
    for scope, reads in (("scope", 1), ("scope", 2), ("narrow", 1), ("narrow", 2)):
        assert [x.reads for x in knowledge.missing_lines(books.ledger, ["a"], scope)] == [reads]
        books.run(planned(missing=["a"], scope=scope))
        (row,) = books.rows(snapshot)
        assert row.missing_reads == reads


def test_a_missing_line_that_was_never_delivered_leaves_no_trace(books: Books):
    """Its snapshot row goes; that of a line with an item, or with something under way, stays."""
    run_id, held = books.run(planned([line("a"), line("b"), line("c")], [group(), of_item("a")]))
    stored = books.take(run_id, held)
    books.record(held, stored, Done(monday_id="g"))
    stored = books.take(run_id, held)
    books.record(held, stored, Reopen(reason=""))
    assert list(books.hashes()) == ["a"]
    books.run(planned(missing=["a"]))
    assert books.hashes() == {}


def test_the_last_read_is_of_the_same_scope(books: Books):
    """Counts are compared with the last run that read this scope to its end."""
    assert knowledge.last_read(books.ledger, "scope") is None
    books.run(planned())
    books.run(planned(scope="narrow"))
    books.run()
    found = knowledge.last_read(books.ledger, "scope")
    assert found is not None
    assert (found.rows, dict(found.by_customer)) == (7, {"Torvane": 7})
    assert knowledge.last_read(books.ledger, "other") is None


def test_refused_payloads_hold_what_monday_refused_under_the_same_mapping(books: Books):
    """Categories data and gone hold; blocked does not, nor does another mapping version."""
    run_id, held = books.run(planned([line(x) for x in "abc"], [of_item(x) for x in "abc"]))
    stored = books.take(run_id, held)
    categories = ("data", "gone", "other")
    results = [Refusal(category=category, code="c", error="e") for category in categories]
    books.record(held, stored, *results)
    refused = knowledge.refused_payloads(books.ledger, "v1", {})
    assert refused == {
        (f"{BOARD}/a", "create"): of_item("a").payload_text,
        (f"{BOARD}/b", "create"): of_item("b").payload_text,
    }
    assert knowledge.refused_payloads(books.ledger, "v2", {}) == {}
    assert knowledge.failed_lines(books.ledger, ALL_RUNS) == {"a", "b", "c"}


def test_failed_lines_of_a_run_are_those_that_it_counted_so(books: Books):
    """Also those that an earlier run's refusal holds; a run that never was is an error."""
    run_id, held = books.run(planned([line("a")], [of_item("a")]))
    books.record(held, books.take(run_id, held), Refusal(category="data", code="c", error="e"))
    runs.settle_outcomes(books.ledger, run_id)
    later, _ = books.run(planned([line("a", Outcome.FAILED), line("b", Outcome.UNCHANGED)]))
    runs.settle_outcomes(books.ledger, later)
    for asked in (run_id, later, ALL_RUNS):
        assert knowledge.failed_lines(books.ledger, asked) == {"a"}
    with pytest.raises(LedgerError, match="there is no run 20200101"):
        knowledge.failed_lines(books.ledger, "20200101")


def test_known_lines_are_the_snapshot(books: Books):
    """Detection gets the hashes, the number of sizes, and which lines to look at again."""
    assert knowledge.known_lines(books.ledger).num_rows == 0
    run_id, held = books.run(planned([line("a"), line("b")], [group(), *whole("a"), of_item("b")]))
    finish(books, run_id, held)
    books.run(planned(findings=[remark("label"), remark("cell", "b")]))
    known = {row["record_uuid"]: row for row in knowledge.known_lines(books.ledger).to_pylist()}
    assert {k: (v["row_hash"], v["subitems"], v["review"]) for k, v in known.items()} == {
        "a": ("hash of a", 2, True),
        "b": ("hash of b", 0, False),
    }
    assert known["a"]["line_key"] == "key of a"
    assert knowledge.ever_delivered(books.ledger) == {"a", "b"}


@pytest.mark.parametrize("rule", ["label", "capacity", "board"])
def test_a_line_with_a_finding_of_the_board_is_looked_at_again(books: Books, rule: str):
    """A person may make the label, the room or the board any time: every run looks."""
    run_id, held = books.run(planned([line("a")], [of_item("a")]))
    finish(books, run_id, held)
    books.run(planned(findings=[remark(rule)]))
    (known,) = knowledge.known_lines(books.ledger).to_pylist()
    assert (known["row_hash"], known["review"]) == ("hash of a", True)
    books.run(planned([line("a", Outcome.UNCHANGED)]))
    (known,) = knowledge.known_lines(books.ledger).to_pylist()
    assert (known["row_hash"], known["review"]) == ("hash of a", False)


def test_a_line_that_lost_such_a_finding_is_whole_once_it_was_sent(books: Books):
    """What was left out is not on the board: a run that dies now must not hide that."""
    run_id, held = books.run(planned([line("a")], [of_item("a")]))
    finish(books, run_id, held)
    books.run(planned(findings=[remark("label")]))
    update = of_item("a", Action.UPDATE, values={"NOTE": "y"})
    books.run(planned([line("a", Outcome.UPDATED, "another row")], [update]))
    assert books.hashes() == {"a": None}


def test_group_ids_are_those_of_the_last_plan(books: Books):
    """What the plan took for usable is what is remembered."""
    books.run(planned(groups={BOARD: {"X": "g1", "Y": "g2"}}))
    books.run(planned(groups={BOARD: {"Y": "g3"}}))
    assert knowledge.group_ids(books.ledger, BOARD) == {"Y": "g3"}
