"""Salesforce as the place where what was said is kept: names of agents for now."""

from __future__ import annotations

from collections.abc import Sequence

from relay import ids
from relay.crm.records import Records, quoted
from relay.errors import CrmNonsense

_TOGETHER = 200


class CaseArchive:
    """The port Archive, in one org."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def user_names(self, user_ids: Sequence[str]) -> dict[str, str]:
        """The names of those Users whom Salesforce knows."""
        found: dict[str, str] = {}
        for start in range(0, len(user_ids), _TOGETHER):
            some = ", ".join(map(quoted, user_ids[start : start + _TOGETHER]))
            rows = await self._records.query(f"SELECT Id, Name FROM User WHERE Id IN ({some})")  # noqa: S608
            try:
                found |= {ids.to_18(str(row["Id"]), ids.USER): str(row["Name"]) for row in rows if row.get("Name")}
            except (KeyError, ValueError):
                raise CrmNonsense("Salesforce's answer about Users cannot be read") from None
        return found
