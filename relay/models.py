"""What the rooms hand to each other: a Case's content, a ticket, a command to a group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

FieldValue = StrictStr | StrictBool | StrictInt | StrictFloat | None


def _email(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if text and not (at and local and "." in domain.strip(".") and not any(c.isspace() for c in text)):
        raise ValueError("is not an e-mail address")
    return text


class CaseInfo(BaseModel):
    """What the end user says about the ticket; becomes the Case."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)

    subject: Annotated[StrictStr, Field(min_length=1, description="becomes the Case's Subject")]
    desc: Annotated[StrictStr | None, Field(description="becomes the Case's Description")] = None
    name: Annotated[StrictStr | None, Field(description="the person's name, SuppliedName")] = None
    email: Annotated[
        StrictStr | None, AfterValidator(lambda text: text and _email(text)), Field(description="SuppliedEmail")
    ] = None
    phone: Annotated[StrictStr | None, Field(description="SuppliedPhone")] = None
    priority: Annotated[StrictStr | None, Field(description="one of the org's priorities")] = None
    origin: Annotated[
        StrictStr | None, Field(description="one of the org's origins; SALESFORCE_CASE_ORIGIN if absent")
    ] = None
    fields: Annotated[
        dict[str, FieldValue] | None, Field(description="more Case fields, of SALESFORCE_CASE_FIELDS")
    ] = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """One end user's request, as the ledger remembers it.

    state: open (being worked on), done (Case and group exist), failed (ended; problem says why).
    case_info: None once it was blanked, some days after the ticket failed or its group went.
    problem: a problem document, see RelayError.problem.
    abandoned: it was taken over from a process that let go of it without a word, so anything may have been done.
    claim: rises whenever somebody takes the ticket over; who holds an older number may no longer write.
    attempts: how often it was tried and put down again.
    """

    ticket_id: str
    user_id: str
    body_hash: str
    case_info: CaseInfo | None
    case_id: str | None
    state: Literal["open", "done", "failed"]
    problem: dict[str, object] | None
    holder: str | None
    abandoned: bool
    claim: int
    attempts: int
    created_at: float


@dataclass(frozen=True, slots=True)
class Agent:
    """A Salesforce User who works on a Case. user_id: 18 characters."""

    user_id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class CaseState:
    """What Salesforce says of a Case at one moment.

    agents: its owner if that is an active User, else none.
    merged_into: the master Case's id, of a Case that lost a merge; such a Case is also deleted.
    modstamp: its SystemModstamp, Unix seconds.
    """

    case_id: str
    agents: tuple[Agent, ...]
    is_closed: bool
    is_deleted: bool
    merged_into: str | None
    modstamp: float

    @property
    def facts(self) -> tuple[object, ...]:
        """What two states must have in common to ask for the same group: names and stamps may differ."""
        return frozenset(agent.user_id for agent in self.agents), self.is_closed, self.is_deleted, self.merged_into


@dataclass(frozen=True, slots=True)
class Room:
    """What the ledger knows of a Case's group.

    seen_at: when the relay learned of the state, Unix seconds.
    ask: two different states bore the same stamp, so Salesforce must say which holds.
    dismiss_at: when the group of the closed Case is dismissed, or was, Unix seconds. gone: the relay has dismissed it.
    customers: the end users whose tickets are this Case. refused: those whose tickets for it ended with an error; no
    group is made for them, but they may be in one that there is.
    subjects: what these tickets are about, the oldest first; empty once one of them is forgotten.
    synced, joined, left: Users the relay put in because Salesforce named them, because of /joingroup, and those
    taken out by /leavegroup while Salesforce still names them.
    """

    state: CaseState
    seen_at: float
    ask: bool
    dismiss_at: float | None
    gone: bool
    customers: frozenset[str]
    refused: frozenset[str]
    subjects: tuple[str, ...]
    synced: frozenset[str]
    joined: frozenset[str]
    left: frozenset[str]


@dataclass(frozen=True, slots=True)
class Group:
    """A group as Tencent Chat has it. owner: None if nobody owns it."""

    group_id: str
    name: str
    owner: str | None
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something promised that ended without being done.

    name: ticket-… or command-…, for `relay dead-letters`. what: what was to be done. problem: why it was not.
    content: what the end user wrote, of a ticket; None once that is forgotten.
    """

    name: str
    what: str
    case_id: str | None
    user_id: str | None
    attempts: int
    created_at: float
    problem: dict[str, object]
    content: CaseInfo | None


Verdict = Literal["accepted", "stale", "unknown"]
Why = Literal["synced", "joined", "left"]
Verb = Literal["join", "leave", "delete", "sync", "comment", "archive"]


@dataclass(frozen=True, slots=True)
class Command:
    """Something Salesforce asked to be done to a group, done in order for each group.

    user_id: the User who joins or leaves; None for delete.
    holder: the process that works on it; None while an earlier command to the same group is unfinished.
    """

    command_id: int
    verb: Verb
    group_id: str
    user_id: str | None
    holder: str | None
    claim: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at on a vendor's side.

    ok: None where it works but should be looked after.
    text: what was found, and the cure where it is needed.
    """

    name: str
    ok: bool | None
    text: str
