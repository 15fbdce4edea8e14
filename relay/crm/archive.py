"""Salesforce as the place where what was said is kept: files on the Case, posts in its feed.

https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-feeditem.html
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from relay import ids
from relay.crm.records import Records, all_pages, quoted, sobject
from relay.errors import CrmMisconfigured, CrmNonsense

if TYPE_CHECKING:
    from simple_salesforce.api import Salesforce

log = logging.getLogger(__name__)

_TOGETHER = 200


class CaseArchive:
    """The port Archive, in one org."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._has_feed = True

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

    async def save_file(self, case_id: str, title: str, path: str, data: bytes, *, origin: str) -> None:
        """Attach the file to the Case, if it has none of this title; may be repeated. path: with its extension.

        origin: the Case that it is about, which may have got it before it lost a merge to this one.
        """
        await self._records.attach_file_once(case_id, title, data, path=path, loser=origin)

    async def post_once(self, case_id: str, mark: str, text: str) -> None:
        """Put the text, which begins with the mark, into the Case's feed; may be repeated. Not every org has feeds."""
        if not self._has_feed:
            return
        try:
            await self._records.write_once(
                lambda org: _has_post(org, case_id, mark), lambda org: _write_post(org, case_id, text)
            )
        except CrmMisconfigured as error:
            if error.vendor_code != "INVALID_TYPE":
                raise
            self._has_feed = False
            log.warning("The org has no feeds on Cases (%s): transcripts are files only.", error.vendor_code)


def _has_post(org: Salesforce, case_id: str, mark: str) -> bool:
    """SOQL cannot look for a text in Body; Salesforce may keep it as HTML, of which the mark needs none."""
    soql = f"SELECT Body FROM FeedItem WHERE ParentId = {quoted(case_id)} AND Type = 'TextPost'"  # noqa: S608
    return any(mark in str(row["Body"] or "") for row in all_pages(org, soql, 10_000))


def _write_post(org: Salesforce, case_id: str, text: str) -> bool:
    post = {"ParentId": case_id, "Body": text, "Type": "TextPost", "Visibility": "InternalUsers"}
    sobject(org, "FeedItem").create(post)
    return True
