"""The commands of docs/commands.md. Each parses options and makes one call."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import os
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar

import typer
from rich.console import Console
from typer.core import TyperGroup

from customer_orders import demo, deployment, emulator, pipeline, readiness, report, rights
from customer_orders.cli import logs
from customer_orders.cli.logs import LogFormat
from customer_orders.cli.output import explain, print_json
from customer_orders.config import SETTINGS_FILE, Settings, load
from customer_orders.errors import ConfigError, CustomerOrdersError
from customer_orders.ledger import reading
from customer_orders.model import Severity
from customer_orders.plan import ALL_RUNS, Filters, Planned
from customer_orders.report import ApplyProgress
from customer_orders.story import story

Result = TypeVar("Result")
FindingState = Literal["open", "resolved", "all"]
CONFIG_VARIABLE = "CUSTOMER_ORDERS_CONFIG"
#: New objects after which Python looks for cycles. Its default of some hundreds took a fifth of
#: a large run: a plan is many objects that stay, and hardly any cycles.
COLLECT_AFTER = 50_000
#: docs/commands.md, Exit codes.
DIFFERENT, HAS_CHANGES = 4, 5


@dataclass
class _Chosen:
    """What stands before the command's name."""

    config: Path = Path(SETTINGS_FILE)
    verbose: bool = False


class _Commands(TyperGroup):
    """Prints an error of ours as one line per cause, with its hint, and exits with its code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CustomerOrdersError as exc:
            explain(exc, as_json="--json" in sys.argv, verbose=_chosen.verbose)
            raise typer.Exit(exc.exit_code) from exc


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Carries order lines from a SQL table to monday.com boards, exactly once.",
)
_chosen = _Chosen()

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Customer = Annotated[str | None, typer.Option(help="Only this customer, by canonical name.")]
PO = Annotated[str | None, typer.Option("--po", help="Only this PO number.")]
Season = Annotated[str | None, typer.Option(help="Only this season.")]
Limit = Annotated[int | None, typer.Option(min=0, help="At most this many lines with changes.")]
Out = Annotated[Path | None, typer.Option(help="Keep the plan for `apply FILE`.")]
Yes = Annotated[bool, typer.Option("--yes", help="Carry the plan out.")]
Force = Annotated[bool, typer.Option("--force", help="Go on where a guard says no.")]


@app.callback()
def _options(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help=f"The configuration (default ./{SETTINGS_FILE}).")
    ] = None,
    log_format: Annotated[LogFormat, typer.Option(help="Form of the log on stderr.")] = "text",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="More log, tracebacks.")] = False,
) -> None:
    # The demo tells its own story; beside it only trouble is logged.
    usual = logging.WARNING if context.invoked_subcommand == "demo" else logging.INFO
    logs.configure(log_format, logging.DEBUG if verbose else usual)
    _chosen.config = config or Path(os.environ.get(CONFIG_VARIABLE, SETTINGS_FILE))
    _chosen.verbose = verbose


@app.command()
def check(as_json: Json = False) -> None:
    """Say whether a run can go, and what mends it where it cannot. Writes nothing."""
    checks = _run(readiness.check(_settings()))
    ready = all(found.holds for found in checks)
    if as_json:
        print_json({"ready": ready, "checks": [found.as_json() for found in checks]})
    else:
        report.print_checks(Console(), checks)
    raise typer.Exit(not ready)


@app.command()
def deploy(
    board: Annotated[bool, typer.Option("--board", help="Make missing key columns too.")] = False,
    source: Annotated[
        bool, typer.Option("--source", help="Add record_uuid and row_hash to the source table.")
    ] = False,
    sql: Annotated[
        bool, typer.Option("--sql", help="Print the statements for an empty database.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done now, and do nothing.")
    ] = False,
    roles: Annotated[
        bool, typer.Option("--roles", help="Print the least rights that a run needs.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Create our tables, or bring them to this version's schema."""
    settings = _settings()
    if roles or sql:
        text = rights.script(settings) if roles else _statements(settings, source=source)
        print_json({"sql": text}) if as_json else print(text, end="")
        return
    do = deployment.planned if dry_run else deployment.deploy
    told = _run(do(settings, board=board, source=source))
    word = "planned" if dry_run else "done"
    print_json({word: told}) if as_json else print(*told, sep="\n")


def _statements(settings: Settings, *, source: bool) -> str:
    if not source:
        return deployment.ddl(settings)
    return "".join(f"{each};\n" for each in deployment.source_changes(settings).statements)


@app.command()
def plan(
    customer: Customer = None,
    po: PO = None,
    season: Season = None,
    limit: Limit = None,
    out: Out = None,
    show: Annotated[int, typer.Option(min=0, help="Print this many payloads.")] = 0,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 5 when there are changes.")
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Show what an apply would do. Writes nothing to the ledger or the board."""
    filters = Filters(customer=customer, po=po, season=season, limit=limit)
    planned = _plan(filters, out=out, show=show, force=force, as_json=as_json)
    raise typer.Exit(HAS_CHANGES if detailed_exitcode and planned.plan.operations else 0)


def _plan(
    filters: Filters, *, out: Path | None, force: bool, as_json: bool, show: int = 0
) -> Planned:
    """Make a plan, keep it where asked, and print it."""
    planned = _run(pipeline.plan(_settings(), filters, force=force))
    if out:
        report.write_plan(planned, filters, out)
    document = report.plan_document(planned, filters)
    print_json(document) if as_json else report.print_plan(Console(), document, show=show)
    return planned


@app.command()
def apply(
    file: Annotated[Path | None, typer.Argument(help="A plan kept with `plan --out`.")] = None,
    customer: Customer = None,
    po: PO = None,
    season: Season = None,
    limit: Limit = None,
    expect: Annotated[str | None, typer.Option(help="Checksum the plan must have.")] = None,
    stage_only: Annotated[
        bool, typer.Option("--stage-only", help="Write run and operations, send nothing.")
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Plan afresh and carry the plan out."""
    filters = Filters(customer=customer, po=po, season=season, limit=limit)
    if file:
        expected, filters = report.read_plan(file)
        if expect not in (None, expected):
            raise ConfigError(
                f"{file} holds the plan {expected}, --expect says {expect}",
                hint="give one of the two",
            )
        expect = expected
    _apply(filters, "apply", expect=expect, stage_only=stage_only, force=force, as_json=as_json)


@app.command()
def sync(
    customer: Customer = None,
    po: PO = None,
    season: Season = None,
    limit: Limit = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Plan and apply, for schedulers."""
    filters = Filters(customer=customer, po=po, season=season, limit=limit)
    _apply(filters, "sync", force=force, as_json=as_json)


def _apply(filters: Filters, name: str, *, as_json: bool, **options: Any) -> NoReturn:
    with ApplyProgress(Console(stderr=True)) as progress:
        coroutine = pipeline.apply(_settings(), filters, name=name, progress=progress, **options)
        run = _run(coroutine)
    document = run.as_json()
    print_json(document) if as_json else report.print_run(Console(), document)
    if run.error:
        explain(run.error, as_json=False, verbose=_chosen.verbose)
    raise typer.Exit(run.exit_code)


@app.command()
def retry(
    customer: Customer = None,
    run: Annotated[str, typer.Option(help="Only what failed in this run.")] = ALL_RUNS,
    yes: Yes = False,
    out: Out = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Plan the failed lines afresh, whatever held them; --yes carries the plan out."""
    filters = Filters(customer=customer, retry=run)
    if yes:
        _apply(filters, "retry", force=force, as_json=as_json)
    _plan(filters, out=out, force=force, as_json=as_json)


@app.command()
def verify(
    customer: Customer = None,
    po: PO = None,
    season: Season = None,
    repair: Annotated[bool, typer.Option("--repair", help="Plan the way back.")] = False,
    yes: Yes = False,
    out: Out = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compare the board with the source: missing, changed, duplicate, foreign."""
    filters = Filters(customer=customer, po=po, season=season, repair=repair)
    if (yes or out) and not repair:
        raise ConfigError(
            "--yes and --out are for --repair", hint="add --repair to plan the way back"
        )
    if yes:
        _apply(filters, "repair", force=force, as_json=as_json)
    if repair:
        _plan(filters, out=out, force=force, as_json=as_json)
        return
    found, compared = _run(pipeline.verify(_settings(), filters))
    if as_json:
        print_json(report.differences_document(found, compared))
    else:
        report.print_differences(Console(), found, compared)
    raise typer.Exit(DIFFERENT if found else 0)


@app.command()
def status(as_json: Json = False) -> None:
    """Say what is delivered, what is open, and how the last run ended."""
    found = pipeline.ask(_settings(), reading.status)
    print_json(found) if as_json else report.print_status(Console(), found)


@app.command()
def runs(as_json: Json = False) -> None:
    """List the latest runs."""
    found = pipeline.ask(_settings(), reading.runs)
    print_json(found) if as_json else report.print_runs(Console(), found)


@app.command()
def show(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="Any printed id, or a kept plan.")],
    as_json: Json = False,
) -> None:
    """Tell the story behind an id: a run, a line, an operation, an item, a finding, a kept plan."""
    if Path(wanted).is_file():
        kept = report.kept_plan(Path(wanted))
        print_json(kept) if as_json else report.print_plan(Console(), kept)
        return
    found = _run(story(_settings(), wanted))
    if found is None:
        hint = "`customer-orders runs` and `findings` print ids"
        raise CustomerOrdersError(f"nothing in the ledger has the id {wanted}", hint=hint)
    print_json(found) if as_json else report.print_story(Console(), found)


@app.command()
def findings(
    customer: Customer = None,
    rule: Annotated[str | None, typer.Option(help="Only this rule.")] = None,
    severity: Annotated[Severity | None, typer.Option(help="Only this severity.")] = None,
    state: Annotated[
        FindingState, typer.Option(help="Open ones, resolved ones, or all of them.")
    ] = "open",
    new_in: Annotated[str | None, typer.Option(help="Only those that this run saw first.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write them to this file too.")] = None,
    as_json: Json = False,
) -> None:
    """List the remarks about rows and cells."""
    found = pipeline.ask(
        _settings(),
        lambda ledger: reading.findings(
            ledger,
            customer=customer,
            rule=rule,
            severity=severity,
            state=state,
            new_in=new_in,
        ),
    )
    if csv:
        report.write_findings(found, csv)
    print_json(found) if as_json else report.print_findings(Console(), found)


@app.command(name="emulator")
def emulate(
    state: Annotated[Path | None, typer.Option(help="File with the boards.")] = None,
    port: Annotated[int | None, typer.Option(min=0, help="Loopback port; 0 is a free one.")] = None,
    as_json: Json = False,
) -> None:
    """Run the local monday until it is stopped. In a demo folder: that demo's board."""
    # One JSON line, with or without --json: the process that started it reads the address there.
    if state is None or port is None:
        state, port = demo.emulator_of(_settings(), state, port)
    try:
        emulator.serve(state, port)
    except (OSError, KeyError, TypeError, ValueError) as exc:
        raise CustomerOrdersError(
            f"the emulator cannot serve {state} on port {port}: {exc}",
            hint="is it running already? --port 0 takes a free port",
        ) from exc


@app.command(name="demo")
def demonstrate(
    po: PO = None,
    folder: Annotated[Path, typer.Option("--dir", help="Where to write it.")] = demo.FOLDER,
    ledger: Annotated[
        str | None, typer.Option(help="env/NAME with the URL of a database for the ledger.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source-db", help="env/NAME with the URL for the sample.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show all of it, offline, on sample data."""
    console = Console(quiet=as_json)
    places = demo.Places.of(ledger=ledger, source=source)
    outcome = _run(demo.show(folder, Filters(po=po), console, places))
    if as_json:
        print_json(outcome.as_json())
    raise typer.Exit(outcome.exit_code)


def _settings() -> Settings:
    return load(_chosen.config)


def _run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(coroutine)


def main() -> None:
    """Entry point of the command. UTF-8 whatever the console says."""
    gc.set_threshold(COLLECT_AFTER)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        arguments = sys.argv[1:] or ["--help"]
        code = app(arguments, prog_name="customer-orders", standalone_mode=False)
    except typer.TyperException as exc:
        # Typed wrong: Typer's own code for it is 2, which says here that monday refused a line.
        hint = "`customer-orders COMMAND --help` says what a command takes"
        typed_wrong = CustomerOrdersError(exc.format_message(), hint=hint)
        explain(typed_wrong, as_json="--json" in sys.argv, verbose=False)
        code = typed_wrong.exit_code
    sys.exit(code)
