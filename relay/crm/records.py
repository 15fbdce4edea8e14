"""What is read and written at leisure, through simple-salesforce: describe, SOQL, files.

The library is fenced in. It never logs in (its own login drops headers and repeats without end), its session has
timeouts (it sets none: https://github.com/simple-salesforce/simple-salesforce/issues/148), and it runs in a few
threads of its own. REQUESTS_CA_BUNDLE and HTTPS_PROXY work as with requests everywhere.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import requests

from relay.crm import codes
from relay.crm.connection import OrgConnection
from relay.crm.fence import THREADS, failure_of, limited_session
from relay.crm.login import AccessToken
from relay.errors import CrmError, CrmOutcomeUnknown
from relay.retry import LANDING, Patience

if TYPE_CHECKING:  # at run time it is imported on first use: that takes a quarter of a second
    from simple_salesforce.api import Salesforce, SFType

T = TypeVar("T")
Record = dict[str, Any]
Work = Callable[["Salesforce"], T]

_NEXT_PAGE = re.compile(r"/services/data/v[\d.]+/query(?:All)?/[\w-]+")
_ESCAPES = str.maketrans({"\\": r"\\", "'": r"\'", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


class Records:
    """Records of one org.

    api_version: as in SALESFORCE_API_VERSION, 67.0.
    session: what carries the requests, with timeouts of its own. longest: seconds that a method may take at most.
    Every method raises CrmError.
    """

    def __init__(
        self,
        connection: OrgConnection,
        *,
        api_version: str,
        patience: Patience,
        session: requests.Session | None = None,
        longest: float = 120.0,
    ) -> None:
        self._connection = connection
        self._api_version = api_version
        self._patience = patience
        self._longest = longest
        self._session = session or limited_session()
        self._session.hooks["response"].append(lambda answer, **_: connection.note(answer.headers))
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="salesforce")

    async def describe_case(self) -> Record:
        """What the relay's user sees of the object Case: its fields, with their lengths and values."""
        description: Record = await self.work(lambda org: sobject(org, "Case").describe())
        return description

    async def query(self, soql: str, *, most: int = 10_000, deleted: bool = False) -> list[Record]:
        """The records a query finds, all its pages, but no more than `most`. Values in it go through `quoted`.

        deleted: those in the recycle bin too.
        """
        return await self.work(lambda org: all_pages(org, soql, most, deleted))

    async def attach_file_once(
        self, case_id: str, title: str, data: bytes, *, path: str | None = None, loser: str | None = None
    ) -> str:
        """Attach a file of up to 25 MB to the Case, if it has none of this title yet; its id. May be repeated.

        path: its name, if it is no text. loser: a Case that lost a merge to this one, which got its files.
        """
        places = [case_id, loser or case_id]
        return await self.write_once(
            lambda org: _find_file(org, places, title), lambda org: _write_file(org, case_id, title, data, path)
        )

    async def write_once(self, find: Work[T | None], write: Work[T]) -> T:
        """What is found, else what is written. May be repeated: what may be on its way is not looked for too early."""

        async def attempt() -> T:
            try:
                return await self._ask(lambda org: find(org) or write(org))
            except CrmError as error:
                if error.may_be_done:
                    error.retry_after = max(error.retry_after or 0.0, LANDING)
                raise

        return await self._patience.call(attempt)

    async def work(self, work: Work[T]) -> T:
        """What is done with the org in one of our threads; it must be something that may be repeated."""
        return await self._patience.call(lambda: self._ask(work))

    async def comment_once(self, case_id: str, text: str) -> None:
        """Put a comment for staff on the Case if it has none of this text yet; may be repeated."""
        await self.write_once(
            lambda org: _has_comment(org, case_id, text), lambda org: _write_comment(org, case_id, text)
        )

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._session.close()

    async def _ask(self, work: Work[T]) -> T:
        """Do the work in a thread, and once more if the session had ended."""
        token = await self._connection.token()
        outcome = await self._in_thread(work, token)
        if isinstance(outcome, CrmError) and outcome.vendor_code == codes.EXPIRED:
            token = await self._connection.renew(token)
            outcome = await self._in_thread(work, token)
        if isinstance(outcome, CrmError):
            if outcome.vendor_code == codes.EXPIRED:
                self._connection.reject(token, outcome)
            raise outcome
        return outcome

    async def _in_thread(self, work: Work[T], token: AccessToken) -> T | CrmError:
        """The work's result or its failure; handed over as a value, so that no traceback reaches back to the token."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._longest):
                return await loop.run_in_executor(self._pool, self._attempt, work, token)
        except TimeoutError:
            return CrmOutcomeUnknown("Salesforce took too long to answer")

    def _attempt(self, work: Work[T], token: AccessToken) -> T | CrmError:
        from simple_salesforce.api import Salesforce  # noqa: PLC0415
        from simple_salesforce.exceptions import SalesforceError  # noqa: PLC0415

        org = Salesforce(
            instance_url=token.instance_url,
            session_id=token.value,
            session=self._session,
            version=self._api_version,
        )
        try:
            return work(org)
        except (SalesforceError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            return failure_of(error, self._connection.limit_info)


def quoted(text: str) -> str:
    """The text as a string of SOQL.

    https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm
    """
    return f"'{text.translate(_ESCAPES)}'"


def sobject(org: Salesforce, name: str) -> SFType:
    """One object of the org. Made without `salesforce=`, so that the library cannot repeat a request by itself."""
    from simple_salesforce.api import SFType  # noqa: PLC0415

    return SFType(name, org.session_id, org.sf_instance, sf_version=org.sf_version, session=org.session)


def all_pages(org: Salesforce, soql: str, most: int, deleted: bool = False) -> list[Record]:
    page = org.query(soql, include_deleted=deleted)
    found: list[Record] = list(page["records"])
    while not page["done"] and len(found) < most:
        place = page["nextRecordsUrl"]
        if not _NEXT_PAGE.fullmatch(place):  # it is put behind the host's name and gets the token
            raise ValueError(place)
        page = org.query_more(place, identifier_is_url=True)
        found += page["records"]
    return found[:most]


def _find_file(org: Salesforce, places: Sequence[str], title: str) -> str | None:
    """A merge leaves the place where a file was published first."""
    published = f"FirstPublishLocationId IN ({', '.join(map(quoted, places))})"
    soql = f"SELECT Id FROM ContentVersion WHERE {published} AND Title = {quoted(title)}"  # noqa: S608
    found = all_pages(org, soql, 1)
    return str(found[0]["Id"]) if found else None


def _write_file(org: Salesforce, case_id: str, title: str, data: bytes, path: str | None = None) -> str:
    """https://developer.salesforce.com/docs/platform/api-rest/guide/dome-sobject-insert-update-blob.html"""
    made = sobject(org, "ContentVersion").create(
        {
            "Title": title,
            "PathOnClient": path or f"{title}.txt",
            "VersionData": base64.b64encode(data).decode("ascii"),
            "FirstPublishLocationId": case_id,
        }
    )
    return str(made["id"])


def _has_comment(org: Salesforce, case_id: str, text: str) -> bool:
    """SOQL cannot compare a comment's text; Salesforce may change the ends of lines and drop blanks at the end."""
    soql = f"SELECT CommentBody FROM CaseComment WHERE ParentId = {quoted(case_id)}"  # noqa: S608
    wanted = text.split()
    return any(str(row["CommentBody"] or "").split() == wanted for row in all_pages(org, soql, 10_000))


def _write_comment(org: Salesforce, case_id: str, text: str) -> bool:
    sobject(org, "CaseComment").create({"ParentId": case_id, "CommentBody": text, "IsPublished": False})
    return True
