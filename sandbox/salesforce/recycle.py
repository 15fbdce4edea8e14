"""Cases taken out of the recycle bin, and Cases merged."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.salesforce import children, dml
from sandbox.salesforce.errors import refuse
from sandbox.salesforce.objects import CASE
from sandbox.salesforce.org import Acting, Org

MOST_LOSERS = 2


def undelete(org: Org, case_ids: Sequence[str], acting: Acting) -> None:
    with org.transaction():
        dml.perform(org, "undelete", [dml.Item(CASE, {}, case_id) for case_id in case_ids], acting)


def merge(org: Org, master_id: str, loser_ids: Sequence[str], acting: Acting) -> None:
    """The losers' comments, feed and files move to the master; the losers are deleted and point at it.

    https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_merge.htm
    """
    if not 1 <= len(loser_ids) <= MOST_LOSERS or master_id in loser_ids:
        raise refuse("INVALID_NUM_OF_ARGS", "A merge takes one master and one or two other records")
    with org.transaction():
        dml.existing(org, CASE, master_id)
        for loser_id in loser_ids:
            dml.existing(org, CASE, loser_id)
            children.move(org, loser_id, master_id)
        losers = [dml.Item(CASE, {"MasterRecordId": master_id}, loser_id) for loser_id in loser_ids]
        dml.perform(org, "delete", losers, acting)
        dml.update(org, CASE, master_id, {}, acting)
