"""What `relay check` says about an org."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from relay.crm import SalesforceCrm, salesforce_checks
from relay.crm.fields import PATHS
from relay.crm.records import Records
from relay.models import Check
from tests.crm.conftest import Naps, SalesforceSandbox, Script, errors, scripted_crm

pytestmark = pytest.mark.anyio

TICKET = {"name": "ChatTicket__c", "createable": True, "unique": True, "externalId": True, "caseSensitive": True}
ORIGIN = {"name": "Origin", "createable": True, "picklistValues": [{"value": "Chat", "active": True}]}
VERSIONS = httpx.Response(200, json=[{"version": "66.0"}, {"version": "67.0"}])


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


async def test_a_good_org_passes(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    checks = await salesforce_checks(crm, case_fields=["Product__c"])
    assert [check for check in checks if not check.ok] == []
    login = by_name(checks)["Salesforce login"].text
    assert await crm.org_id() in login
    assert "@" in login
    assert "Salesforce API usage" in by_name(checks)


async def test_a_refused_login_is_all_there_is_to_say(sandbox: SalesforceSandbox, make_crm: Any) -> None:
    [check] = [check for check in await salesforce_checks(make_crm(client_secret="wrong")) if not check.ok]
    assert check.name == "Salesforce login"
    assert "SALESFORCE_CLIENT_SECRET" in check.text


async def test_fields_the_org_does_not_have_are_named(crm: SalesforceCrm) -> None:
    checks = by_name(await salesforce_checks(crm, case_fields=["Nonsense__c", "CaseNumber"]))
    assert checks["Case field Nonsense__c"].ok is False
    assert checks["Case field CaseNumber"].ok is False


async def test_an_origin_the_org_does_not_have_is_a_warning(make_crm: Any) -> None:
    checks = by_name(await salesforce_checks(make_crm(case_origin="Carrier pigeon")))
    assert checks["Case origin"].ok is None


async def test_a_version_the_org_does_not_have_is_named(make_crm: Any) -> None:
    checks = by_name(await salesforce_checks(make_crm(api_version="99.0")))
    assert checks["Salesforce API version"].ok is False
    assert "68.0" in checks["Salesforce API version"].text


class Described(Records):
    """Records of an org that describes its Case as told."""

    def __init__(self, *fields: dict[str, Any]) -> None:
        self._description = {"createable": True, "fields": list(fields)}

    async def describe_case(self) -> dict[str, Any]:
        return self._description

    async def query(
        self,
        soql: str,  # noqa: ARG002
        *,
        most: int = 10_000,  # noqa: ARG002
        deleted: bool = False,  # noqa: ARG002
    ) -> list[dict[str, Any]]:
        return []


@pytest.mark.parametrize(
    ("field", "ok", "says"),
    [
        (TICKET, True, "unique"),
        (None, False, "hidden"),
        ({**TICKET, "createable": False}, False, "permission set"),
        ({**TICKET, "unique": False}, False, "second Case"),
        ({**TICKET, "externalId": False}, False, "second Case"),
        ({**TICKET, "caseSensitive": False}, None, "lower case"),
    ],
)
async def test_the_ticket_field_must_be_as_the_relay_needs_it(
    naps: Naps, field: dict[str, Any] | None, ok: bool | None, says: str
) -> None:
    crm = scripted_crm(Script(VERSIONS), naps)
    crm.records.close()
    crm.records = Described(ORIGIN, *([field] if field else []))
    check = by_name(await salesforce_checks(crm))["Case field ChatTicket__c"]
    assert check.ok is ok
    assert says in check.text


async def test_what_the_relay_writes_and_the_run_as_user_may_not_is_named(naps: Naps) -> None:
    crm = scripted_crm(Script(VERSIONS), naps)
    crm.records.close()
    shown = [{"name": name, "createable": name != "Priority"} for name in PATHS if name not in {"Origin", "Subject"}]
    crm.records = Described(ORIGIN, TICKET, *shown)
    check = by_name(await salesforce_checks(crm))["Case fields"]
    assert check.ok is False
    assert check.text.startswith("the run-as user may not write Subject, Priority: ")


@pytest.mark.parametrize(("skew", "ok"), [(30.0, True), (-30.0, True), (400.0, False), (-400.0, False)])
async def test_a_wrong_clock_is_named(naps: Naps, skew: float, ok: bool) -> None:
    crm = scripted_crm(Script(VERSIONS), naps)
    crm.records.close()
    crm.records = Described(ORIGIN, TICKET)
    crm.connection.skew = skew
    assert by_name(await salesforce_checks(crm))["Clock"].ok is ok


async def test_requests_nearly_used_up_are_a_warning(naps: Naps) -> None:
    answer = httpx.Response(200, json=[{"version": "67.0"}], headers={"Sforce-Limit-Info": "api-usage=14000/15000"})
    crm = scripted_crm(Script(answer), naps)
    crm.records.close()
    crm.records = Described(ORIGIN, TICKET)
    assert by_name(await salesforce_checks(crm))["Salesforce API usage"].ok is None


async def test_what_keeps_a_check_from_looking_is_told(naps: Naps) -> None:
    crm = scripted_crm(Script(errors(403, ("API_DISABLED_FOR_ORG", "x"))), naps)
    crm.records.close()
    crm.records = Described(ORIGIN, TICKET)
    check = by_name(await salesforce_checks(crm))["Salesforce API version"]
    assert check.ok is False
    assert "API_DISABLED_FOR_ORG" in check.text


async def test_whether_transcripts_can_be_written_is_looked_at(crm: SalesforceCrm) -> None:
    check = by_name(await salesforce_checks(crm, transcripts=True))["Transcripts"]
    assert (check.ok, check.text) == (True, "can be written as Files and posts")
    assert "Transcripts" not in by_name(await salesforce_checks(crm))
