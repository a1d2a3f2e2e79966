"""One request on its way through monday. `Exchange.answer` is the journey, in order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, execute_sync, print_ast

from customer_orders.emulator.answers import (
    Answer,
    json_answer,
    status_answer,
    status_refusal,
)
from customer_orders.emulator.call import Call
from customer_orders.emulator.errors import ApiError, ConnectionDropped
from customer_orders.emulator.executor import PageExecutor
from customer_orders.emulator.people import happen
from customer_orders.emulator.requests import (
    CURRENT_VERSION,
    answered_version,
    boards_written,
    find_user,
    items_named,
    read_request,
)
from customer_orders.emulator.shapes import rate_limit_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import ExecutionResult

    from customer_orders.emulator.core import Monday

_BAD_VARIABLE = re.compile(
    r"Variable ['\"]?\$(?P<name>\w+)['\"]?[^;:]*[;:]?\s*(?P<why>.*)", re.DOTALL
)


class Exchange:
    """A posted body, what was read from it, and what is done about it."""

    def __init__(
        self, monday: Monday, body: bytes, headers: Mapping[str, str], request_id: str
    ) -> None:
        self.monday = monday
        self.body = body
        self.headers = headers
        self.request_id = request_id
        self.version = CURRENT_VERSION
        #: `query` until the document is read.
        self.kind = "query"

    async def answer(self) -> Answer:
        """Read it, strike it, replay it, admit it, do it, strike it again."""
        self._read()
        self._draw()
        if (answer := self._struck_before()) is not None:
            return answer
        answer = self._replayed()
        if answer is None:
            self._admit()
            answer = await self._worked()
        return await self._struck_after(answer)

    def _read(self) -> None:
        monday = self.monday
        self.user = find_user(monday.state, self.headers)
        self.version = answered_version(self.headers)
        self.request = read_request(self.body)
        documents = monday.stats.documents
        documents.setdefault(self.request.text, len(documents))
        self.prepared = monday.documents.prepare(self.request.text, self.request.operation_name)
        self.kind = self.prepared.kind
        self.roots = self.prepared.root_fields()
        self.operations = [root.name.value for root in self.roots]
        # The header means something on mutations only (docs/idempotency.md).
        self.key = self.headers.get("idempotency-key", "") if self.kind == "mutation" else ""

    def _draw(self) -> None:
        """What the plan of trouble holds for this request: others who come first, and a fault."""
        faults, stats = self.monday.faults, self.monday.stats
        for event in faults.events(self.operations):
            stats.faults[event.kind] += 1
            named = items_named(self.roots, self.request.variables)
            happen(self.monday, event, self.kind, named)
        self.fault = faults.for_request(self.operations)
        if self.fault is not None:
            stats.faults[self.fault.kind] += 1

    def _struck_before(self) -> Answer | None:
        """Faults that keep the request from being executed at all."""
        fault = self.fault
        if fault is None:
            return None
        if fault.kind == "drop_before":
            raise ConnectionDropped
        if fault.kind == "status":
            return status_answer(fault, self.request_id)
        if fault.kind == "rate_limit":
            aliases = [(root.alias or root.name).value for root in self.roots]
            return rate_limit_answer(fault, aliases, self.request_id)
        return None

    def _replayed(self) -> Answer | None:
        """The answer kept for this Idempotency-Key; it counts as a call and costs no complexity."""
        if not self.key:
            return None
        kept = self.monday.idempotency.begin(self.user.id, self.key, self.body)
        if kept is None:
            return None
        self.monday.limits.admit(self.kind, 0, 0, light=False)
        self.monday.stats.replays += 1
        status, body = kept
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Replayed": "true",
        }
        return Answer(status, headers, body)

    def _admit(self) -> None:
        """Charge the estimate, or free the key and be refused."""
        monday = self.monday
        self.budget_before = monday.limits.remaining(self.kind)
        self.estimate = self._estimate()
        writes = sum(name != "complexity" for name in self.operations) * (self.kind == "mutation")
        light = self.operations == ["complexity"]
        try:
            monday.limits.admit(self.kind, self.estimate, writes, light=light)
            self._lock_boards()
        except Exception:
            self._end_key(None, keep=False)
            raise

    def _estimate(self) -> int:
        leaves = sum(self.prepared.leaves(root, self.request.variables) for root in self.roots)
        if self.kind == "query":
            return 0 if self.operations == ["complexity"] else leaves
        return leaves + sum(self.monday.settings.cost(name) for name in self.operations)

    def _lock_boards(self) -> None:
        """423 when too many requests write one board at once."""
        monday = self.monday
        self.locked: set[str] = set()
        most = monday.settings.writes_per_board
        if most is None or self.kind == "query":
            return
        boards = boards_written(monday.state, self.roots, self.request.variables)
        if any(monday.writing[board] >= most for board in boards):
            raise status_refusal(423)
        self.locked = boards
        monday.writing.update(boards)

    async def _worked(self) -> Answer:
        """Do the work, in time or not: beyond 60 s monday answers 503 and the work still ends."""
        monday = self.monday
        delay = self._latency()
        if self.fault is not None and self.fault.kind == "late":
            monday.spawn(self._work(delay + self.fault.seconds))
            raise ConnectionDropped
        if delay > monday.settings.call_cap_seconds:
            monday.spawn(self._work(delay))
            await monday.clock.sleep(monday.settings.call_cap_seconds)
            raise status_refusal(503)
        return await self._work(delay)

    def _latency(self) -> float:
        settings = self.monday.settings
        delay = settings.latency_per_request
        if self.kind == "mutation":
            delay += settings.latency_per_mutation * len(self.roots)
        if settings.latency_jitter:
            delay *= 1 + settings.latency_jitter * self.monday.random.uniform(-1, 1)
        return delay

    async def _work(self, delay: float) -> Answer:
        monday = self.monday
        call = self._call()
        try:
            if delay > 0:
                await monday.clock.sleep(delay)
            answer, has_errors = self._execute(call)
        except BaseException:
            self._end_key(None, keep=False)
            raise
        finally:
            monday.writing.subtract(self.locked)
        monday.limits.settle(self.kind, self.estimate, call.actual)
        monday.stats.complexity_charged += call.actual
        keep = self.fault is None or self.fault.remember
        self._end_key(answer, keep=keep, has_errors=has_errors)
        return answer

    def _call(self) -> Call:
        monday, fault = self.monday, self.fault
        stops = fault is not None and fault.kind == "apply_first_n_then"
        return Call(
            monday=monday,
            user=self.user,
            prepared=self.prepared,
            variables=self.request.variables,
            estimate=self.estimate,
            budget_before=self.budget_before,
            mutations_left=fault.n if fault is not None and stops else None,
        )

    def _execute(self, call: Call) -> tuple[Answer, bool]:
        monday = self.monday
        result = execute_sync(
            monday.documents.schema,
            self.prepared.document,
            context_value=call,
            variable_values=self.request.variables,
            operation_name=self.request.operation_name,
            executor_class=PageExecutor,
        )
        if result.data is None:
            call.saved = int(self.estimate * (1 - monday.settings.failed_cost_share))
        if self.kind == "mutation":
            monday.changes += 1
        else:
            monday.stats.queries += 1
        content = self._content(result)
        return json_answer(200, content, self.request_id), bool(result.errors)

    def _content(self, result: ExecutionResult) -> dict[str, Any]:
        """data and errors; a bad variable fails the request with no data at all."""
        errors = [self._error(error) for error in result.errors or ()]
        if result.data is None:
            return {"errors": errors}
        return {"data": result.data, **({"errors": errors} if errors else {})}

    def _error(self, error: GraphQLError) -> dict[str, Any]:
        shown: dict[str, Any] = dict(error.formatted)
        if error.path is None and (found := _BAD_VARIABLE.match(error.message)):
            return self._bad_variable(found["name"], found["why"])
        if not isinstance(error.original_error, ApiError):
            shown["extensions"] = {"code": "INTERNAL_SERVER_ERROR", "status_code": 500}
        if shown["extensions"]["status_code"] == 429:
            self.monday.stats.rate_limited[shown["extensions"]["code"]] += 1
        return shown

    def _bad_variable(self, name: str, why: str) -> dict[str, Any]:
        """monday's words for a variable of the wrong form (recorded by MCP)."""
        types = {
            each.variable.name.value: print_ast(each.type)
            for each in self.prepared.operation.variable_definitions or ()
        }
        return {
            "message": f"Variable ${name} of type {types.get(name)} was provided invalid value",
            "extensions": {
                "value": self.request.variables.get(name),
                "problems": [{"path": [], "explanation": why.strip()}],
                "service": "monolith",
            },
        }

    def _end_key(self, answer: Answer | None, *, keep: bool, has_errors: bool = False) -> None:
        if self.key:
            status, body = (answer.status, answer.body) if answer else (0, b"")
            self.monday.idempotency.end(
                self.user.id, self.key, status, body, has_errors=has_errors, keep=keep
            )

    async def _struck_after(self, answer: Answer) -> Answer:
        """Faults that let the work be done and spoil the answer."""
        fault = self.fault
        if fault is None:
            return answer
        if fault.kind == "apply_then_drop":
            raise ConnectionDropped
        if fault.kind == "apply_first_n_then" and fault.status is None:
            raise ConnectionDropped
        if fault.kind in ("apply_then_status", "apply_first_n_then"):
            return status_answer(fault, self.request_id)
        if fault.kind == "slow":
            await self.monday.clock.sleep(fault.seconds)
        return answer.cut() if fault.kind == "cut_body" else answer
