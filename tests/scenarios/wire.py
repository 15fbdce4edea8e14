"""What several scenarios ask of an answer, of the routes, and of the vendors that must not have heard anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Relay, cases, groups

PROBLEM_KEYS = {"type", "title", "status", "detail", "code", "retryable", "requestId"}
CASE, AGENT = "5005g00000ABCdeAAH", "0055g00000ABCdeAAH"
"""Well-formed ids that no org has: for requests that must not get as far as asking."""
BODIES: dict[str, Json] = {
    "/createticket": {"userId": "alice", "caseInfo": {"subject": "It broke"}},
    "/usersig": {"userId": "alice"},
    "/joingroup": {"groupId": CASE, "userId": AGENT},
    "/leavegroup": {"groupId": CASE, "userId": AGENT},
    "/deletegroup": {"groupId": CASE},
    "/history": {"groupId": CASE},
}
"""A good body for each route that takes one."""


@dataclass(frozen=True)
class Operation:
    """A route of the OpenAPI document. callers: "app", "org", both, or "tencent"; none for what is open to all."""

    method: str
    path: str
    callers: frozenset[str]

    @property
    def url(self) -> str:
        return self.path.replace("{ticketId}", "a" * 26)


async def operations(relay: Relay) -> list[Operation]:
    """What the relay says it has."""
    paths: dict[str, dict[str, Json]] = (await relay.client.get("/openapi.json")).json()["paths"]
    return [
        Operation(method.upper(), path, frozenset(name for choice in operation["security"] for name in choice))
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]


async def ask(relay: Relay, operation: Operation, headers: dict[str, str] | None = None) -> httpx.Response:
    """The operation with a good body."""
    body = BODIES.get(operation.path) if operation.method == "POST" else None
    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return await relay.client.request(operation.method, operation.url, json=body, headers=raw)


def assert_problem(answer: httpx.Response, status: int, title: str | None = None, *named: str) -> Json:
    """The answer is a problem document as the contract has it; named: what its detail must speak of."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    assert answer.headers["content-type"] == "application/problem+json"
    problem: Json = answer.json()
    assert problem.keys() >= PROBLEM_KEYS
    assert problem["status"] == status
    assert problem["requestId"] == answer.headers["x-request-id"]
    assert all(isinstance(problem[name], str) and problem[name] for name in ("type", "title", "detail", "code"))
    assert isinstance(problem["retryable"], bool)
    assert title in (None, problem["title"])
    assert [word for word in named if word not in problem["detail"]] == [], problem["detail"]
    return problem


def calls(sandbox: Sandbox) -> list[str]:
    """Every call that a vendor has taken, as "POST /path"."""
    journals = (sandbox.salesforce_control.journal, sandbox.tencent_control.journal)
    return [
        f"{call['method']} {call['path']}" for one in journals for call in one.entries() if call["direction"] == "in"
    ]


def accounts(sandbox: Sandbox) -> set[str]:
    """Who is known to the chat, the admin aside."""
    return {name for name in sandbox.tencent.chat.accounts if name != sandbox.tencent.admin_id}


@contextmanager
def untouched(sandbox: Sandbox) -> Iterator[None]:
    """No vendor is called meanwhile, and nothing is made."""
    before = (calls(sandbox), accounts(sandbox), cases(sandbox), groups(sandbox))
    yield
    assert (calls(sandbox), accounts(sandbox), cases(sandbox), groups(sandbox)) == before
