"""What Salesforce says of Cases now: their owners, what they are about, and whether they are closed, deleted or merged.

Deleted Cases, which a merge's losers are too, are seen by queryAll only:
https://developer.salesforce.com/docs/platform/api-rest/guide/resources-queryall.html
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from relay import ids
from relay.crm import codes
from relay.crm.fields import TICKET_FIELD
from relay.crm.records import Record, Records, quoted
from relay.errors import CrmNonsense
from relay.models import Agent, CaseState

log = logging.getLogger(__name__)

_FIELDS = ("Id", "OwnerId", "IsClosed", "IsDeleted", "SystemModstamp")
_MASTER = "MasterRecordId"
_TOGETHER = 200
"""Ids in one query: its URL stays far below the 16 KB that Salesforce takes."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CaseStates:
    """The states of Cases in one org; every method raises CrmError."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._merges = True
        self._warned = False

    async def of(self, case_ids: Sequence[str]) -> list[CaseState]:
        """These Cases, in any order; ids that Salesforce does not know, or that are none, are missing."""
        wanted = list(dict.fromkeys(case_id for case_id in map(_case_id, case_ids) if case_id is not None))
        rows: list[Record] = []
        for some in _chunks(wanted):
            rows += await self._cases(f"Id IN ({some})")
        return await self._states(rows)

    async def changed(self, since: float) -> list[CaseState]:
        """All Cases with a ticket that were changed at Unix second `since` or later, the longest unchanged first."""
        where = f"{TICKET_FIELD} != null AND SystemModstamp >= {soql_time(since)} ORDER BY SystemModstamp"
        return await self._states(await self._cases(where))

    async def deactivated(self, since: float) -> dict[str, float]:
        """The Users who are inactive and were changed at Unix second `since` or later, with when; their Cases not."""
        where = f"IsActive = false AND SystemModstamp >= {soql_time(since)}"
        rows = await self._records.query(f"SELECT Id, SystemModstamp FROM User WHERE {where}", most=sys.maxsize)  # noqa: S608
        try:
            return {ids.to_18(str(row["Id"]), ids.USER): unix_time(row["SystemModstamp"]) for row in rows}
        except (KeyError, ValueError, TypeError):
            failure = CrmNonsense("Salesforce's answer about Users cannot be read")
        raise failure

    async def subject(self, case_id: str) -> str | None:
        """What the Case is about, else its number; None if Salesforce does not know it."""
        soql = f"SELECT Subject, CaseNumber FROM Case WHERE Id = {quoted(case_id)}"  # noqa: S608
        rows = await self._records.query(soql, deleted=True)
        return str(rows[0].get("Subject") or rows[0].get("CaseNumber") or "") or None if rows else None

    async def _cases(self, where: str) -> list[Record]:
        """An org that does not show merges is asked without them from then on."""
        while True:
            merges = self._merges
            names = ", ".join((*_FIELDS, _MASTER) if merges else _FIELDS)
            try:
                soql = f"SELECT {names} FROM Case WHERE {where}"  # noqa: S608
                return await self._records.query(soql, most=sys.maxsize, deleted=True)
            except codes.FieldMissing as error:
                if not merges or _MASTER not in error.names:
                    raise
                if self._merges:
                    log.warning("The org does not show Case.%s: merged Cases look like deleted ones.", _MASTER)
                self._merges = False

    async def _states(self, rows: list[Record]) -> list[CaseState]:
        try:
            owners = {str(row["OwnerId"]) for row in rows if str(row["OwnerId"]).startswith(ids.USER)}
            agents = await self._active(sorted(ids.to_18(owner, ids.USER) for owner in owners))
            return [_state(row, agents) for row in rows]
        except (KeyError, ValueError, TypeError):
            failure = CrmNonsense("Salesforce's answer about Cases cannot be read")
        raise failure

    async def _active(self, user_ids: list[str]) -> dict[str, Agent]:
        """Those of the Users who are active; not every API version can ask a Case whether its owner is."""
        rows: list[Record] = []
        for some in _chunks(user_ids):
            rows += await self._records.query(f"SELECT Id, Name, IsActive FROM User WHERE Id IN ({some})")  # noqa: S608
        found = {ids.to_18(str(row["Id"]), ids.USER): row for row in rows}
        if len(found) < len(user_ids) and not self._warned:
            self._warned = True
            hidden = ", ".join(user_id for user_id in user_ids if user_id not in found)
            log.warning("Owners of Cases whom the run-as user may not see are in no group: %s", hidden)
        return {
            user_id: Agent(user_id, str(row["Name"]) if row.get("Name") else None)
            for user_id, row in found.items()
            if row["IsActive"] is True
        }


def unix_time(stamp: str) -> float:
    """A date and time of Salesforce's, 2026-11-20T06:43:41.123+0000, as Unix seconds."""
    moment = datetime.fromisoformat(stamp)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.timestamp()


def soql_time(seconds: float) -> str:
    """Unix seconds as SOQL has them, to the millisecond; what is finer is cut off, so that nothing is missed."""
    milliseconds = max(0, math.floor(round(seconds * 1000, 2)))  # rounded first: 0.001 * 1000 may fall short of 1
    return f"{(_EPOCH + timedelta(milliseconds=milliseconds)).isoformat(timespec='milliseconds')[:-6]}Z"


def _state(row: Record, agents: dict[str, Agent]) -> CaseState:
    owner, master = str(row["OwnerId"]), row.get(_MASTER)
    agent = agents.get(ids.to_18(owner, ids.USER)) if owner.startswith(ids.USER) else None
    return CaseState(
        case_id=ids.to_18(str(row["Id"]), ids.CASE),
        agents=(agent,) if agent else (),
        is_closed=row["IsClosed"] is True,
        is_deleted=row["IsDeleted"] is True,
        merged_into=ids.to_18(str(master), ids.CASE) if master else None,
        modstamp=unix_time(row["SystemModstamp"]),
    )


def _chunks(record_ids: list[str]) -> Iterator[str]:
    """The ids as lists for SOQL."""
    for start in range(0, len(record_ids), _TOGETHER):
        yield ", ".join(map(quoted, record_ids[start : start + _TOGETHER]))


def _case_id(text: str) -> str | None:
    try:
        return ids.to_18(text, ids.CASE)
    except ValueError:
        return None
