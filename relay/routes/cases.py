"""The org's Apex: the states of Cases, up to 200 at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictStr, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relay.auth import Callers
from relay.case_states import CaseStates
from relay.models import Agent, CaseState
from relay.routes.bodies import AgentId, CaseId, OrgId, bad_fields, read_body
from relay.routes.groups import OrgCheck

_MOST = 200
LIMIT = 1024 * 1024
"""Bytes of a body."""


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be an ISO 8601 moment, like 2026-11-20T06:43:41.000Z") from None
    if moment.tzinfo is None:
        raise ValueError("must name its offset, Z or +0000")
    return text


class AgentOfCase(BaseModel):
    """An agent who works on the Case."""

    id: AgentId
    name: StrictStr | None = None


class StateOfCase(BaseModel):
    """A Case as Salesforce has it. agents: its owner if that is an active User, else none."""

    model_config = ConfigDict(frozen=True)

    caseId: CaseId
    agents: Annotated[list[AgentOfCase], Field(max_length=20)]
    isClosed: StrictBool
    isDeleted: StrictBool
    mergedInto: CaseId | None = None
    modstamp: Annotated[
        StrictStr, AfterValidator(_moment), Field(description="SystemModstamp, ISO 8601 with Z or +0000")
    ]

    def state(self) -> CaseState:
        agents = tuple(Agent(agent.id, agent.name) for agent in self.agents)
        modstamp = datetime.fromisoformat(self.modstamp).timestamp()
        return CaseState(self.caseId, agents, self.isClosed, self.isDeleted, self.mergedInto, modstamp)


class SyncCases(BaseModel):
    """States of Cases. Each is judged by itself: one that is malformed does not sink the others."""

    orgId: OrgId
    cases: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=_MOST)]


class CaseRoutes:
    """POST /synccases."""

    def __init__(self, callers: Callers, case_states: CaseStates, check_org: OrgCheck) -> None:
        self._callers, self._case_states, self._check_org = callers, case_states, check_org
        self.routes = [Route("/synccases", self.synccases, methods=["POST"])]

    async def synccases(self, request: Request) -> Response:
        await self._callers.org(request.headers.get("authorization"))
        batch = await read_body(request, SyncCases, limit=LIMIT)
        await self._check_org(batch.orgId)
        read = [_read(entry) for entry in batch.cases]
        verdicts = iter(await self._case_states.accept([state for state in read if isinstance(state, CaseState)]))
        results = [
            {"caseId": state.case_id, "status": next(verdicts)} if isinstance(state, CaseState) else state
            for state in read
        ]
        accepted = sum(result["status"] == "accepted" for result in results)
        return JSONResponse({"accepted": accepted, "results": results}, 202)


def _read(entry: dict[str, Any]) -> CaseState | dict[str, object]:
    """The state, or the result that says what is wrong with it."""
    try:
        return StateOfCase.model_validate(entry).state()
    except ValidationError as error:
        detail = "; ".join(f"{path} {message}" for path, message in bad_fields(error))
        return {"caseId": entry.get("caseId"), "status": "invalid", "detail": detail}
