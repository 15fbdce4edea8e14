"""A Salesforce org for trying the relay: OAuth, the REST data API and SOAP login over real state.

It runs Apex if some is deployed to it (`sandbox.apex`). It does not imitate: sharing and profiles for API users (each
sees and changes every record; only field-level security of Case fields can be taken away), page layouts, workflow and
flows, duplicate rules, record types, person accounts, currencies and translations, the Bulk, Metadata, Tooling,
Streaming and UI APIs, the browser's login pages and the authorization-code exchange, XML bodies, SOAP calls other than
login(), concurrent-request and burst limits, time outs, the recycle bin's expiry, aggregate and nested SOQL, formula
and roll-up fields, CDC, platform events published or received through an API.
"""

from sandbox.salesforce.emulator import Salesforce

__all__ = ["Salesforce"]
