"""Salesforce: the login to an org, the Case of a ticket, and what Salesforce's errors mean."""

from relay.crm.archive import CaseArchive
from relay.crm.checks import salesforce_checks
from relay.crm.client import SalesforceCrm
from relay.crm.connection import OrgConnection
from relay.crm.fields import TICKET_FIELD, refused_fields
from relay.crm.grants import ClientCredentials, JwtBearer
from relay.crm.records import Records, quoted
from relay.crm.rest import TIMEOUT

__all__ = [
    "TICKET_FIELD",
    "TIMEOUT",
    "CaseArchive",
    "ClientCredentials",
    "JwtBearer",
    "OrgConnection",
    "Records",
    "SalesforceCrm",
    "quoted",
    "refused_fields",
    "salesforce_checks",
]
