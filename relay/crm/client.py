"""Salesforce as the core knows it: makes the Case of a ticket, exactly once, and tells what became of it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from urllib.parse import quote

import httpx

from relay import ids
from relay.crm import codes, fields
from relay.crm.connection import OrgConnection
from relay.crm.fields import TICKET_FIELD
from relay.crm.records import Records
from relay.crm.rest import Rest
from relay.crm.states import CaseStates
from relay.errors import (
    CrmError,
    CrmMisconfigured,
    CrmNonsense,
    CrmNotFound,
    CrmOutcomeUnknown,
    CrmRejected,
)
from relay.models import CaseInfo, CaseState, FieldValue
from relay.retry import Patience
from relay.transport import Http

log = logging.getLogger(__name__)

_WITHOUT_FIELD = 300.0
"""Seconds that the ticket field is left out after the org refused it."""
_SAY_AGAIN = 3600.0
_NEVER = float("-inf")


class SalesforceCrm:
    """The port Crm. Requests on which a customer waits go through here, everything else through `records`.

    api_version: as in SALESFORCE_API_VERSION, 67.0. case_origin: the Origin of Cases whose CaseInfo names none.
    monotonic: seconds, for what is remembered for some time only.
    """

    def __init__(
        self,
        http: Http,
        connection: OrgConnection,
        records: Records,
        *,
        api_version: str,
        case_origin: str,
        patience: Patience,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.connection = connection
        self.records = records
        self.api_version = api_version
        self.case_origin = case_origin
        self._states = CaseStates(records)
        self._rest = Rest(http, connection)
        self._patience = patience
        self._monotonic = monotonic
        self._field_missing_until = _NEVER
        self._field_missed_last_said = _NEVER

    async def create_case(self, ticket_id: str, info: CaseInfo, *, may_exist: bool = False) -> str:
        """Make the Case that carries ticket_id, or find the one made before; its 18-character id.

        The field is unique in the org, so that the request may be repeated after any failure; upsert would overwrite
        what agents have changed meanwhile. Where the org lacks the field, a failure that may have made the Case is
        final, CrmOutcomeUnknown with retryable False, and so is an earlier attempt that was cut off (may_exist).
        """
        case = fields.case_fields(info, self.case_origin)
        try:
            if self._monotonic() >= self._field_missing_until:
                try:
                    return await self._create_marked(ticket_id, case)
                except codes.FieldMissing as error:
                    self._go_on_without_field(error)
            if may_exist:
                raise _final(CrmOutcomeUnknown("An earlier attempt was cut off"))
            return await self._patience.call(lambda: self._create_unmarked(case))
        except CrmRejected as error:
            error.fields = tuple((_path(name), message) for name, message in error.fields)
            raise
        except CrmNotFound as error:
            raise self._nothing_there(error) from None

    async def save_overflow(self, case_id: str, ticket_id: str, info: CaseInfo) -> None:
        """Attach to the Case, once, whatever create_case had to cut; does nothing where all fitted."""
        text = fields.overflow_text(info)
        if text is not None:
            await self.records.attach_file_once(case_id, f"Ticket {ticket_id}, whole text", text.encode())

    async def case_states(self, case_ids: Sequence[str]) -> list[CaseState]:
        """The Cases as Salesforce has them now, deleted and merged ones too; ids that it does not know are missing."""
        return await self._states.of(case_ids)

    async def changed_cases(self, since: float) -> list[CaseState]:
        """All Cases with a ticket whose SystemModstamp is `since` (Unix seconds) or later, ascending by it.

        Deleted and merged ones too. In an org without the ticket field: CrmMisconfigured.
        """
        return await self._states.changed(since)

    async def deactivated_users(self, since: float) -> dict[str, float]:
        """The Users who are inactive and were changed at Unix second `since` or later, with when."""
        return await self._states.deactivated(since)

    async def case_subject(self, case_id: str) -> str | None:
        """What the Case is about, else its number; None if Salesforce does not know it."""
        return await self._states.subject(case_id)

    async def mark_case(self, case_id: str) -> None:
        """Let Salesforce know that the Case has a chat: a ticket field that is empty is filled."""
        place = f"/services/data/v{self.api_version}/sobjects/Case/{quote(case_id, safe='')}"
        answer = await self._patience.call(lambda: self._rest.call("GET", f"{place}?fields={TICKET_FIELD}"))
        try:
            is_marked = bool(json.loads(answer.content)[TICKET_FIELD])
        except (ValueError, KeyError, TypeError):
            raise CrmNonsense("Salesforce's answer does not tell whether the Case has a chat") from None
        if not is_marked:
            mark = _json({TICKET_FIELD: f"merged-{case_id}"})
            await self._patience.call(lambda: self._rest.call("PATCH", place, mark, auto_assign=False))

    async def comment(self, case_id: str, text: str) -> None:
        """Put a comment on the Case for staff, once; cut to what Salesforce holds."""
        await self.records.comment_once(case_id, fields.comment_text(text))

    @property
    def headroom(self) -> float:
        """The share of the org's daily API requests that is left, 0..1, as the last answer told; 1 if none has."""
        used, allowed = self.connection.api_usage or (0, 1)
        return min(1.0, max(0.0, 1 - used / allowed)) if allowed else 0.0

    async def org_id(self) -> str:
        """The 18-character id of the org that the relay is logged in to."""
        return (await self.connection.token()).org_id

    async def ping(self) -> None:
        """Raise what keeps the relay from calling Salesforce, if anything does."""
        try:
            await self._rest.call("GET", f"/services/data/v{self.api_version}/")
        except CrmNotFound as error:
            raise self._nothing_there(error) from None

    async def api_versions(self) -> list[str]:
        """The API versions that the org has, the oldest first."""
        answer = await self._rest.call("GET", "/services/data")
        try:
            return [str(row["version"]) for row in json.loads(answer.content)]
        except (ValueError, KeyError, TypeError):
            raise CrmNonsense("Salesforce's list of API versions cannot be read") from None

    async def close(self) -> None:
        self.records.close()
        await self._rest.close()

    async def _create_marked(self, ticket_id: str, case: dict[str, FieldValue]) -> str:
        """The Case with its ticket id, repeated until it is known to exist."""
        body = _json({**case, TICKET_FIELD: ticket_id})
        unsure: CrmError | None = None

        async def attempt() -> str:
            nonlocal unsure
            try:
                return await self._post_case(body)
            except codes.AlreadyExists as error:
                return await self._made_before(ticket_id, error)
            except codes.FieldMissing as error:
                if unsure and TICKET_FIELD in error.names:
                    raise _final(unsure) from None
                raise
            except CrmError as error:
                unsure = error if error.may_be_done else unsure
                raise

        return await self._patience.call(attempt)

    async def _create_unmarked(self, case: dict[str, FieldValue]) -> str:
        """The Case without its ticket id: whoever repeats that may make a second one."""
        try:
            return await self._post_case(_json(case))
        except CrmError as error:
            if error.may_be_done:
                raise _final(error) from None
            raise

    async def _post_case(self, body: bytes) -> str:
        answer = await self._rest.call("POST", f"/services/data/v{self.api_version}/sobjects/Case", body)
        return _case_id(answer, "id")

    async def _made_before(self, ticket_id: str, error: codes.AlreadyExists) -> str:
        """The id of the Case that holds the ticket id already, if that is what the error is about."""
        if error.field is not None and error.field.lower() != TICKET_FIELD.lower():
            raise error
        place = f"/services/data/v{self.api_version}/sobjects/Case/{TICKET_FIELD}/{quote(ticket_id, safe='')}?fields=Id"
        try:
            return _case_id(await self._rest.call("GET", place), "Id")
        except (CrmNotFound, codes.FieldMissing):  # the record is not visible to the run-as user, or the field is not
            if error.field is None or error.record_id is None:
                raise error from None
            return _checked(error.record_id)

    def _go_on_without_field(self, error: codes.FieldMissing) -> None:
        """Leave the ticket field out for some minutes, if it is the one that is missing."""
        if TICKET_FIELD not in error.names:
            raise error
        now = self._monotonic()
        self._field_missing_until = now + _WITHOUT_FIELD
        if now - self._field_missed_last_said >= _SAY_AGAIN:
            self._field_missed_last_said = now
            log.warning(
                "The org has no field Case.%s that the relay's user may write (%s). Cases are made without it, so that "
                "a ticket whose outcome is unknown ends as failed. Make the field and give the relay's user a "
                "permission set that may write it: README, A real org, steps 1 and 2.",
                TICKET_FIELD,
                error.vendor_code,
            )

    def _nothing_there(self, error: CrmNotFound) -> CrmMisconfigured:
        return CrmMisconfigured(
            f"The org knows no Cases under API version {self.api_version}: it may be older than "
            "SALESFORCE_API_VERSION, or the run-as user has no access to Cases",
            vendor_code=error.vendor_code,
        )


def _final(error: CrmError) -> CrmOutcomeUnknown:
    """Nobody knows whether the Case was made, and repeating might make another."""
    final = CrmOutcomeUnknown(
        f"The Case may have been made or not. It is not tried again, because the org lacks Case.{TICKET_FIELD}, "
        "by which a second one is avoided: look for the Case, then replay the ticket or drop it",
        vendor_code=error.vendor_code,
    )
    final.retryable = False
    final.operator_detail = error.detail
    return final


def _case_id(answer: httpx.Response, key: str) -> str:
    try:
        return _checked(json.loads(answer.content)[key])
    except (ValueError, KeyError, TypeError):
        raise CrmNonsense("Salesforce's answer holds no Case id") from None


def _checked(case_id: object) -> str:
    try:
        return ids.to_18(str(case_id), ids.CASE)
    except ValueError:
        raise CrmNonsense("Salesforce's answer holds no Case id") from None


def _json(case: dict[str, FieldValue]) -> bytes:
    return json.dumps(case, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _path(name: str) -> str:
    return fields.PATHS.get(name, f"caseInfo.fields.{name}")
