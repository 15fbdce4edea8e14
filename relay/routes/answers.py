"""What the routes answer, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class Login(BaseModel):
    """A login to the chat. expiresAt: Unix seconds."""

    sdkAppId: int
    userId: str
    userSig: str
    expiresAt: int


class _Done(BaseModel):
    ActionStatus: Literal["OK"]
    ErrorCode: Literal[0]
    ErrorInfo: str
    GroupId: str


class OpenTicket(_Done):
    """A ticket whose Case and group exist; the group's id is the Case's."""

    caseId: str
    ticketId: str
    chat: Login


class Pending(BaseModel):
    """A ticket that is still being opened."""

    ticketId: str
    status: Literal["pending"]
    caseId: str | None = None


class MemberChanged(_Done):
    """The User is in the group, or out of it."""

    userId: str


class GroupDeleted(_Done):
    """The group is gone."""


class Queued(BaseModel):
    """It is stored and will be done."""

    status: Literal["queued"]


class CaseResult(BaseModel):
    """What became of one state. stale: older than one already seen. unknown: no ticket claims the Case yet."""

    caseId: object
    status: Literal["accepted", "stale", "unknown", "invalid"]
    detail: str | None = None


class CasesAccepted(BaseModel):
    """accepted: how many were."""

    accepted: int
    results: list[CaseResult]


class Said(BaseModel):
    """A message. elements: as Tencent Chat has them. time: Unix seconds. recalled: it was withdrawn."""

    seq: int
    sender: str = Field(alias="from")
    name: str | None = None
    time: int
    elements: list[dict[str, Any]]
    edited: bool = False
    recalled: bool = False


class Excerpt(BaseModel):
    """What was said in a group, ascending by seq. complete: nothing older is missing."""

    messages: list[Said]
    complete: bool


class Taken(BaseModel):
    """What Tencent wants to hear."""

    ActionStatus: Literal["OK"]
    ErrorInfo: str
    ErrorCode: Literal[0]


class FieldProblem(BaseModel):
    """What is wrong with a field. field: its path, with dots."""

    field: str
    message: str


class Problem(BaseModel):
    """An RFC 9457 problem document. vendorCode: what Salesforce or Tencent called it. checks: of /readyz."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    requestId: str
    caseId: str | None = None
    vendorCode: str | int | None = None
    errors: list[FieldProblem] = Field(default_factory=list)
    checks: dict[str, str] = Field(default_factory=dict)


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"]


class Readiness(BaseModel):
    """What was asked, and "ok" for each."""

    status: Literal["ready"]
    checks: dict[str, str]
