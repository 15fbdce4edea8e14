"""Which org this relay serves: a sandbox copied from production keeps its record ids, so ids alone do not tell."""

from __future__ import annotations

from relay.errors import CrmError, Forbidden
from relay.ports import Crm, Store


class OurOrg:
    """The org that the relay is logged in to, known even while Salesforce is away.

    login_url: tells apart the orgs that one ledger may have served.
    """

    def __init__(self, crm: Crm, store: Store, *, login_url: str) -> None:
        self._crm, self._store = crm, store
        self._note = f"org id of {login_url}"
        self._org_id: str | None = None

    async def check(self, org_id: str | None) -> None:
        """Raise Forbidden if another org is named, CrmError if ours was never known. None: nothing to check."""
        if org_id is not None and org_id != await self._ours():
            message = "is not the org that this relay is logged in to: point the Named Credential at that org's relay"
            raise Forbidden(f"orgId {message}", fields=(("orgId", message),))

    async def _ours(self) -> str:
        if self._org_id is None:
            try:
                self._org_id = await self._crm.org_id()
                await self._store.remember(self._note, self._org_id)
            except CrmError:
                remembered = await self._store.recall(self._note)
                if remembered is None:
                    raise
                return remembered
        return self._org_id
